// Cut into fragments anyhow, sent in any order to any worker: what leaves is, put together, what the whole packet would
// have become.

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cases/case.h"
#include "tests/packets/box.h"
#include "tests/packets/mutator.h"

namespace sluice::packets {
namespace {

using cases::Frame;
using cases::Part;

constexpr int kPackets = 1000;

struct Kind {
  const char* name;
  net::IpAddress client, vip;
  std::size_t l4;  // Of a whole packet.
};
const Kind kV4{"IPv4", cases::kClient, cases::kVip, 34};
const Kind kV6{"IPv6", cases::kClient6, cases::kVip6, 54};

class FragmentsProperty : public testing::TestWithParam<std::tuple<const Kind*, unsigned, lb::Delivery>> {
 protected:
  FragmentsProperty() { box_.publish({.delivery = std::get<lb::Delivery>(GetParam())}); }

  const Kind& kind() const { return *std::get<const Kind*>(GetParam()); }
  static unsigned workers() { return std::get<unsigned>(GetParam()); }

  Frame random_packet() {
    const bool is_tcp = random_.below(2) == 0;
    Frame frame = cases::from_client(is_tcp ? 80 : 53, net::kTcpSyn);
    frame.source = kind().client;
    frame.destination = kind().vip;
    if (!is_tcp) frame.protocol = net::IpProtocol::kUdp;
    frame.source_port = static_cast<std::uint16_t>(1024 + random_.below(60'000));
    const Bytes payload = random_.random_bytes(24 + random_.below(1200));
    frame.payload.assign(payload.begin(), payload.end());
    frame.identification = static_cast<std::uint16_t>(random_.below(65'536));
    return frame;
  }

  // The first holds a whole TCP header.
  std::vector<Part> random_parts(std::size_t length) {
    std::vector<Part> parts;
    for (std::size_t begin = 0; begin < length;) {
      const std::size_t wanted = 8 * (1 + random_.below(1 + length / 32)) + (begin == 0 ? 16 : 0);
      const std::size_t size = std::min(wanted, length - begin);
      parts.push_back({begin, size, begin + size < length});
      begin += size;
    }
    for (std::size_t i = parts.size(); i > 1; --i) std::swap(parts[i - 1], parts[random_.below(i)]);
    return parts;
  }

  std::vector<Arrival> arrivals(const Frame& frame, std::uint16_t port, std::size_t length) {
    std::vector<Arrival> all;
    for (const Part& part : random_parts(length)) {
      Frame fragment = frame;
      fragment.part = part;
      all.push_back({.frame = bytes_of(fragment),
                     .port = port,
                     .worker = static_cast<unsigned>(random_.below(workers())),
                     .side = random_.below(2) == 0 ? Side::kBegin : Side::kEnd});
    }
    return all;
  }

  // One at a time or in bursts; answers what was sent.
  std::vector<Departure> send(std::vector<Arrival> arrivals) {
    std::vector<Departure> sent;
    while (!arrivals.empty()) {
      const auto count = static_cast<std::ptrdiff_t>(std::min(arrivals.size(), 1 + random_.below(8)));
      const std::vector<Arrival> burst(arrivals.begin(), arrivals.begin() + count);
      arrivals.erase(arrivals.begin(), arrivals.begin() + count);
      const auto now = box_.send(burst);
      std::ranges::copy_if(now, std::back_inserter(sent),
                           [](const Departure& departure) { return departure.verdict != dataplane::Verdict::kHeld; });
      std::ranges::copy(box_.resumed(), std::back_inserter(sent));
    }
    return sent;
  }

  // Everything behind the IP headers, by the places that they say.
  Bytes put_together(const std::vector<Departure>& fragments) const {
    std::map<std::size_t, Bytes> parts;
    for (const auto& [verdict, port, frame] : fragments) {
      const bool is_v4 = frame[12] == 0x08;
      const std::size_t begin = is_v4 ? (read16(frame, 20) & 0x1fffU) * 8 : read16(frame, 56) & 0xfff8U;
      parts[begin].assign(frame.begin() + static_cast<std::ptrdiff_t>(is_v4 ? kind().l4 : kind().l4 + 8), frame.end());
    }
    Bytes all;
    for (const auto& [begin, part] : parts) {
      EXPECT_EQ(begin, all.size());
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  // Source, or destination.
  net::IpAddress address_in(const Bytes& frame, std::size_t number) const {
    net::Ipv4Address v4;
    net::Ipv6Address v6;
    std::memcpy(&v4, frame.data() + 26 + number * sizeof v4, sizeof v4);
    std::memcpy(&v6, frame.data() + 22 + number * sizeof v6, sizeof v6);
    return kind().vip.is_v4() ? net::IpAddress{v4} : net::IpAddress{v6};
  }

  Bytes data_of(const Bytes& whole) const {
    return {whole.begin() + static_cast<std::ptrdiff_t>(kind().l4), whole.end()};
  }

  Box box_{{.workers = workers(), .flows_max = kPackets}};
  Mutator random_{workers()};
};

TEST_P(FragmentsProperty, PutTogetherAreWhatTheWholePacketBecomes) {
  for (int i = 0; i < kPackets; ++i) {
    const Frame asked = random_packet();
    const Bytes whole = bytes_of(asked);
    const auto there = send(arrivals(asked, cases::kWan, whole.size() - kind().l4));
    const Departure expected = box_.send({.frame = whole, .port = cases::kWan});
    ASSERT_EQ(name(expected.verdict), "to_node");
    for (const auto& fragment : there) ASSERT_EQ(name(fragment.verdict), "to_node");
    ASSERT_EQ(put_together(there), data_of(expected.frame));
  }
  EXPECT_THAT(box_.complaints(), testing::IsEmpty());
}

// The node's answer has the SNAT port, which says who owns the flow.
TEST_P(FragmentsProperty, OfAnAnswerComeToTheClient) {
  for (int i = 0; i < kPackets; ++i) {
    Frame asked = random_packet();
    const Departure there = box_.send({.frame = bytes_of(asked), .port = cases::kWan});
    ASSERT_EQ(name(there.verdict), "to_node");
    Frame answer = asked;
    answer.source = address_in(there.frame, 1);
    answer.destination = address_in(there.frame, 0);
    answer.source_port = read16(there.frame, kind().l4 + 2);
    answer.destination_port = read16(there.frame, kind().l4);
    answer.tcp_flags = net::kTcpSyn | net::kTcpAck;
    const Bytes whole = bytes_of(answer);
    const auto back = send(arrivals(answer, cases::kLan, whole.size() - kind().l4));
    const Departure expected = box_.send({.frame = whole, .port = cases::kLan});
    for (const auto& fragment : back) ASSERT_EQ(name(fragment.verdict), "to_client");
    ASSERT_EQ(put_together(back), data_of(expected.frame));
  }
  EXPECT_THAT(box_.complaints(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(FamiliesWorkersAndDeliveries, FragmentsProperty,
                         testing::Combine(testing::Values(&kV4, &kV6), testing::Values(1U, 4U),
                                          testing::ValuesIn(lb::kDeliveries)),
                         [](const auto& test) {
                           std::string delivery{lb::to_string(std::get<2>(test.param))};
                           std::erase(delivery, '-');
                           return std::get<0>(test.param)->name + std::to_string(std::get<1>(test.param)) + delivery;
                         });

}  // namespace
}  // namespace sluice::packets
