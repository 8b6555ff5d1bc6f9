#pragma once
// Brings what the reconciler wants said of Services to the API: one write in flight per Service, the newest wish wins.
//
// Tell it after every reconciliation what is wanted of every Service; it compares (service_writes.h) and does nothing
// where nothing differs. It never blocks. Failures are tried again with a growing delay; 409 and 422 mean that what we
// saw is old, and wait for the next version (or the delay); 404 ends the matter.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "control/kube/api.h"
#include "control/kube/objects.h"
#include "control/kube/pace.h"
#include "control/kube/service_writes.h"

namespace sluice::control::kube {

class ServiceWriter {
 public:
  struct Callbacks {
    // A write was accepted; `after` is what the server answered (for 404: what we last saw). May call want().
    std::function<void(const Service& after, Write::Kind kind)> on_written;
    // A write failed and will be tried again. Once per sentence, not once per try.
    std::function<void(const Service& service, const std::string& sentence)> on_failed;
  };

  // `api` outlives the writer.
  ServiceWriter(Api& api, Pace pace, Callbacks callbacks);
  ~ServiceWriter();
  ServiceWriter(const ServiceWriter&) = delete;
  ServiceWriter& operator=(const ServiceWriter&) = delete;

  // What is now wanted of `observed`, the newest version that the watch showed.
  void want(const Service& observed, Desired desired);
  // The API answers again: what waits because it did not is tried now.
  void retry_now();
  // The Service is gone: no write of it is tried again.
  void forget(const std::string& key);
  // Writes in flight or waiting; zero when the API says what we want.
  std::size_t pending() const;

 private:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  void step(const EntryPtr& entry);
  void send(const EntryPtr& entry, Write write);
  void finish(const EntryPtr& entry, const Write& write, const Response& response);
  void accept(const EntryPtr& entry, const Write& write, const Response& response);
  void step_later(const EntryPtr& entry, Milliseconds delay);
  void refuse(const EntryPtr& entry, const Response& response);
  void step_waiting();
  bool holds(const EntryPtr& entry) const;

  Api& api_;
  Pace pace_;
  Callbacks callbacks_;
  std::map<std::string, EntryPtr> entries_;  // By "namespace/name".
  std::deque<EntryPtr> waiting_;             // For their turn, when too many are in flight.
  std::size_t in_flight_ = 0;
};

}  // namespace sluice::control::kube
