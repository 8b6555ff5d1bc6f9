#pragma once
// Sets up one curl transfer: where to, with what credentials, how. For http.cc only.

#include <string>

#include <curl/curl.h>

#include "control/kube/access.h"
#include "control/kube/http.h"

namespace sluice::control::kube {

struct Target {
  std::string url;
  // "::192.0.2.10:6443" where the certificate says another name than the server's address does; else empty.
  std::string connect_to;
};
Target target_of(const Access& access, const std::string& path);

void set_connection(CURL* easy, const Access& access);
void set_tls(CURL* easy, const Access& access);
// Method, body and times. `request` outlives the transfer.
void set_method(CURL* easy, const HttpRequest& request);

}  // namespace sluice::control::kube
