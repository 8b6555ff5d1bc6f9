#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using net::IpProtocol;
using enum dataplane::Verdict;

constexpr std::uint16_t kNoServicesPort = 81, kNoNodesPort = 443, kServedPort = 80, kDnsPort = 53;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::size_t kEthernet = 14;

Frame datagram(Frame frame, std::string payload) {
  frame.protocol = IpProtocol::kUdp;
  frame.payload = std::move(payload);
  return frame;
}
Frame with_payload(Frame frame, std::string payload) {
  frame.payload = std::move(payload);
  return frame;
}
Frame with_ttl(Frame frame, std::uint8_t ttl) {
  frame.ttl = ttl;
  return frame;
}
Frame from(Frame frame, net::IpAddress source) {
  frame.source = source;
  return frame;
}

// What goes back to the sender of a frame, from the address that it was for.
Frame back(const Frame& frame) {
  return {.to = frame.from,
          .from = frame.to,
          .source = frame.destination,
          .destination = frame.source,
          .source_port = frame.destination_port,
          .destination_port = frame.source_port,
          .fragment = kDontFragment,
          .identification = 0};
}

struct Numbers {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
};

Step reset(std::string what, Frame in, std::uint8_t flags, Numbers numbers) {
  Frame out = back(in);
  out.tcp_flags = flags;
  out.sequence = numbers.sequence;
  out.acknowledgment = numbers.acknowledgment;
  out.window = 0;
  return {.what = std::move(what), .in = std::move(in), .verdict = kReplyReset, .out = out, .out_port = kWan};
}

struct Meaning {
  dataplane::Verdict verdict;
  std::uint8_t type;
  std::uint8_t code;
};
constexpr Meaning kPortUnreachable{kReplyUnreachable, 3, 3}, kPortUnreachable6{kReplyUnreachable, 1, 4};
constexpr Meaning kTimeExceeded{kReplyTimeExceeded, 11, 0}, kTimeExceeded6{kReplyTimeExceeded, 3, 0};

// The first `quoted_max` bytes of the packet are quoted, or all.
Step error(std::string what, const Frame& in, Meaning meaning, std::size_t quoted_max = 2000) {
  const Bytes frame = bytes_of(in);
  const auto quoted = static_cast<std::ptrdiff_t>(std::min(frame.size() - kEthernet, quoted_max));
  const auto packet = frame.begin() + kEthernet;
  return {.what = std::move(what),
          .in = in,
          .verdict = meaning.verdict,
          .raw_out = error_bytes(back(in), meaning.type, meaning.code, Bytes(packet, packet + quoted)),
          .out_port = kWan};
}

Step silent(std::string what, Frame in, dataplane::Verdict verdict) {
  return {.what = std::move(what), .in = std::move(in), .verdict = verdict};
}

std::vector<Case> reset_cases() {
  using net::kTcpAck, net::kTcpFin, net::kTcpPsh, net::kTcpRst, net::kTcpSyn;
  constexpr std::uint8_t kRstAck = kTcpRst | kTcpAck;
  const Frame syn = from_client(kNoNodesPort, kTcpSyn);
  Frame with_options = syn;
  with_options.ip_options = {1, 1, 1, 0};
  Frame with_extension = v6(from_client(kNoServicesPort, kTcpSyn));
  with_extension.first_extension = IpProtocol::kDestinationOptions;
  with_extension.ip_options = {static_cast<std::uint8_t>(IpProtocol::kTcp), 0, 1, 4, 0, 0, 0, 0};
  Frame at_the_wrap = with_payload(syn, "data");
  at_the_wrap.sequence = 0xffff'fffe;
  return {
      {"a SYN for a service without a usable node is refused", {reset("SYN", syn, kRstAck, {0, 1001})}},
      {"a SYN for a VIP's port that no service has is refused",
       {reset("SYN", from_client(kNoServicesPort, kTcpSyn), kRstAck, {0, 1001})}},
      {"a reset acknowledges SYN, data and FIN",
       {reset("SYN with data", with_payload(syn, "data"), kRstAck, {0, 1005}),
        reset("SYN and FIN", from_client(kServedPort, kTcpSyn | kTcpFin), kRstAck, {0, 1002}),
        reset("nothing at all", from_client(kServedPort, 0), kRstAck, {0, 1000}),
        reset("across the end of the numbers", at_the_wrap, kRstAck, {0, 3})}},
      {"a segment of no connection is answered where its sender expects it",
       {reset("ACK", from_client(kServedPort, kTcpAck), kTcpRst, {2000, 0}),
        reset("data", with_payload(from_client(kServedPort, kTcpAck | kTcpPsh), "odd"), kTcpRst, {2000, 0})}},
      {"IPv4 options do not come back", {reset("24 bytes", with_options, kRstAck, {0, 1001})}},
      {"IPv6 is refused, too, without its extension headers",
       {reset("SYN", v6(from_client(kNoServicesPort, kTcpSyn)), kRstAck, {0, 1001}),
        reset("ACK", v6(from_client(kServedPort, kTcpAck)), kTcpRst, {2000, 0}),
        reset("behind options", with_extension, kRstAck, {0, 1001})}},
      {"a reset is never answered",
       {silent("no node", from_client(kNoNodesPort, kTcpRst), kDropNoFlow),
        silent("no service", from_client(kNoServicesPort, kTcpRst | kTcpAck), kDropNoService)}},
  };
}

std::vector<Case> unreachable_cases() {
  const Frame question = datagram(from_client(kNoServicesPort, 0), "question");
  const Frame question6 = v6(question);
  Step no_node = error("no node", datagram(from_client(kDnsPort, 0), "question"), kPortUnreachable);
  no_node.publish = Change{.dns_backend = lb::kNoBackend};
  Frame first_fragment = question;
  first_fragment.part = Part{.begin = 0, .length = 16};
  return {
      {"a datagram for a VIP's port that no service has is refused", {error("question", question, kPortUnreachable)}},
      {"a datagram for a service without a usable node is refused", {no_node}},
      {"an IPv6 datagram is refused, too", {error("question", question6, kPortUnreachable6)}},
      {"an ICMP error quotes no more than a message may hold",
       {error("576 bytes in all", datagram(question, std::string(1400, 'x')), kPortUnreachable, 548),
        error("1280 bytes in all", datagram(question6, std::string(1400, 'x')), kPortUnreachable6, 1232)}},
      {"the first fragment of a datagram is refused like the whole",
       {error("first", first_fragment, kPortUnreachable)}},
      {"a datagram whose sender is no single host is not refused",
       {silent("unspecified", from(question, ip("0.0.0.0")), kDropNoService),
        silent("loopback", from(question, ip("127.0.0.1")), kDropNoService),
        silent("multicast", from(question, ip("224.0.0.251")), kDropNoService),
        silent("broadcast", from(question, ip("255.255.255.255")), kDropNoService),
        silent("unspecified", from(question6, ip6("::")), kDropNoService),
        silent("loopback", from(question6, ip6("::1")), kDropNoService),
        silent("multicast", from(question6, ip6("ff02::1")), kDropNoService)}},
  };
}

std::vector<Case> time_exceeded_cases() {
  const auto syn = from_client(kServedPort, net::kTcpSyn);
  const auto last = with_ttl(datagram(from_client(kDnsPort, 0), "question"), 1);
  return {
      {"a client hears that its packet's time to live ended here",
       {error("TCP", with_ttl(syn, 1), kTimeExceeded), error("UDP", last, kTimeExceeded)}},
      {"a client hears that its packet's hop limit ended here",
       {error("TCP", v6(with_ttl(syn, 1)), kTimeExceeded6), error("UDP", v6(last), kTimeExceeded6)}},
  };
}

}  // namespace

std::vector<Case> refusal_cases() { return joined({reset_cases(), unreachable_cases(), time_exceeded_cases()}); }

}  // namespace sluice::cases
