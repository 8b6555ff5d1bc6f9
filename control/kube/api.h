#pragma once
// Requests to one API server: an HttpClient together with an Access.

#include <functional>
#include <string>
#include <string_view>

#include "control/kube/access.h"
#include "control/kube/http.h"
#include "control/reactor.h"

namespace sluice::control::kube {

class Api {
 public:
  // Both outlive the Api.
  Api(Reactor& reactor, HttpClient& http, Access access) : reactor_{reactor}, http_{http}, access_{std::move(access)} {}

  [[nodiscard]] HttpClient::Handle send(HttpRequest request) { return http_.send(std::move(request), access_); }
  Reactor& reactor() const { return reactor_; }
  const Access& access() const { return access_; }

 private:
  Reactor& reactor_;
  HttpClient& http_;
  Access access_;
};

// "403 Forbidden: services is forbidden: User …": the status line and the message of the metav1.Status in the body, or
// what curl said when there was no answer.
std::string describe(const Response& response);

}  // namespace sluice::control::kube
