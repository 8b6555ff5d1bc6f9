#include "control/netlink/resolver.h"

#include <algorithm>
#include <utility>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "base/log.h"

namespace sluice::control::netlink {
namespace {

enum class Need { kNothing, kPatience, kAsk };

Need need_of(const std::optional<Neighbour>& neighbour) {
  if (!neighbour) return Need::kAsk;
  switch (neighbour->state) {
    case NeighbourState::kReachable:
    case NeighbourState::kNoArp:
    case NeighbourState::kPermanent: return Need::kNothing;
    case NeighbourState::kIncomplete:  // The kernel is asking; it ends in kReachable or kFailed by itself.
    case NeighbourState::kDelay:
    case NeighbourState::kProbe: return Need::kPatience;
    case NeighbourState::kNone:
    case NeighbourState::kStale:
    case NeighbourState::kFailed: return Need::kAsk;
  }
  return Need::kAsk;
}

Request use_request(const NeighbourKey& key) {
  Request request{RTM_NEWNEIGH, NLM_F_CREATE};
  auto& header = request.fixed_header<ndmsg>();
  header.ndm_family = key.address.is_v4() ? AF_INET : AF_INET6;
  header.ndm_ifindex = key.link;
  header.ndm_flags = NTF_USE;
  request.put(NDA_DST, key.address);
  return request;
}

}  // namespace

std::chrono::milliseconds back_off(unsigned asked, std::chrono::milliseconds first, std::chrono::milliseconds longest) {
  const unsigned doublings = std::min(asked == 0 ? 0 : asked - 1, 20U);
  return std::min(first * (1 << doublings), longest);
}

base::Result<std::unique_ptr<Resolver>> Resolver::start(Reactor& reactor, const KernelState& state, Options options) {
  auto socket = Socket::open();
  if (!socket) return base::fail(socket.message());
  return std::unique_ptr<Resolver>{new Resolver{reactor, state, std::move(*socket), options}};
}

Resolver::Resolver(Reactor& reactor, const KernelState& state, Socket socket, Options options)
    : reactor_{reactor}, state_{state}, socket_{std::move(socket)}, options_{options} {}

Resolver::~Resolver() { reactor_.cancel(timer_); }

void Resolver::want(const std::vector<NeighbourKey>& wanted) {
  std::map<NeighbourKey, Progress> kept;
  for (const NeighbourKey& key : wanted) {
    const auto known = wanted_.find(key);
    kept.emplace(key, known == wanted_.end() ? Progress{} : known->second);
  }
  wanted_.swap(kept);
  reactor_.cancel(timer_);
  timer_ = reactor_.after({}, [this] { tick(); });
}

void Resolver::tick() {
  timer_ = 0;
  const auto now = Reactor::Clock::now();
  auto next_look = now + options_.longest_retry;
  std::size_t asked = 0;
  for (auto& [key, progress] : wanted_) {
    if (progress.next_look <= now && asked < options_.asked_per_tick_max && look_at(key, progress, now)) ++asked;
    next_look = std::min(next_look, progress.next_look);
  }
  if (wanted_.empty()) return;
  timer_ = reactor_.after(std::max<Reactor::Clock::duration>(next_look - now, options_.tick), [this] { tick(); });
}

bool Resolver::look_at(const NeighbourKey& key, Progress& progress, Reactor::Clock::time_point now) {
  progress.next_look = now + options_.first_retry;
  const auto link = state_.link(key.link);
  const Need need = need_of(state_.neighbour(key.address, key.link));
  if (!link || !link->running || need == Need::kNothing) progress.asked = 0;  // A link that comes back starts anew.
  if (!link || !link->running || need != Need::kAsk) return false;
  ++progress.asked;
  ++asked_count_;
  progress.next_look = now + back_off(progress.asked, options_.first_retry, options_.longest_retry);
  const auto result = socket_.execute(use_request(key));
  if (!result && progress.asked == 1) {
    spdlog::warn("resolve {} on {}: {}", key.address.to_string(), link->name, result.message());
  }
  return true;
}

}  // namespace sluice::control::netlink
