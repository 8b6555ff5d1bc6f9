#pragma once
// One table of the kernel, kept equal to it by notifications and dumps.
//
// A dump is read beside the visible content and takes its place when it is complete. A key that was notified since the
// dump began keeps what the notification said: the dump may have been read before it, and if it was read after, the
// notification of the later change is still to come.

#include <functional>
#include <map>
#include <set>
#include <utility>

namespace sluice::control::netlink {

enum class Origin { kNotification, kDump };

template <typename Key, typename Value, typename Same = std::equal_to<Value>>
class Mirror {
 public:
  const std::map<Key, Value>& content() const { return content_; }
  // What the given origin has said until now: the content, or the dump being read.
  const std::map<Key, Value>& content(Origin origin) const { return origin == Origin::kDump ? dump_ : content_; }
  bool dumping() const { return dumping_; }

  // Each answers whether the visible content became another one, as `Same` sees it.
  bool set(Origin origin, const Key& key, Value value) {
    if (origin == Origin::kDump) {
      dump_.insert_or_assign(key, std::move(value));
      return false;
    }
    if (dumping_) notified_.insert(key);
    const auto found = content_.find(key);
    const bool changed = found == content_.end() || !Same{}(found->second, value);
    content_.insert_or_assign(key, std::move(value));
    return changed;
  }
  bool remove(const Key& key) {
    if (dumping_) notified_.insert(key);
    return content_.erase(key) != 0;
  }

  void begin_dump() {
    abandon_dump();
    dumping_ = true;
  }
  void abandon_dump() {
    dumping_ = false;
    dump_.clear();
    notified_.clear();
  }
  bool end_dump() {
    for (const Key& key : notified_) {
      const auto found = content_.find(key);
      if (found == content_.end()) {
        dump_.erase(key);
      } else {
        dump_.insert_or_assign(key, found->second);
      }
    }
    const bool changed = !same_as_dump();
    content_.swap(dump_);
    abandon_dump();
    return changed;
  }

 private:
  bool same_as_dump() const {
    if (content_.size() != dump_.size()) return false;
    for (auto mine = content_.begin(), other = dump_.begin(); mine != content_.end(); ++mine, ++other) {
      if (mine->first != other->first || !Same{}(mine->second, other->second)) return false;
    }
    return true;
  }

  std::map<Key, Value> content_;
  std::map<Key, Value> dump_;
  std::set<Key> notified_;  // Since the dump began.
  bool dumping_ = false;
};

}  // namespace sluice::control::netlink
