#include <algorithm>
#include <cstddef>

#include "tests/cases/case.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;

net::ArpPacket arp_from_router(net::Ipv4Address target) {
  net::ArpPacket arp{};
  arp.sender_mac = kRouterMac;
  arp.sender = ip("203.0.113.1");
  arp.target = target;
  return arp;
}

Bytes request(net::Ipv4Address target) {
  return arp_bytes(net::kArpRequest, net::kBroadcastMac, arp_from_router(target));
}

Bytes reply(net::Ipv4Address target, net::MacAddress own) {
  net::ArpPacket arp{};
  arp.sender_mac = own;
  arp.sender = target;
  arp.target_mac = kRouterMac;
  arp.target = ip("203.0.113.1");
  return arp_bytes(net::kArpReply, kRouterMac, arp);
}

Frame echo_frame(std::uint8_t ttl) {
  Frame frame = from_client(0, 0);
  frame.ttl = ttl;
  frame.payload = "ping";
  return frame;
}

Frame echoed() {
  Frame frame = echo_frame(64);
  std::swap(frame.to, frame.from);
  std::swap(frame.source, frame.destination);
  return frame;
}

Bytes of_zeros(Bytes echo, std::uint16_t checksum) {
  constexpr std::ptrdiff_t kIcmp = 34;
  std::fill(echo.begin() + kIcmp + 2, echo.end(), std::uint8_t{0});
  echo[kIcmp + 2] = static_cast<std::uint8_t>(checksum >> 8);
  echo[kIcmp + 3] = static_cast<std::uint8_t>(checksum);
  return echo;
}

Step asked(std::string what, Bytes in, dataplane::Verdict verdict) {
  return {.what = std::move(what), .raw_in = std::move(in), .verdict = verdict};
}

Step answered(std::string what, Bytes in, Bytes out, std::uint16_t port = kWan) {
  return {.what = std::move(what),
          .raw_in = std::move(in),
          .port = port,
          .verdict = kReply,
          .raw_out = std::move(out),
          .out_port = port};
}

}  // namespace

std::vector<Case> answer_cases() {
  Step at_lan = asked("request at a port that does not announce", request(kVip), kToKernel);
  at_lan.port = kLan;
  auto announcing = arp_from_router(kVip);
  announcing.sender = kVip;
  return {
      {"ARP for a VIP is answered", {answered("request", request(kVip), reply(kVip, kWanMac))}},
      {"ARP for a SNAT address of our own is answered at every port",
       {answered("request", request(kSnatOnly), reply(kSnatOnly, kLanMac), kLan)}},
      {"ARP for the kernel's addresses is the kernel's", {asked("request", request(kWanAddress), kToKernel)}},
      {"ARP replies are the kernel's", {asked("reply", reply(kVip, kRouterMac), kToKernel)}},
      {"VIPs are not announced at ports that shall not", {at_lan}},
      {"who announces a VIP as its own gets no answer",
       {asked("gratuitous", arp_bytes(net::kArpRequest, net::kBroadcastMac, announcing), kToKernel)}},
      {"a ping of a VIP is answered",
       {answered("echo request", echo_bytes(echo_frame(57), 8, 0), echo_bytes(echoed(), 0, 0))}},
      {"a ping of nothing but zeros is answered with the checksum that its sum of zero needs",
       {answered("echo request", of_zeros(echo_bytes(echo_frame(57), 8, 0), 0xf7ff),
                 of_zeros(echo_bytes(echoed(), 0, 0), 0xffff))}},
  };
}

}  // namespace sluice::cases
