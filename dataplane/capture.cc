#include "dataplane/capture.h"

#include <algorithm>

#include "dataplane/rewrite.h"

namespace sluice::dataplane {
namespace {

std::size_t slots_for(const CaptureOptions& options) {
  const std::size_t slot = sizeof(CapturedPacket) + 2 * options.snaplen;
  return std::max(Capture::kSlotsMin, options.ring_bytes / slot);
}

bool is_sent(Verdict verdict) {
  return verdict == Verdict::kToNode || verdict == Verdict::kToClient || is_reply(verdict);
}

template <typename Family>
void note_key(const net::FlowKey<Family>& key, const Packet& packet, CapturedPacket& note) {
  if (packet.content == Content::kOther || packet.content == Content::kFragment) return;
  note.source_port = key.source_port;
  note.destination_port = key.destination_port;
  if (packet.content != Content::kError) return;
  note.source = key.source;
  note.destination = key.destination;
}

// Who sends to whom. Where the headers are broken, the key may be that of another packet: the header says it.
void note_parsed(const Packet& packet, Verdict verdict, CapturedPacket& note) {
  note.family = packet.family;
  note.content = packet.content;
  if (packet.family == PacketFamily::kIpv4) {
    note.source = packet.ipv4().source;
    note.destination = packet.ipv4().destination;
    note.protocol = packet.ipv4().protocol;
    note_key(packet.key4, packet, note);
  } else if (packet.family == PacketFamily::kIpv6) {
    note.source = packet.ipv6().source;
    note.destination = packet.ipv6().destination;
    note.protocol = is_drop(verdict)    ? packet.ipv6().next_header
                    : packet.is_error() ? net::IpProtocol::kIcmpv6
                                        : packet.key6.protocol;
    note_key(packet.key6, packet, note);
  } else if (verdict == Verdict::kContinue) {
    const auto& arp = packet.header<net::ArpPacket>(packet.l3);
    note.is_arp = true;
    note.source = arp.sender;
    note.destination = arp.target;
  }
}

// What a step dropped the packet for.
Verdict drop_of(const CapturedPacket& note) {
  const auto found = std::ranges::find_if(note.said, [](Verdict said) { return is_drop(said); });
  return found == note.said.end() ? Verdict::kContinue : *found;
}

std::optional<FlowRecord> flow_of(const Snapshot& snapshot, const Packet& packet) {
  if (packet.flow4 == nullptr) return std::nullopt;
  return packet.family == PacketFamily::kIpv4 ? record_of(*packet.flow4, node_of(snapshot.v4, *packet.flow4))
                                              : record_of(*packet.flow6, node_of(snapshot.v6, *packet.flow6));
}

}  // namespace

Capture::Capture(const CaptureOptions& options, unsigned worker)
    : filter_{options.filter},
      ring_{slots_for(options), options.snaplen},
      scratch_{std::make_unique<std::uint8_t[]>(kBurstMax * options.snaplen)} {
  common_.worker = static_cast<std::uint8_t>(worker);
}

void Capture::begin(std::uint64_t now, const Snapshot& snapshot, Origin origin) {
  snapshot_ = &snapshot;
  common_.arrived = now;
  common_.epoch = snapshot.epoch;
  common_.was_handed_over = origin == Origin::kOtherWorker;
}

void Capture::arrived(Burst& burst) {
  first_ = burst.begin();
  for (std::size_t place = 0; place < burst.size(); ++place) {
    const Packet& packet = burst[place];
    packets_[place] = common_;
    packets_[place].port = packet.port;
    packets_[place].length = packet.length;
    std::copy_n(packet.data, kept(place), scratch(place).data());
  }
}

std::size_t Capture::kept(std::size_t place) const {
  return std::min<std::size_t>(packets_[place].length, ring_.snaplen());
}

void Capture::after(Step step, const Packet& packet, Verdict verdict) {
  CapturedPacket& note = packets_[static_cast<std::size_t>(&packet - first_)];
  note.said[index(step)] = verdict;
  note.has_said[index(step)] = true;
  if (step == Step::kParse) note_parsed(packet, verdict, note);
  // Now, as another packet of the burst may end the flow.
  if (step == Step::kClassify) note.found = flow_of(*snapshot_, packet);
  if (step < Step::kClassify) return;
  note.flow = flow_of(*snapshot_, packet);
  note.direction = packet.direction;
}

void Capture::finish(Burst& burst, std::uint64_t now) {
  for (std::size_t place = 0; place < burst.size(); ++place) {
    const Packet& packet = burst[place];
    CapturedPacket& note = packets_[place];
    note.left = now;
    note.verdict = packet.verdict;
    if (is_refusal(packet.verdict)) note.instead_of = drop_of(note);
    if (is_sent(packet.verdict)) {
      note.sent_length = packet.length;
      note.sent_port = packet.port;
    }
    if (!filter_.matches(note)) continue;
    note.is_shown_as_it_came = filter_.wants_as_it_came(note);
    note.is_shown_as_sent = filter_.wants_as_sent(note);
    if (!note.is_shown_as_it_came && !note.is_shown_as_sent) continue;
    const CapturedBytes bytes{.came = scratch(place), .sent = {packet.data, note.sent_length}};
    if (!ring_.put(note, bytes)) lost_.add(1);
  }
}

}  // namespace sluice::dataplane
