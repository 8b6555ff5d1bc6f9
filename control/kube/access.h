#pragma once
// How to reach one Kubernetes API server and who to be there. Made by kubeconfig.h, used by api.h.

#include <string>

#include "base/result.h"

namespace sluice::control::kube {

// A PEM text: inline, or in a file that is read again for every new connection, so that it can be rotated. Both may be
// empty: not given.
struct Pem {
  std::string bytes;
  std::string file;

  bool empty() const { return bytes.empty() && file.empty(); }
  bool operator==(const Pem&) const = default;
};

enum class Verify : unsigned char { kPeer, kNothing };  // kNothing: insecure-skip-tls-verify

struct Access {
  std::string server;           // "https://192.0.2.10:6443", without a slash at the end
  std::string tls_server_name;  // What the certificate must say, when it is not the server's name.
  Verify verify = Verify::kPeer;
  Pem ca;  // Empty: the system's.
  Pem client_certificate;
  Pem client_key;
  std::string token;
  std::string token_file;  // Wins over `token`, as in client-go. Bound tokens expire: read again for every request.
  std::string proxy_url;   // Empty: none, whatever the environment says.

  // The token to send now; empty when there is none.
  base::Result<std::string> bearer_token() const;
  bool operator==(const Access&) const = default;
};

// Whether both are known to lead to one API server: at the same address, and nothing tells them apart that goes before
// an answer (proxy, name in the certificate, authorities).
bool is_same_server(const Access& one, const Access& other);

}  // namespace sluice::control::kube
