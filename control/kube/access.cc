#include "control/kube/access.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "control/kube/file.h"
#include "net/address.h"

namespace sluice::control::kube {
namespace {

void trim_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
}

// "[2001:DB8::0:1]" → "2001:db8::1", and names in lower case.
std::string canonical_host(std::string host) {
  std::ranges::transform(host, host.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (host.empty() || host.front() != '[' || host.back() != ']') return host;
  const auto address = net::IpAddress::parse(host.substr(1, host.size() - 2));
  return address ? address->to_string() : host;
}

// One text for all ways to write an address: "https://API.example" → "https://api.example 443".
std::string canonical_server(const std::string& server) {
  const auto scheme_end = server.find("://");
  if (scheme_end == std::string::npos) return server;
  const auto begin = scheme_end + 3, end = std::min(server.find('/', begin), server.size());
  const std::string authority = server.substr(begin, end - begin);
  const auto host_end = std::min(authority.find(':', authority.find(']') + 1), authority.size());  // npos + 1 is 0.
  const bool has_port = host_end + 1 < authority.size();
  const std::string scheme = server.substr(0, begin);
  const std::string port = has_port ? authority.substr(host_end + 1) : scheme == "https://" ? "443" : "80";
  return scheme + canonical_host(authority.substr(0, host_end)) + " " + port + server.substr(end);
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
