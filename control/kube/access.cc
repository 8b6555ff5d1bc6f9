#include "control/kube/access.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

#include <curl/curl.h>

#include "control/kube/file.h"

namespace sluice::control::kube {
namespace {

void trim_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
}

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string result = text;
  curl_free(text);
  return result;
}

// One text for all ways to write an address: "https://API.example" → "https api.example 443 /".
std::string canonical_server(const std::string& server) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url{curl_url(), &curl_url_cleanup};
  if (url == nullptr || curl_url_set(url.get(), CURLUPART_URL, server.c_str(), 0) != CURLUE_OK) return server;
  std::string host = part_of(url.get(), CURLUPART_HOST);
  std::ranges::transform(host, host.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return part_of(url.get(), CURLUPART_SCHEME) + " " + host + " " + part_of(url.get(), CURLUPART_PORT) + " " +
         part_of(url.get(), CURLUPART_PATH);
}

// None when it is not given or cannot be read now.
std::optional<std::string> text_of(const Pem& pem) {
  if (pem.empty()) return std::nullopt;
  std::string text = pem.bytes;
  if (text.empty()) {
    auto content = read_file(pem.file);
    if (!content) return std::nullopt;
    text = std::move(*content);
  }
  trim_end(text);
  return text;
}

}  // namespace

base::Result<std::string> Access::bearer_token() const {
  if (token_file.empty()) return token;
  auto text = read_file(token_file);
  if (!text) return base::fail("token file: " + text.message());
  trim_end(*text);
  if (text->empty()) return base::fail("token file: " + token_file + " is empty");
  // It becomes a header: nothing in it may end the line.
  if (text->find_first_of("\r\n") != std::string::npos) {
    return base::fail("token file: " + token_file + " has more than one line");
  }
  return *text;
}

bool is_same_server(const Access& one, const Access& other) {
  if (canonical_server(one.server) != canonical_server(other.server)) return false;
  if (one.proxy_url != other.proxy_url || one.tls_server_name != other.tls_server_name) return false;
  const auto ca = text_of(one.ca), other_ca = text_of(other.ca);
  return !ca || !other_ca || *ca == *other_ca;
}

}  // namespace sluice::control::kube
