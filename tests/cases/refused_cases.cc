#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using dataplane::Verdict;
using enum dataplane::Verdict;

Step sent(std::string what, Frame in, Verdict verdict) {
  return {.what = std::move(what), .in = std::move(in), .verdict = verdict};
}
Step sent(std::string what, Bytes in, Verdict verdict) {
  return {.what = std::move(what), .raw_in = std::move(in), .verdict = verdict};
}

Frame with_ttl(Frame frame, std::uint8_t ttl) {
  frame.ttl = ttl;
  return frame;
}
Frame with_fragment(Frame frame, std::uint16_t fragment) {
  frame.fragment = fragment;
  return frame;
}
Frame to(Frame frame, net::Ipv4Address destination) {
  frame.destination = destination;
  return frame;
}
Frame from(Frame frame, net::Ipv4Address source) {
  frame.source = source;
  return frame;
}
Frame over(Frame frame, net::IpProtocol protocol) {
  frame.protocol = protocol;
  return frame;
}

Bytes patched(Bytes bytes, std::size_t offset, std::uint8_t value) {
  bytes[offset] = value;
  return bytes;
}
Bytes cut(Bytes bytes, std::size_t length) {
  bytes.resize(length);
  return bytes;
}

std::vector<Case> malformed_cases() {
  const Bytes good = bytes_of(from_client(80, net::kTcpSyn));
  constexpr std::size_t kIp = 14, kTcp = 34;
  return {
      {"a frame shorter than Ethernet's header is dropped", {sent("13 bytes", cut(good, 13), kDropTruncated)}},
      {"half an IPv4 header is dropped", {sent("30 bytes", cut(good, 30), kDropTruncated)}},
      {"a packet shorter than its total length is dropped",
       {sent("one byte less", cut(good, good.size() - 1), kDropTruncated)}},
      {"half an ARP packet is dropped",
       {sent("ARP", cut(arp_bytes(net::kArpRequest, net::kBroadcastMac, {}), 30), kDropTruncated)}},
      {"IP version 5 is no version", {sent("version", patched(good, kIp, 0x55), kDropBadHeader)}},
      {"an IPv4 header of 16 bytes is none", {sent("length", patched(good, kIp, 0x44), kDropBadHeader)}},
      {"an IPv4 header longer than the packet is none",
       {sent("total length 20, header 60", patched(patched(patched(good, kIp, 0x4f), kIp + 2, 0), kIp + 3, 20),
             kDropBadHeader)}},
      {"a TCP header of 16 bytes is none", {sent("data offset", patched(good, kTcp + 12, 0x40), kDropBadHeader)}},
      {"a TCP header longer than the packet is none",
       {sent("data offset", patched(good, kTcp + 12, 0xf0), kDropTruncated)}},
      {"half an echo request is dropped",
       {sent("4 bytes of ICMP", bytes_of(over(from_client(0, 0), net::IpProtocol::kIcmp)), kDropTruncated)}},
  };
}

std::vector<Case> unserved_cases() {
  const auto kNobody = ip("224.0.0.1");  // As a sender.
  constexpr auto kSyn = net::kTcpSyn;
  return {
      {"a VIP's port without a service and nobody to tell",
       {sent("SYN", from(from_client(81, kSyn), kNobody), kDropNoService)}},
      {"a service without a usable node and nobody to tell",
       {sent("SYN", from(from_client(443, kSyn), kNobody), kDropNoBackend)}},
      {"a node whose MAC address is unknown", {sent("SYN", from_client(8443, kSyn), kDropUnresolved)}},
      {"a node without a route", {sent("SYN", from_client(3306, kSyn), kDropNoRoute)}},
      {"a client without a route back", {sent("SYN", from(from_client(80, kSyn), kUnroutable), kDropNoRoute)}},
      {"a sender with a VIP, which would have us answer ourselves",
       {sent("SYN", from(from_client(80, kSyn), kVip), kDropBadHeader)}},
      {"a sender with a SNAT address, whose flow would take the way back of others",
       {sent("SYN", from(from_client(80, kSyn), kSnatOnly), kDropBadHeader)}},
      {"a client outside the source ranges", {sent("SYN", from_client(8080, kSyn), kDropSourceRange)}},
      {"a client inside the source ranges",
       {{.what = "SYN",
         .in = from(from_client(8080, kSyn), ip("192.0.2.5")),
         .verdict = kToNode,
         .out = to_node(30880, kSyn)}}},
      {"SYN+ACK out of nowhere opens nothing", {sent("SYN+ACK", from_client(80, kSyn | net::kTcpAck), kReplyReset)}},
      {"SYN+FIN opens nothing", {sent("SYN+FIN", from_client(80, kSyn | net::kTcpFin), kReplyReset)}},
      {"a segment of no connection from outside the source ranges",
       {sent("ACK", from_client(8080, net::kTcpAck), kDropSourceRange)}},
      {"a reset of no connection", {sent("RST", from_client(80, net::kTcpRst), kDropNoFlow)}},
      {"the first packet at the end of its life and nobody to tell",
       {sent("SYN", from(with_ttl(from_client(80, kSyn), 1), kNobody), kDropTtl)}},
      {"a protocol that no service has", {sent("GRE", over(from_client(0, 0), net::IpProtocol{47}), kDropProtocol)}},
      {"other ICMP than echo", {sent("timestamp", echo_bytes(from_client(0, 0), 13, 0), kDropProtocol)}},
      {"a fragment for a VIP of a protocol that no service has",
       {sent("MF", with_fragment(over(from_client(80, kSyn), net::IpProtocol{47}), 0x2000), kDropFragment)}},
      {"a packet of no flow for a SNAT address of our own",
       {sent("ACK", to(from_client(80, net::kTcpAck), kSnatOnly), kReplyReset),
        sent("RST", to(from_client(80, net::kTcpRst), kSnatOnly), kDropStray)}},
      {"ICMP for a SNAT address of our own",
       {sent("echo", echo_bytes(to(from_client(0, 0), kSnatOnly), 8, 0), kDropStray)}},
  };
}

std::vector<Case> kernel_cases() {
  const Bytes good = bytes_of(from_client(80, net::kTcpSyn));
  return {
      {"what is for the kernel's own address is the kernel's",
       {sent("SYN", to(from_client(22, net::kTcpSyn), kWanAddress), kToKernel)}},
      {"a fragment for the kernel's own address is the kernel's",
       {sent("MF", with_fragment(to(from_client(22, net::kTcpSyn), kWanAddress), 0x2000), kToKernel)}},
      {"a reply to the kernel's own connection by a shared SNAT address is the kernel's",
       {sent("SYN+ACK", to(from_client(0, net::kTcpSyn | net::kTcpAck), kSnat), kToKernel)}},
      {"MPLS is the kernel's", {sent("frame", patched(patched(good, 12, 0x88), 13, 0x47), kToKernel)}},
      {"IPv4 sent to all is the kernel's", {sent("broadcast", patched(good, 0, 0xff), kToKernel)}},
  };
}

}  // namespace

std::vector<Case> refused_cases() { return joined({malformed_cases(), unserved_cases(), kernel_cases()}); }

}  // namespace sluice::cases
