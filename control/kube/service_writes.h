#pragma once
// Which writes bring a Service's finalizers and status to what we want: a pure function, the heart of writer.h.
//
// Rules (KUBERNETES.md 2.2, 2.3): finalizers come first and only on an object that is not being deleted; status is
// patched only where it differs in meaning; the ingress list is always written whole; finalizers go after the data path
// has let go of the address; no address is ever written on a Service of another type. All are strategic-merge patches
// of `/status` that name the object's uid.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/kube/objects.h"

namespace sluice::control::kube {

// What the reconciler wants said about one Service.
struct Desired {
  enum class Stage : unsigned char {
    kForeign,      // Not ours and never was: not a byte is written.
    kOurs,         // A LoadBalancer of our class: finalizers, then status.
    kTearingDown,  // Was ours, the data path still holds its address: nothing is written, finalizers stay.
    kTornDown,     // Was ours, the data path let go: finalizers, addresses and our conditions go.
  };
  Stage stage = Stage::kForeign;
  // None: leave the published addresses as they are (say, until the finalizer stands). Empty: publish none.
  std::optional<std::vector<LoadBalancerIngress>> ingress;
  // By type, "sluice.dev/Provisioned", "sluice.dev/Degraded", "LoadBalancerPortsError". Those of our domain (and that
  // one) that are not wanted are removed. Without times: they are set when a status changes.
  std::vector<Condition> conditions;

  bool operator==(const Desired&) const = default;
};

// What the server made of our last write. Old servers drop fields in silence (ipMode, ports, conditions before 1.30),
// which must not make us write the same for ever.
struct Settled {
  Desired desired;
  ServiceStatus result;
};

struct Write {
  enum class Kind : unsigned char { kAddFinalizers, kStatus, kRelease };
  Kind kind = Kind::kStatus;
  std::string body;  // JSON, a strategic-merge patch of /api/v1/namespaces/N/services/NAME/status

  bool operator==(const Write&) const = default;
};

// In the order in which to do them; empty when nothing is to be done. `now` is RFC 3339.
std::vector<Write> plan_writes(const Service& observed, const Desired& desired, const std::optional<Settled>& settled,
                               std::string_view now);

}  // namespace sluice::control::kube
