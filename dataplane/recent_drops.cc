#include "dataplane/recent_drops.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::dataplane {
namespace {

constexpr unsigned kTries = 3;  // A worker that was interrupted in a write may keep its reader waiting for long.

constexpr auto kRoomInATick = [] {
  std::array<std::uint8_t, kVerdictCount> room{};
  for (const VerdictInfo& info : kVerdicts) room[index(info.verdict)] = is_drop(info.verdict) ? RecentDrops::kKept : 0;
  return room;
}();

}  // namespace

// Release and acquire on the words themselves do what a fence would, which ThreadSanitizer does not know: who reads a
// word of this write sees its odd version, or a later one, afterwards.
void DroppedPacketSlot::write(const DroppedPacket& packet) {
  const std::uint64_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  const auto words = std::bit_cast<Words>(packet);
  for (std::size_t i = 0; i < words.size(); ++i) words_[i].store(words[i], std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

std::optional<DroppedPacket> DroppedPacketSlot::read() const {
  for (unsigned i = 0; i < kTries; ++i) {
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    if (version == 0) return std::nullopt;
    Words words;
    std::ranges::transform(words_, words.begin(),
                           [](const auto& word) { return word.load(std::memory_order_acquire); });
    const bool is_whole = version % 2 == 0 && version_.load(std::memory_order_relaxed) == version;
    if (is_whole) return std::bit_cast<DroppedPacket>(words);
  }
  return std::nullopt;
}

void RecentDrops::record(nat::Tick now, Burst& burst) {
  for (const Packet& packet : burst) record(now, packet, [&] { return packet.verdict; });
}

std::vector<DroppedPacket> RecentDrops::latest(Verdict drop) const {
  std::vector<DroppedPacket> packets;
  const std::uint64_t written = written_[index(drop)].get();
  for (std::uint64_t age = 1; age <= std::min<std::uint64_t>(written, kKept); ++age) {
    const auto packet = slots_[index(drop)][(written - age) % kKept].read();
    if (packet) packets.push_back(*packet);
  }
  return packets;
}

void RecentDrops::begin_tick(nat::Tick now) {
  tick_ = now;
  room_ = kRoomInATick;
}

DroppedPacket RecentDrops::as_it_came(nat::Tick now, const Packet& packet) {
  DroppedPacket dropped{.when = now, .length = packet.length, .port = packet.port};
  std::memcpy(dropped.bytes.data(), packet.data, std::min<std::size_t>(packet.length, dropped.bytes.size()));
  return dropped;
}

void RecentDrops::keep(Verdict drop, const DroppedPacket& packet) {
  --room_[index(drop)];
  Counter& written = written_[index(drop)];
  slots_[index(drop)][written.get() % kKept].write(packet);
  written.add(1);
}

}  // namespace sluice::dataplane
