#pragma once
// Keeps a copy of one resource of one API server: LIST in pages, then WATCH from the list's resourceVersion, for ever
// (kubernetes.io/docs/reference/using-api/api-concepts; KUBERNETES.md 2.8).
//
// What ends a watch, and what follows:
//   its time is over, or it was cut     watch again from the last resourceVersion, at once
//   410, as status or as ERROR event    list again, compare, tell of what is gone
//   another ERROR event, or nonsense    list again, after a delay
//   not a byte for its time and more    as cut
//   401, 403, 404, 429, 5xx, no server  try again after a delay; never forgets what it knows
// The first failure after a good time is tried again at once, further ones with a growing, jittered delay.
// sendInitialEvents (KEP-3157) would be another way to list; it is not used.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "control/kube/api.h"
#include "control/kube/decode.h"
#include "control/kube/line_splitter.h"
#include "control/kube/pace.h"

namespace sluice::control::kube {

struct Resource {
  std::string name;  // "services"
  std::string path;  // "/api/v1/services"
};

// Object is Service, Node or EndpointSlice.
template <typename Object>
class Reflector {
 public:
  // Called from the reactor. None of them may destroy the Reflector.
  struct Callbacks {
    std::function<void(Object object)> on_upsert;
    std::function<void(const std::string& key)> on_delete;
    // The newest version of an object cannot be read. What was told of it before still is the last good version.
    std::function<void(Malformed malformed)> on_malformed;
    std::function<void()> on_synced;  // Once, after the first whole list was told.
    // "watching", or why not. Called when either changes.
    enum class Link : unsigned char { kConnected, kDisconnected };
    std::function<void(Link link, const std::string& sentence)> on_state;
  };

  static constexpr int kPageSize = 500;

  // `api` outlives the Reflector. Begins to list at once.
  Reflector(Api& api, Resource resource, Pace pace, Callbacks callbacks);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

 private:
  using Link = typename Callbacks::Link;
  struct Known {
    std::string uid;
    std::string resource_version;
  };

  void list();
  void list_page(const std::string& continue_token);
  void take_page(const Response& response);
  void apply_list(std::string resource_version);
  void tell(Decoded<Object> item);
  void tell_deleted(const std::string& key);

  void watch();
  LineSplitter::Next take_line(std::string_view line);
  void watch_ended(const Response& response);

  void list_again(const std::string& why);
  void fail(const Response& response, std::string_view doing, void (Reflector::*retry)());
  void retry_after(Milliseconds least, void (Reflector::*retry)());
  void healthy();
  void say(Link link, std::string sentence);

  Api& api_;
  Resource resource_;
  Pace pace_;
  Callbacks callbacks_;
  Backoff backoff_;
  bool failing_ = false;
  bool synced_ = false;
  Link link_ = Link::kDisconnected;
  std::string sentence_;
  std::string resource_version_;
  std::map<std::string, Known> known_;   // By key; malformed objects too.
  std::vector<Decoded<Object>> staged_;  // Pages of a list that is not whole yet.
  LineSplitter lines_;
  Reactor::Clock::time_point listed_{};
  Reactor::Clock::time_point watch_began_{};
  HttpClient::Handle request_;
  Reactor::TimerId timer_ = 0;
};

}  // namespace sluice::control::kube
