#include "control/kube/curl_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string_view>

namespace sluice::control::kube {
namespace {

// A peer that vanished without a word is noticed within half a minute, whether we wait for it or send to it.
constexpr int kKeepAliveIdleS = 15;
constexpr int kKeepAliveIntervalS = 5;
constexpr int kKeepAliveProbes = 3;
constexpr int kUserTimeoutMs = 30'000;

int tune_socket(void*, curl_socket_t fd, curlsocktype) {
  const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleS);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalS);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  return CURL_SOCKOPT_OK;
}

void set_pem(CURL* easy, const Pem& pem, CURLoption file_option, CURLoption blob_option) {
  if (!pem.file.empty()) {
    curl_easy_setopt(easy, file_option, pem.file.c_str());
  } else if (!pem.bytes.empty()) {
    // curl copies what it is given; its type is not const because it need not.
    curl_blob blob{const_cast<char*>(pem.bytes.data()), pem.bytes.size(), CURL_BLOB_COPY};
    curl_easy_setopt(easy, blob_option, &blob);
  }
}

}  // namespace

Target target_of(const Access& access, const std::string& path) {
  if (access.tls_server_name.empty()) return {access.server + path, {}};
  const auto host_begin = access.server.find("://") + 3;
  auto host = access.server.substr(host_begin, access.server.find('/', host_begin) - host_begin);
  const auto rest = access.server.substr(host_begin + host.size());
  const auto colon = host.rfind(':');
  const bool has_port = colon != std::string::npos && host.find(']', colon) == std::string::npos;
  const auto port = has_port ? host.substr(colon) : ":443";
  if (!has_port) host += port;
  return {"https://" + access.tls_server_name + port + rest + path, "::" + host};
}

void set_connection(CURL* easy, const Access& access) {
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_PROXY, access.proxy_url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // Else a look-up that timed out is waited for, by us.
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "sluice");
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &tune_socket);
}

void set_tls(CURL* easy, const Access& access) {
  const long verify = access.verify == Verify::kPeer ? 1 : 0;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2);
  if (!access.ca.empty()) {
    set_pem(easy, access.ca, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB);
    // Only this authority counts, not also the system's; and it may be replaced while we run.
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  }
  set_pem(easy, access.client_certificate, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB);
  set_pem(easy, access.client_key, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB);
}

void set_method(CURL* easy, const HttpRequest& request) {
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
}

}  // namespace sluice::control::kube
