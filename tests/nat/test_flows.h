#pragma once
// Flows made from a number, all different in both directions.

#include <cstdint>

#include "nat/flow.h"
#include "nat/translate.h"

namespace sluice::nat {

inline Flow4 numbered_flow(std::uint32_t number) {
  const auto port = [](std::uint32_t value) { return net::Be16{static_cast<std::uint16_t>(1024 + value % 60'000)}; };
  Flow4 flow = make_flow<net::Ipv4>({.client = {.source = {net::Be32{0xc6336400U + number / 60'000}},
                                                .destination = {net::Be32{0xcb007140U}},
                                                .source_port = port(number),
                                                .destination_port = net::Be16{443},
                                                .protocol = net::IpProtocol::kTcp},
                                     .snat = {net::Be32{0x0a640001U}},
                                     .snat_port = port(number),
                                     .node = {net::Be32{0x0a000001U + number / 60'000}},
                                     .node_port = net::Be16{30'443}});
  flow.service = number;
  return flow;
}

inline Flow4 established(const Flow4& embryonic) {
  Flow4 flow = embryonic;
  flow.state = TcpState::kEstablished;
  return flow;
}

}  // namespace sluice::nat
