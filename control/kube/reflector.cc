#include "control/kube/reflector.h"

#include <algorithm>
#include <utility>

#include "control/kube/percent.h"

namespace sluice::control::kube {

using std::chrono::seconds;

namespace {

constexpr long kGone = 410;

}  // namespace

template <typename Object>
Reflector<Object>::Reflector(Api& api, Resource resource, Pace pace, Callbacks callbacks)
    : api_{api},
      resource_{std::move(resource)},
      pace_{std::move(pace)},
      callbacks_{std::move(callbacks)},
      backoff_{pace_.list_retry_min, pace_.list_retry_max} {
  list();
}

template <typename Object>
Reflector<Object>::~Reflector() {
  api_.reactor().cancel(timer_);
}

template <typename Object>
void Reflector<Object>::list() {
  staged_.clear();
  list_page({});
}

// Without a resourceVersion: the newest state, agreed on by the store, never an older one of some server's cache.
template <typename Object>
void Reflector<Object>::list_page(const std::string& continue_token) {
  HttpRequest request;
  request.path = resource_.path + "?limit=" + std::to_string(kPageSize);
  if (!continue_token.empty()) request.path += "&continue=" + percent_encode(continue_token);
  request.headers = {"Accept: application/json"};
  request.connect_timeout = pace_.connect_timeout;
  request.timeout = pace_.request_timeout;
  request.on_done = [this](const Response& response) { take_page(response); };
  request_ = api_.send(std::move(request));
}

template <typename Object>
void Reflector<Object>::take_page(const Response& response) {
  // The continue token was too old: the list begins anew.
  if (response.status == kGone) return list_again(describe(response));
  if (response.status != 200 || !response.error.empty()) return fail(response, "list", &Reflector::list);
  auto page = decode_page<Object>(response.body);
  if (!page) return fail({.error = page.message()}, "list", &Reflector::list);
  std::move(page->items.begin(), page->items.end(), std::back_inserter(staged_));
  if (!page->continue_token.empty()) return list_page(page->continue_token);
  apply_list(std::move(page->resource_version));
}

// Tells what the list has that was not known or is newer, then what it no longer has.
template <typename Object>
void Reflector<Object>::apply_list(std::string resource_version) {
  std::set<std::string> gone;
  for (const auto& [key, ignored] : known_) gone.insert(key);
  for (auto& item : std::exchange(staged_, {})) {
    gone.erase(item.object.meta.key());
    tell(std::move(item));
  }
  for (const auto& key : gone) tell_deleted(key);
  resource_version_ = std::move(resource_version);
  listed_ = Reactor::Clock::now();
  if (!std::exchange(synced_, true)) callbacks_.on_synced();
  watch();
}

template <typename Object>
void Reflector<Object>::tell(Decoded<Object> item) {
  const auto& meta = item.object.meta;
  const auto key = meta.key();
  const auto found = known_.find(key);
  if (found != known_.end()) {
    // The same name again is another object: whoever held something for the first one must let go.
    const auto& [uid, version] = found->second;
    if (!meta.uid.empty() && !uid.empty() && uid != meta.uid)
      tell_deleted(key);
    else if (!version.empty() && version == meta.resource_version)
      return;
  }
  if (!meta.name.empty()) known_[key] = {meta.uid, meta.resource_version};
  if (item.complaint.empty()) return callbacks_.on_upsert(std::move(item.object));
  callbacks_.on_malformed({resource_.name, meta, std::move(item.complaint)});
}

template <typename Object>
void Reflector<Object>::tell_deleted(const std::string& key) {
  if (known_.erase(key) != 0) callbacks_.on_delete(key);
}

template <typename Object>
void Reflector<Object>::watch() {
  const auto duration = pace_.between(pace_.watch_min, pace_.watch_max);
  const auto timeout = std::max(seconds{1}, std::chrono::duration_cast<seconds>(duration));
  HttpRequest request;
  request.path = resource_.path +
                 "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(timeout.count()) +
                 "&resourceVersion=" + percent_encode(resource_version_);
  request.headers = {"Accept: application/json"};
  request.connect_timeout = pace_.connect_timeout;
  request.idle_timeout = timeout + pace_.watch_grace;
  request.on_open = [this] { say(Link::kConnected, "watching"); };
  request.on_data = [this](std::string_view bytes) {
    lines_.feed(bytes, [this](std::string_view line) { return take_line(line); });
  };
  request.on_done = [this](const Response& response) { watch_ended(response); };
  lines_.clear();
  watch_began_ = Reactor::Clock::now();
  request_ = api_.send(std::move(request));
}

template <typename Object>
LineSplitter::Next Reflector<Object>::take_line(std::string_view line) {
  auto event = decode_event<Object>(line);
  if (!event) {
    list_again(event.message());
    return LineSplitter::Next::kStop;
  }
  if (event->type == EventType::kError) {
    list_again("watch: " + std::to_string(event->code) + " " + event->message);
    return LineSplitter::Next::kStop;
  }
  healthy();
  if (!event->item.object.meta.resource_version.empty()) {
    resource_version_ = event->item.object.meta.resource_version;
  }
  if (event->type == EventType::kPut) tell(std::move(event->item));
  if (event->type == EventType::kDelete) tell_deleted(event->item.object.meta.key());
  return LineSplitter::Next::kGoOn;
}

template <typename Object>
void Reflector<Object>::watch_ended(const Response& response) {
  if (response.status == kGone) return list_again(describe(response));
  if (Reactor::Clock::now() - watch_began_ >= pace_.stable_after) healthy();
  const bool as_agreed = response.status == 200 && response.error.empty();
  if (!as_agreed) return fail(response, "watch", &Reflector::watch);
  retry_after({}, &Reflector::watch);
}

template <typename Object>
void Reflector<Object>::list_again(const std::string& why) {
  // Not one list after the other in a circle: then an outage before this is no reason to wait.
  if (Reactor::Clock::now() - listed_ >= pace_.stable_after) healthy();
  say(Link::kDisconnected, "list " + resource_.name + " again: " + why);
  retry_after({}, &Reflector::list);
}

template <typename Object>
void Reflector<Object>::fail(const Response& response, std::string_view doing, void (Reflector::*retry)()) {
  auto sentence = std::string{doing} + " " + resource_.name + ": " + describe(response);
  if (response.status == 404) sentence += " (" + api_.access().server + " does not serve " + resource_.path + ")";
  say(Link::kDisconnected, std::move(sentence));
  const auto least = response.retry_after.value_or(seconds{0});
  retry_after(std::chrono::duration_cast<Milliseconds>(least), retry);
}

template <typename Object>
void Reflector<Object>::retry_after(Milliseconds least, void (Reflector::*retry)()) {
  const bool first = !std::exchange(failing_, true);
  const auto jitter = pace_.between(Milliseconds{0}, pace_.reconnect_jitter);
  const auto delay = std::max(least + jitter, first ? jitter : backoff_.next(pace_));
  request_.reset();
  api_.reactor().cancel(timer_);
  timer_ = api_.reactor().after(delay, [this, retry] { (this->*retry)(); });
}

template <typename Object>
void Reflector<Object>::healthy() {
  failing_ = false;
  backoff_.reset();
}

template <typename Object>
void Reflector<Object>::say(Link link, std::string sentence) {
  if (link == link_ && sentence == sentence_) return;
  link_ = link;
  sentence_ = std::move(sentence);
  callbacks_.on_state(link_, sentence_);
}

template class Reflector<Service>;
template class Reflector<Node>;
template class Reflector<EndpointSlice>;

}  // namespace sluice::control::kube
