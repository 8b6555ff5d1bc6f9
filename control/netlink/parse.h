#pragma once
// Reads rtnetlink messages (rtnetlink(7), linux/rtnetlink.h). Pure: bytes in, values out; nothing is read behind the
// end of what is given, also when the lengths inside lie.

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <linux/netlink.h>

#include "control/netlink/objects.h"

namespace sluice::control::netlink {

using Bytes = std::span<const std::uint8_t>;

struct MessageView {
  std::uint16_t type = 0;   // RTM_NEWLINK, …
  std::uint16_t flags = 0;  // NLM_F_MULTI, …
  std::uint32_t sequence = 0;
  std::uint32_t port = 0;  // Of the socket whose request caused this message.
  Bytes payload;
};

struct Attribute {
  std::uint16_t type = 0;  // Without the flags NLA_F_NESTED and NLA_F_NET_BYTEORDER.
  Bytes payload;
};

// Reads a T from the start of `bytes`, none when they are too short.
template <typename T>
std::optional<T> read_as(Bytes bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// `bytes` behind the first `size` of them, rounded up to netlink's alignment.
inline Bytes behind(Bytes bytes, std::size_t size) {
  const std::size_t aligned = NLMSG_ALIGN(size);
  return aligned < bytes.size() ? bytes.subspan(aligned) : Bytes{};
}

// Calls visit(const MessageView&) for each message of a datagram, until one is cut off.
template <typename Visit>
void for_each_message(Bytes bytes, Visit visit) {
  while (const auto header = read_as<nlmsghdr>(bytes)) {
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > bytes.size()) return;
    visit(MessageView{.type = header->nlmsg_type,
                      .flags = header->nlmsg_flags,
                      .sequence = header->nlmsg_seq,
                      .port = header->nlmsg_pid,
                      .payload = bytes.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr))});
    bytes = behind(bytes, header->nlmsg_len);
  }
}

// Calls visit(const Attribute&) for each attribute, until one is cut off. (libmnl's macro for this is C only.)
template <typename Visit>
void for_each_attribute(Bytes bytes, Visit visit) {
  while (const auto header = read_as<nlattr>(bytes)) {
    if (header->nla_len < sizeof(nlattr) || header->nla_len > bytes.size()) return;
    visit(Attribute{.type = static_cast<std::uint16_t>(header->nla_type & NLA_TYPE_MASK),
                    .payload = bytes.subspan(sizeof(nlattr), header->nla_len - sizeof(nlattr))});
    bytes = behind(bytes, header->nla_len);
  }
}

enum class Change : std::uint8_t { kSet, kRemoved };

struct LinkEvent {
  Change change;
  Link link;
};
struct AddressEvent {
  Change change;
  Address address;
};
struct RouteEvent {
  Change change;
  Route route;
  std::vector<NextHop> all_next_hops;  // Also the dead ones: they tell routes of one prefix and metric apart.
  bool replaces = false;               // Instead of another route of the same prefix and metric (NLM_F_REPLACE).
};
struct NeighbourEvent {
  Change change;
  Neighbour neighbour;
};
// std::monostate: a message that is none of our business (other tables, other families, not understood).
using Event = std::variant<std::monostate, LinkEvent, AddressEvent, RouteEvent, NeighbourEvent>;

Event parse(const MessageView& message);

// The result of an NLMSG_ERROR message: errno (zero: acknowledged) and what the kernel said about it, if anything.
struct Acknowledgement {
  int error = 0;
  std::string text;
};
std::optional<Acknowledgement> parse_acknowledgement(const MessageView& message);

}  // namespace sluice::control::netlink
