#pragma once
// Three ways to say how to reach an API server: a kubeconfig file, the service account of the pod that we run in, or
// server, CA and token given one by one. Each makes an Access or a sentence that names file and key.
//
// Of kubeconfigs everything is understood but exec and auth-provider plugins and passwords, which are refused. Files
// that a kubeconfig names are looked for beside it, and must exist now; they are read again when they are used.

#include <string>

#include "base/result.h"
#include "control/kube/access.h"

namespace sluice::control::kube {

// `context` may be empty: the file's current-context.
base::Result<Access> load_kubeconfig(const std::string& file, const std::string& context);

struct ServiceAccount {
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";  // With ca.crt and token.
  std::string host;                                                      // KUBERNETES_SERVICE_HOST
  std::string port;                                                      // KUBERNETES_SERVICE_PORT

  static ServiceAccount from_environment();
};
base::Result<Access> in_cluster_access(const ServiceAccount& account);

struct ServerAddress {
  std::string server;   // "https://192.0.2.10:6443"
  std::string ca_file;  // May be empty: the system's authorities.
  std::string token_file;
};
base::Result<Access> server_access(const ServerAddress& address);

}  // namespace sluice::control::kube
