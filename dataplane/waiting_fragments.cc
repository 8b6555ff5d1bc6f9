#include "dataplane/waiting_fragments.h"

#include <utility>

namespace sluice::dataplane {

// All that waited before a burst may leave in it, and all that come with it.
WaitingFragments::WaitingFragments() : places_(kWaitingMax) { leaving_.reserve(kWaitingMax + kBurstMax); }

void WaitingFragments::hold(Chain& chain, const Packet& packet) {
  const auto number = static_cast<std::uint16_t>(next_place_);
  next_place_ = (next_place_ + 1) % kWaitingMax;
  Place& place = places_[number];
  // The oldest of all, so it is the first of its chain.
  if (place.data != nullptr) leave_first(*place.chain, Verdict::kDropFragmentsFull, {});
  place = {.data = packet.data,
           .buffer = packet.buffer,
           .chain = &chain,
           .length = packet.length,
           .room = packet.room,
           .port = packet.port,
           .ports = {}};
  (chain.first == Chain::kNone ? chain.first : places_[chain.last].next) = number;
  chain.last = number;
  ++waiting_;
}

void WaitingFragments::release(Chain& chain, net::Ports ports) { leave(chain, Verdict::kContinue, ports); }

void WaitingFragments::drop(Chain& chain, Verdict verdict) { leave(chain, verdict, {}); }

void WaitingFragments::leave(Chain& chain, Verdict verdict, net::Ports ports) {
  while (chain.first != Chain::kNone) leave_first(chain, verdict, ports);
}

void WaitingFragments::leave_first(Chain& chain, Verdict verdict, net::Ports ports) {
  Place place = std::exchange(places_[chain.first], Place{});
  chain.first = place.next;
  place.verdict = verdict;
  place.ports = ports;
  leaving_.push_back(place);
  --waiting_;
}

void WaitingFragments::fill(Burst& burst) {
  for (; given_back_ < leaving_.size() && burst.size() < kBurstMax; ++given_back_) {
    const Place& place = leaving_[given_back_];
    Packet& packet = burst.add(place.data, place.length, place.port, place.buffer, place.room);
    packet.join(place.ports);
    packet.verdict = place.verdict;
  }
  if (given_back_ < leaving_.size()) return;
  leaving_.clear();
  given_back_ = 0;
}

}  // namespace sluice::dataplane
