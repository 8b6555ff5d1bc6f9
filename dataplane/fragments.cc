#include "dataplane/fragments.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "net/flow_key.h"

namespace sluice::dataplane {
namespace {

constexpr std::uint32_t kLengthMax = 65'535;

std::size_t header_min_of(net::IpProtocol protocol) {
  switch (protocol) {
    case net::IpProtocol::kTcp: return sizeof(net::TcpHeader);
    case net::IpProtocol::kSctp: return sizeof(net::SctpHeader) + sizeof(net::SctpChunk);
    default: return sizeof(net::UdpHeader);
  }
}

// As far as the fragment can tell without the others.
Verdict judge_alone(const Packet& packet, const FragmentPlace& place, net::IpProtocol protocol) {
  const std::uint32_t length = place.end - place.begin;
  const bool is_whole_units = place.is_last || length % 8 == 0;
  if (length == 0 || !is_whole_units || place.headers_before + place.end > kLengthMax) {
    return Verdict::kDropFragmentLength;
  }
  const bool is_tcp = protocol == net::IpProtocol::kTcp;
  const std::size_t header_min = header_min_of(protocol);
  if (place.begin > 0) return place.begin < header_min ? Verdict::kDropFragmentTiny : Verdict::kContinue;
  if (length < header_min) return Verdict::kDropFragmentTiny;
  if (!is_tcp) return Verdict::kContinue;
  const std::size_t tcp_length = std::size_t{packet.tcp().data_offset} >> 4 << 2;
  if (tcp_length < header_min) return Verdict::kDropBadHeader;
  return length < tcp_length ? Verdict::kDropFragmentTiny : Verdict::kContinue;
}

template <typename Key>
void complete(Packet& packet, Key& key, net::Ports ports) {
  key.source_port = ports.source;
  key.destination_port = ports.destination;
  const Content first = key.protocol == net::IpProtocol::kSctp ? Content::kSctpFirst : Content::kTransport;
  packet.content = place_of(packet).begin == 0 ? first : Content::kLater;
}

bool is_over(nat::Tick now, nat::Tick began) {
  return nat::elapsed(now, began) > nat::timeout_ticks(Fragments::kPatience);
}

}  // namespace

Fragments::Fragments(std::uint64_t seed, std::size_t packets_max)
    : seed_{seed}, hashes_(packets_max), fragmented_(packets_max) {
  assert(std::has_single_bit(packets_max) && packets_max >= kWays);
}

unsigned Fragments::owner(const Packet& packet, unsigned workers) const {
  return static_cast<unsigned>((net::hash(fragmented_key(packet), seed_) >> 32) * workers >> 32);
}

Verdict Fragments::meet(nat::Tick now, Packet& packet) {
  const FragmentedKey key = fragmented_key(packet);
  const FragmentPlace place = place_of(packet);
  Fragmented& fragmented = find_or_begin(now, key);
  if (fragmented.is_poisoned) return Verdict::kDropFragmentPoisoned;
  const Verdict alone = judge_alone(packet, place, key.protocol);
  if (alone != Verdict::kContinue) return poison(now, fragmented, alone);
  const Part part{static_cast<std::uint16_t>(place.begin), static_cast<std::uint16_t>(place.end)};
  // The network may double a fragment: no attack, and once is enough (RFC 8200 4.5).
  if (std::ranges::count(fragmented.all_parts(), part) > 0) return Verdict::kDropFragmentOverlap;
  const Verdict fitting = fits(fragmented, place);
  if (fitting != Verdict::kContinue) return poison(now, fragmented, fitting);
  if (fragmented.parts_count == kPartsMax) return Verdict::kDropFragmentsFull;

  fragmented.parts[fragmented.parts_count++] = part;
  fragmented.came += place.end - place.begin;
  if (place.is_last) fragmented.end = place.end;
  if (place.begin == 0) {
    fragmented.has_ports = true;
    fragmented.ports = packet.header<net::Ports>(packet.l4);
    waiting_.release(fragmented.waiting, fragmented.ports);
  }
  if (!fragmented.has_ports) {
    waiting_.hold(fragmented.waiting, packet);
    return Verdict::kHeld;
  }
  if (packet.family == PacketFamily::kIpv4) {
    complete(packet, packet.key4, fragmented.ports);
  } else {
    complete(packet, packet.key6, fragmented.ports);
  }
  // Parts do not overlap, so these are all bytes.
  if (fragmented.came == fragmented.end) {
    forget(static_cast<std::size_t>(&fragmented - fragmented_.data()), Verdict::kContinue);
  }
  return Verdict::kContinue;
}

Verdict Fragments::fits(const Fragmented& fragmented, const FragmentPlace& place) {
  const bool is_behind_end = fragmented.end != 0 && (place.end > fragmented.end || place.is_last);
  const bool contradicts = std::ranges::any_of(fragmented.all_parts(), [&](const Part& part) {
    const bool overlaps = place.begin < part.end && part.begin < place.end;
    return overlaps || (place.is_last && part.end > place.end);
  });
  return is_behind_end || contradicts ? Verdict::kDropFragmentOverlap : Verdict::kContinue;
}

// The poison lasts for as long as an honest fragment might come.
Verdict Fragments::poison(nat::Tick now, Fragmented& fragmented, Verdict verdict) {
  fragmented.is_poisoned = true;
  fragmented.began = now;
  waiting_.drop(fragmented.waiting, Verdict::kDropFragmentPoisoned);
  return verdict;
}

Fragments::Fragmented& Fragments::find_or_begin(nat::Tick now, const FragmentedKey& key) {
  const std::uint64_t hash = net::hash(key, seed_) | 1;  // Never 0.
  const std::size_t set = (hash >> 8) % (hashes_.size() / kWays) * kWays;
  std::size_t number = set;
  while (number < set + kWays && (hashes_[number] != hash || !(fragmented_[number].key == key))) ++number;
  if (number < set + kWays) {
    if (!is_over(now, fragmented_[number].began)) return fragmented_[number];
    forget(number, Verdict::kDropFragmentAlone);
  }
  number = free_way(set);
  hashes_[number] = hash;
  ++packets_;
  Fragmented& fresh = fragmented_[number];
  fresh.key = key;
  fresh.began = now;
  fresh.came = fresh.end = 0;
  fresh.waiting = {};
  fresh.parts_count = 0;
  fresh.has_ports = fresh.is_poisoned = false;
  return fresh;
}

// Free, or made free: the oldest goes.
std::size_t Fragments::free_way(std::size_t set) {
  std::size_t oldest = set;
  for (std::size_t number = set; number < set + kWays; ++number) {
    if (hashes_[number] == 0) return number;
    const auto age = static_cast<std::int32_t>(fragmented_[oldest].began - fragmented_[number].began);
    if (age > 0) oldest = number;
  }
  forget(oldest, Verdict::kDropFragmentsFull);
  return oldest;
}

void Fragments::forget(std::size_t number, Verdict waiting) {
  waiting_.drop(fragmented_[number].waiting, waiting);
  hashes_[number] = 0;
  --packets_;
}

void Fragments::sweep(nat::Tick now, std::size_t packets_max) {
  for (std::size_t i = std::min(packets_max, hashes_.size()); i > 0; --i) {
    hand_ = (hand_ + 1) % hashes_.size();
    if (hashes_[hand_] != 0 && is_over(now, fragmented_[hand_].began)) forget(hand_, Verdict::kDropFragmentAlone);
  }
}

}  // namespace sluice::dataplane
