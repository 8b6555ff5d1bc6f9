// `sluice show status`: the daemon itself, its workers, its addresses, its clusters.

#include "tools/sluice/render.h"
#include "tools/sluice/table.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string clusters_of(const admin::Status& status) {
  Table table{{"CLUSTER", "SERVER", "SYNCED", "FEED", "CONNECTED", "LISTED", "STATE"}};
  for (const auto& cluster : status.clusters()) {
    const std::string synced = yes_or_no(cluster.synced());
    if (cluster.feeds().empty()) table.add({cluster.name(), cluster.server(), synced, "", "", "", ""});
    for (const auto& feed : cluster.feeds()) {
      table.add({cluster.name(), cluster.server(), synced, feed.resource(), yes_or_no(feed.connected()),
                 yes_or_no(feed.synced()), feed.sentence()});
    }
  }
  return table.empty() ? "no cluster is configured\n" : table.text();
}

std::string malformed_of(const admin::Status& status) {
  Table table{{"CLUSTER", "NOT UNDERSTOOD", "OBJECT", "WHY"}};
  for (const auto& cluster : status.clusters()) {
    for (const auto& object : cluster.malformed()) {
      table.add({cluster.name(), object.resource(), object.key(), object.sentence()});
    }
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string workers_of(const admin::Status& status) {
  Table table{{">WORKER", ">FLOWS", ">FLOWS-MAX", ">FULL", ">OPENED", ">EXPIRED", ">EVICTED", ">BUSY-TURNS"}};
  for (const auto& worker : status.workers()) {
    table.add({number(worker.number()), number(worker.flows()), number(worker.flows_max()),
               percent(worker.flows(), worker.flows_max()), number(worker.opened()), number(worker.expired()),
               number(worker.evicted()), percent(worker.busy_turns(), worker.turns())});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string snat_of(const admin::Status& status) {
  Table table{{"SNAT-ADDRESS", ">IN-USE", ">CAPACITY", ">FULL"}};
  for (const auto& usage : status.snat()) {
    table.add(
        {usage.address(), number(usage.in_use()), number(usage.capacity()), percent(usage.in_use(), usage.capacity())});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string memory_of(const admin::Status& status) {
  std::string text;
  for (const auto& line : status.memory()) text += "  " + line + "\n";
  return text.empty() ? "" : "\nmemory\n" + text;
}

}  // namespace

std::string to_text(const admin::Status& status) {
  return "sluiced " + status.version() + ", engine " + status.engine() + ", up " + duration(status.uptime_seconds()) +
         ", snapshot " + number(status.snapshot_epoch()) + "\n\n" + clusters_of(status) + malformed_of(status) +
         workers_of(status) + snat_of(status) + memory_of(status);
}

}  // namespace sluice::cli
