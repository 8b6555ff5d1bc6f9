#pragma once
// Why a packet goes where it goes: the data path's decisions for a client's first packet, retold from the same snapshot
// with the same functions. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/affinity_table.h"
#include "dataplane/snapshot.h"
#include "dataplane/verdict.h"
#include "net/flow_key.h"

namespace sluice::control {

struct ExplainedFlow {
  struct Step {
    std::string step;  // As the pipeline calls it: "classify", "admit", "steer", "rewrite", "refuse".
    std::string sentence;
  };
  std::vector<Step> steps;
  dataplane::Verdict verdict{};
  std::optional<dataplane::Verdict> instead_of;  // The drop that a refusal is the answer to.
  std::optional<std::uint32_t> service;          // Id in the snapshot.
  unsigned slot = 0;
  unsigned slots = 0;
  std::optional<net::IpAddress> node;  // The chosen one.
  net::Be16 node_port;                 // Meaningful with a service.
  std::vector<net::IpAddress> snat;    // One of these it will come from, with a port that nobody knows before.
};

// What workers remember of clients (sessionAffinity: ClientIP) goes before the client's hash.
struct RememberedClients {
  const dataplane::AffinityTable* table = nullptr;  // Null: nobody is asked.
  nat::Tick now = 0;
};

// `port_names` by index of the dataplane port.
template <typename Family>
ExplainedFlow explain_flow(const dataplane::Snapshot& snapshot, const net::FlowKey<Family>& key,
                           const std::vector<std::string>& port_names, const RememberedClients& remembered = {});

}  // namespace sluice::control
