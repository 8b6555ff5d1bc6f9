// What holds for every packet, tried with many: random ones by fixed seeds, judged by plain code (tests/packets).

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cases/sctp_frames.h"
#include "tests/packets/box.h"
#include "tests/packets/errors.h"
#include "tests/packets/mutator.h"

namespace sluice::packets {
namespace {

using dataplane::Verdict;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSlow = true;
#elif defined(__has_feature)
constexpr bool kIsSlow = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSlow = false;
#endif
constexpr int kBursts = (kIsSlow ? 40'000 : 1'000'000) / static_cast<int>(dataplane::kBurstMax);
constexpr int kConnections = 2000;

Arrival at_wan(Bytes frame) { return {.frame = std::move(frame), .port = cases::kWan}; }
Arrival at_lan(Bytes frame) { return {.frame = std::move(frame), .port = cases::kLan}; }

Bytes payload_of(const Bytes& frame) {
  const auto layout = layout_of(frame).value();
  return {frame.begin() + static_cast<std::ptrdiff_t>(layout.payload),
          frame.begin() + static_cast<std::ptrdiff_t>(layout.end)};
}

std::uint8_t& ttl_of(Bytes& frame) { return frame[layout_of(frame).value().l3 + 8]; }

Bytes with_less_ttl(Bytes frame, unsigned hops) {
  ttl_of(frame) = static_cast<std::uint8_t>(ttl_of(frame) - hops);
  make_right(frame);
  return frame;
}

// A client's packet with everything random that a client may choose: address, port, payload, options, and the fields
// that we have no business with.
class Clients {
 public:
  explicit Clients(std::uint64_t seed) : random_{seed} {}

  Bytes packet(net::IpProtocol protocol) {
    const bool is_tcp = protocol == net::IpProtocol::kTcp;
    cases::Frame frame = cases::from_client(is_tcp ? 80 : 53, net::kTcpSyn);
    frame.protocol = protocol;
    frame.payload.resize(random_.below(1400));
    const bool is_sctp = protocol == net::IpProtocol::kSctp;
    if (is_sctp) frame = init_of_any_length();
    frame.ip_options = random_.random_bytes(4 * (random_.below(4) == 0 ? random_.below(11) : 0));
    Bytes bytes = cases::bytes_of(frame);
    const auto layout = layout_of(bytes).value();
    randomize(bytes, layout.l3 + 1, 1);
    randomize(bytes, layout.l3 + 4, 2);
    bytes[layout.l3 + 6] = static_cast<std::uint8_t>(random_.below(2) * 0x40);  // Don't fragment.
    ttl_of(bytes) = static_cast<std::uint8_t>(3 + random_.below(253));
    bytes[layout.addresses] = 100;
    randomize(bytes, layout.addresses + 1, 3);
    randomize(bytes, layout.l4, 2);
    const std::size_t fixed = is_sctp ? sizeof(net::SctpChunk) + sizeof(net::Be32) : 0;  // With the initiate tag.
    randomize(bytes, layout.payload + fixed, layout.end - layout.payload - fixed);
    if (is_tcp) {
      randomize(bytes, layout.l4 + 4, 8);
      randomize(bytes, layout.l4 + 14, 2);
      randomize(bytes, layout.l4 + 18, 2);
    }
    make_right(bytes);
    return bytes;
  }

  Bytes packet() {
    constexpr std::array kProtocols{net::IpProtocol::kTcp, net::IpProtocol::kUdp, net::IpProtocol::kSctp};
    return packet(kProtocols[random_.below(kProtocols.size())]);
  }

 private:
  cases::Frame init_of_any_length() {
    cases::Frame frame = cases::client_packet(net::kSctpInit);
    frame.payload.resize(frame.payload.size() + random_.below(1300));
    return frame;
  }
  void randomize(Bytes& bytes, std::size_t at, std::size_t count) {
    const Bytes random = random_.random_bytes(count);
    std::ranges::copy(random, bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }

  Mutator random_;
};

std::string name_of(lb::Delivery delivery) {
  std::string name{to_string(delivery)};
  std::erase(name, '-');
  return name;
}

class PipelineDelivering : public testing::TestWithParam<std::tuple<unsigned, lb::Delivery>> {};

// Whatever worker a packet comes to.
TEST_P(PipelineDelivering, BringsWhatTheNodeAnswersToTheClientAsItWas) {
  const auto workers = std::get<unsigned>(GetParam());
  Box box{{.workers = workers, .flows_max = kConnections}};
  box.publish({.delivery = std::get<lb::Delivery>(GetParam())});
  Clients clients{1};
  Mutator random{workers};
  const auto anywhere = [&](Arrival arrival) {
    arrival.worker = static_cast<unsigned>(random.below(workers));
    return arrival;
  };
  for (int i = 0; i < kConnections; ++i) {
    const Bytes sent = clients.packet();
    const Departure there = box.send(anywhere(at_wan(sent)));
    ASSERT_EQ(name(there.verdict), "to_node");
    ASSERT_TRUE(accepts(there.frame));
    ASSERT_EQ(payload_of(there.frame), payload_of(sent));
    const Departure back = box.send(anywhere(at_lan(mirrored(there.frame))));
    ASSERT_EQ(name(back.verdict), "to_client");
    ASSERT_EQ(back.frame, with_less_ttl(mirrored(sent), 2));
  }
  EXPECT_THAT(box.complaints(), testing::IsEmpty());
}

std::string name_of(const std::tuple<unsigned, lb::Delivery>& workers_and_delivery) {
  return name_of(std::get<1>(workers_and_delivery)) + std::to_string(std::get<0>(workers_and_delivery));
}

INSTANTIATE_TEST_SUITE_P(WorkersAndDeliveries, PipelineDelivering,
                         testing::Combine(testing::Values(1U, 2U, 6U, 16U), testing::ValuesIn(lb::kDeliveries)),
                         [](const auto& test) { return name_of(test.param); });

// The sum that finds a broken cable or memory is carried on, not made anew over what was broken.
TEST(PipelineProperty, DoesNotMakeAWrongChecksumRight) {
  Box box{{.flows_max = kConnections}};
  Clients clients{2};
  for (int i = 0; i < kConnections; ++i) {
    Bytes broken = clients.packet();
    const auto layout = layout_of(broken).value();
    broken[layout.checksum] ^= 0x10;
    const Departure there = box.send(at_wan(broken));
    ASSERT_EQ(name(there.verdict), "to_node");
    EXPECT_FALSE(accepts(there.frame));
  }
}

TEST(PipelineProperty, LeavesDatagramsWithoutAChecksumWithoutOne) {
  Box box{{.flows_max = kConnections}};
  Clients clients{3};
  for (int i = 0; i < kConnections; ++i) {
    Bytes sent = clients.packet(net::IpProtocol::kUdp);
    const auto layout = layout_of(sent).value();
    write16(sent, layout.checksum, 0);
    const Departure there = box.send(at_wan(sent));
    EXPECT_EQ(read16(there.frame, layout.checksum), 0);
    const Departure back = box.send(at_lan(mirrored(there.frame)));
    EXPECT_EQ(read16(back.frame, layout.checksum), 0);
  }
}

// With its last two bytes so that the sum of all that is sent comes to zero.
Bytes summing_to_zero(Bytes sent, std::uint16_t checksum_of_sent, const Layout& layout) {
  const std::size_t last = layout.payload + (layout.end - layout.payload - 2) / 2 * 2;
  const std::uint32_t word = read16(sent, last) + std::uint32_t{checksum_of_sent};
  write16(sent, last, static_cast<std::uint16_t>((word & 0xffff) + (word >> 16)));
  make_right(sent);
  return sent;
}

TEST(PipelineProperty, SendsAComputedZeroOfUdpAsOnes) {
  Box box{{.flows_max = kConnections}};
  Clients clients{4};
  for (int i = 0; i < kConnections; ++i) {
    const Bytes sent = clients.packet(net::IpProtocol::kUdp);
    const auto layout = layout_of(sent).value();
    if (layout.end < layout.payload + 2) continue;
    const Departure first = box.send(at_wan(sent));
    const Departure there = box.send(at_wan(summing_to_zero(sent, read16(first.frame, layout.checksum), layout)));
    EXPECT_EQ(read16(there.frame, layout.checksum), 0xffff);
    EXPECT_TRUE(accepts(there.frame));
    const Departure answer = box.send(at_lan(mirrored(first.frame)));
    const Bytes zero = summing_to_zero(mirrored(first.frame), read16(answer.frame, layout.checksum), layout);
    const Departure back = box.send(at_lan(zero));
    EXPECT_EQ(read16(back.frame, layout.checksum), 0xffff);
    EXPECT_TRUE(accepts(back.frame));
  }
}

Bytes ping(const Bytes& identifier_and_number, const Bytes& payload) {
  cases::Frame frame = cases::from_client(0, 0);
  frame.payload.assign(payload.begin(), payload.end());
  Bytes bytes = cases::echo_bytes(frame, net::kIcmpEchoRequest, 0);
  std::ranges::copy(identifier_and_number, bytes.begin() + 38);
  make_right(bytes);
  return bytes;
}

TEST(PipelineProperty, AnswersEveryPingWithARightChecksumAndTheSameBytes) {
  Box box{{}};
  Mutator random{5};
  std::vector<Bytes> pings{ping({0, 0, 0, 0}, {}), ping({0, 0, 0, 0}, Bytes(56)), ping({0xff, 0xff, 0, 0}, {})};
  for (int i = 0; i < kConnections; ++i) pings.push_back(ping(random.random_bytes(4), random.random_bytes(i % 200)));
  for (const Bytes& asked : pings) {
    const Departure answer = box.send(at_wan(asked));
    ASSERT_EQ(name(answer.verdict), "reply");
    EXPECT_TRUE(accepts(answer.frame)) << testing::PrintToString(asked);
    EXPECT_EQ(payload_of(answer.frame), payload_of(asked));
  }
}

class PipelineOfErrors : public testing::TestWithParam<std::tuple<unsigned, lb::Delivery>> {
 protected:
  PipelineOfErrors() { box_.publish({.delivery = std::get<lb::Delivery>(GetParam())}); }
  static unsigned workers() { return std::get<unsigned>(GetParam()); }

  // A router cannot pass on what we sent. Who sent it to us, as `original`, hears of that, wherever the NIC puts the
  // error: from whom it knows, about what it knows.
  void tell_sender(const Bytes& sent_by_us, std::uint16_t port, const Bytes& original) {
    const auto layout = layout_of(sent_by_us).value();
    std::size_t quoted = layout.l4 - layout.l3 + 8 + random_.below(600);
    const std::size_t checksum = layout.checksum - layout.l3;  // A part of one cannot be made right.
    if (quoted > checksum && quoted < checksum + (layout.protocol == 132 ? 4 : 2)) quoted = checksum;
    const Departure told = box_.send({.frame = error_about(sent_by_us, quoted),
                                      .port = port,
                                      .worker = static_cast<unsigned>(random_.below(workers()))});
    ASSERT_EQ(name(told.verdict), port == cases::kWan ? "to_node" : "to_client");
    ASSERT_TRUE(accepts(told.frame));
    ASSERT_EQ(told.frame, with_less_ttl(error_about(with_less_ttl(original, 1), quoted), 1));
  }

  Box box_{{.workers = workers(), .flows_max = kConnections}};
  Mutator random_{6};
};

TEST_P(PipelineOfErrors, TellsWhoSentAPacketWhatBecameOfItAsIfThereWereNoNat) {
  Clients clients{7};
  for (int i = 0; i < kConnections; ++i) {
    const Bytes asked = clients.packet();
    const Departure there = box_.send(at_wan(asked));
    ASSERT_NO_FATAL_FAILURE(tell_sender(there.frame, cases::kLan, asked));
    const Bytes answered = mirrored(there.frame);
    const Departure back = box_.send(at_lan(answered));
    ASSERT_NO_FATAL_FAILURE(tell_sender(back.frame, cases::kWan, answered));
  }
  EXPECT_THAT(box_.complaints(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(WorkersAndDeliveries, PipelineOfErrors,
                         testing::Combine(testing::Values(1U, 3U, 16U), testing::ValuesIn(lb::kDeliveries)),
                         [](const auto& test) { return name_of(test.param); });

class PipelineOfAnyBytes : public testing::TestWithParam<unsigned> {};

TEST_P(PipelineOfAnyBytes, GivesEveryPacketAVerdictAndTouchesNothingElse) {
  Box box{{.workers = GetParam()}};
  Mutator mutator{GetParam()};
  std::vector<Arrival> arrivals(dataplane::kBurstMax);
  for (int burst = 0; burst < kBursts; ++burst) {
    for (Arrival& arrival : arrivals) {
      arrival = {.frame = mutator.next(),
                 .port = static_cast<std::uint16_t>(mutator.below(2)),
                 .worker = static_cast<unsigned>(mutator.below(2)),
                 .side = mutator.below(2) == 0 ? Side::kBegin : Side::kEnd};
    }
    for (const Departure& departure : box.send(arrivals)) {
      if (departure.verdict == Verdict::kToNode) mutator.add(mirrored(departure.frame));
      if (departure.verdict == Verdict::kToClient && layout_of(departure.frame)) {
        mutator.add(error_about(departure.frame, 64));
      }
    }
    if (burst % 8 == 0) box.wait(static_cast<nat::Tick>(mutator.below(100)));
    if (burst % 64 == 0) {
      box.publish({.http_backend = burst % 128 == 0 ? cases::kBackend1 : cases::kBackend2,
                   .delivery = lb::kDeliveries[static_cast<std::size_t>(burst) / 256 % lb::kDeliveries.size()]});
    }
    ASSERT_THAT(box.complaints(), testing::IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, PipelineOfAnyBytes, testing::Values(1U, 2U, 7U), testing::PrintToStringParamName());

}  // namespace
}  // namespace sluice::packets
