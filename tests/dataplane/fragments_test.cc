#include "dataplane/fragments.h"

#include <map>
#include <memory>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "dataplane/parse.h"
#include "tests/cases/case.h"

namespace sluice::dataplane {
namespace {

using cases::Bytes;
using cases::Part;

constexpr nat::Tick kSecond = nat::to_ticks(std::chrono::seconds{1});

Bytes fragment(std::uint16_t identification, const Part& part) {
  auto frame = cases::from_client(53, 0);
  frame.protocol = net::IpProtocol::kUdp;
  frame.identification = identification;
  frame.part = part;
  return cases::bytes_of(frame);
}

// Sends fragments by the table alone, and looks after the buffers as an engine does.
class Engine {
 public:
  explicit Engine(std::size_t packets_max = 64) : table{1, packets_max} {}

  Verdict meet(Bytes bytes, nat::Tick now = 0) {
    auto owned = std::make_unique<Bytes>(std::move(bytes));
    Burst burst;
    Packet& packet = burst.add(owned->data(), static_cast<std::uint16_t>(owned->size()), 0, owned.get());
    const Verdict parsed = parse(packet);
    const Verdict met = parsed == Verdict::kHeld ? table.meet(now, packet) : parsed;
    if (met == Verdict::kHeld) held[owned.get()] = std::move(owned);
    collect();
    return met;
  }
  Verdict meet(std::uint16_t identification, const Part& part, nat::Tick now = 0) {
    return meet(fragment(identification, part), now);
  }

  void expire(nat::Tick now) {
    table.expire(now, Fragments::kPacketsMax);
    collect();
  }

  Fragments table;
  std::map<void*, std::unique_ptr<Bytes>> held;
  std::map<Verdict, unsigned> left;

 private:
  void collect() {
    Burst burst;
    for (table.give_back(burst); burst.size() > 0; burst.clear(), table.give_back(burst)) {
      for (const Packet& packet : burst) {
        ++left[packet.verdict];
        EXPECT_EQ(held.erase(packet.buffer), 1U) << "a buffer left that was not held";
      }
    }
    EXPECT_EQ(held.size(), table.waiting());
  }
};

TEST(Fragments, AreForgottenWhenAllOfAPacketCame) {
  Engine engine;
  engine.meet(1, {16, 16});
  engine.meet(1, {32, 16, false});
  EXPECT_EQ(engine.table.packets(), 1U);
  engine.meet(1, {0, 16});
  EXPECT_EQ(engine.table.packets(), 0U);
  EXPECT_EQ(engine.left[Verdict::kContinue], 2U);
}

TEST(Fragments, TellEachOtherThePorts) {
  Fragments table{1};
  Bytes first = fragment(1, {0, 16}), later = fragment(1, {16, 16});
  Burst burst;
  for (Bytes* bytes : {&first, &later}) {
    Packet& packet = burst.add(bytes->data(), static_cast<std::uint16_t>(bytes->size()), 0, nullptr);
    EXPECT_EQ(name(parse(packet)), "held");
    EXPECT_EQ(name(table.meet(0, packet)), "continue");
    EXPECT_EQ(packet.key4.source_port, net::Be16{40'000});
    EXPECT_EQ(packet.key4.destination_port, net::Be16{53});
  }
  EXPECT_TRUE(burst[0].has_ports());
  EXPECT_TRUE(burst[1].is_later());
}

TEST(Fragments, WaitForASecondAndNotMuchLonger) {
  Engine engine;
  engine.meet(1, {16, 16});
  engine.expire(kSecond);
  EXPECT_EQ(engine.table.waiting(), 1U);
  engine.expire(kSecond + 2);
  EXPECT_EQ(engine.table.waiting(), 0U);
  EXPECT_EQ(engine.table.packets(), 0U);
  EXPECT_EQ(engine.left[Verdict::kDropFragmentAlone], 1U);
}

TEST(Fragments, DoNotMeetOnesThatWereGivenUp) {
  Engine engine;
  engine.meet(1, {16, 16});
  EXPECT_EQ(name(engine.meet(1, {0, 16}, kSecond + 2)), "continue");
  EXPECT_EQ(engine.left[Verdict::kDropFragmentAlone], 1U);
}

TEST(Fragments, OfAnOlderPacketMakeRoom) {
  Engine engine{8};  // One set.
  for (std::uint16_t number = 0; number < 9; ++number) engine.meet(number, {16, 16}, number);
  EXPECT_EQ(engine.table.packets(), 8U);
  EXPECT_EQ(engine.left[Verdict::kDropFragmentsFull], 1U);
  EXPECT_EQ(name(engine.meet(8, {0, 16}, 9)), "continue");
  EXPECT_EQ(engine.left[Verdict::kContinue], 1U) << "the newest still waited";
}

TEST(Fragments, ThatWaitAreCrowdedOutFromTheOldestOn) {
  Engine engine{Fragments::kPacketsMax};
  constexpr auto kMost = static_cast<std::uint16_t>(WaitingFragments::kWaitingMax);
  for (std::uint16_t number = 0; number < kMost + 3; ++number) engine.meet(number, {16, 16});
  EXPECT_EQ(engine.table.waiting(), WaitingFragments::kWaitingMax);
  EXPECT_EQ(engine.left[Verdict::kDropFragmentsFull], 3U);
  engine.meet(0, {0, 16});
  EXPECT_EQ(engine.left[Verdict::kContinue], 0U);
  engine.meet(3, {0, 16});
  EXPECT_EQ(engine.left[Verdict::kContinue], 1U);
}

TEST(Fragments, PoisonEndsWhatWaitsAndWhatComes) {
  Engine engine;
  engine.meet(1, {16, 16});
  engine.meet(1, {48, 16});
  EXPECT_EQ(name(engine.meet(1, {56, 16})), "drop_fragment_overlap");
  EXPECT_EQ(engine.left[Verdict::kDropFragmentPoisoned], 2U);
  EXPECT_EQ(name(engine.meet(1, {0, 16}, kSecond)), "drop_fragment_poisoned");
}

TEST(Fragments, OfATcpHeaderWithOptionsHoldAllOfIt) {
  auto frame = cases::from_client(80, net::kTcpSyn);
  frame.payload = std::string(40, 'x');
  frame.part = Part{0, 24};
  Bytes bytes = cases::bytes_of(frame);
  bytes[34 + 12] = 7 << 4;  // 28 bytes of header.
  EXPECT_EQ(name(Engine{}.meet(bytes)), "drop_fragment_tiny");
  bytes[34 + 12] = 4 << 4;
  EXPECT_EQ(name(Engine{}.meet(bytes)), "drop_bad_header");
}

TEST(Fragments, OfAPacketHaveOneOwner) {
  const Fragments table{1};
  std::set<unsigned> owners;
  for (std::uint16_t number = 0; number < 100; ++number) {
    std::set<unsigned> of_packet;
    for (const Part part : {Part{0, 16}, Part{16, 16}, Part{32, 16, false}}) {
      Bytes bytes = fragment(number, part);
      Burst burst;
      Packet& packet = burst.add(bytes.data(), static_cast<std::uint16_t>(bytes.size()), 0, nullptr);
      parse(packet);
      of_packet.insert(table.owner(packet, 4));
    }
    EXPECT_EQ(of_packet.size(), 1U);
    owners.merge(of_packet);
  }
  EXPECT_EQ(owners, (std::set{0U, 1U, 2U, 3U}));
}

// A million fragments, most of which nobody claims: the bounds hold, and every buffer that was kept comes back once.
TEST(Fragments, NeverKeepMoreThanTheirBounds) {
  Engine engine{Fragments::kPacketsMax};
  std::mt19937_64 random{1};
  Bytes bytes = fragment(0, {16, 16});
  nat::Tick now = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::uint64_t word = random() & 0xffff'ffff'ffff'03ffULL;  // Few identifications: some meet.
    const auto place = static_cast<std::uint16_t>((word >> 16 & 7) * 2 | (word >> 20 & 1) << 13);
    std::memcpy(bytes.data() + 14 + 4, &word, 2);
    bytes[14 + 6] = static_cast<std::uint8_t>(place >> 8);
    bytes[14 + 7] = static_cast<std::uint8_t>(place);
    bytes[14 + 12] = static_cast<std::uint8_t>(word >> 24 & 3);
    engine.meet(bytes, now);
    ASSERT_LE(engine.table.packets(), Fragments::kPacketsMax);
    ASSERT_LE(engine.table.waiting(), WaitingFragments::kWaitingMax);
    if (i % 1000 == 0) engine.expire(++now);
  }
  engine.expire(now + 2 * kSecond);
  EXPECT_EQ(engine.table.packets(), 0U);
  EXPECT_TRUE(engine.held.empty());
  EXPECT_GT(engine.left[Verdict::kContinue], 1000U);
  EXPECT_GT(engine.left[Verdict::kDropFragmentsFull], 1000U);
}

}  // namespace
}  // namespace sluice::dataplane
