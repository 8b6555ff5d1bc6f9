#include "dataplane/dpdk/pieces.h"

#include <numeric>

#include "tests/dataplane/dpdk/frames.h"

namespace sluice::dataplane::dpdk {
namespace {

Bytes counting(std::size_t length, std::uint8_t first) {
  Bytes bytes(length);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

class Pieces : public WithFrames {};

TEST_F(Pieces, OfAChainThatFitsBecomeOne) {
  rte_mbuf* pieces = chain({counting(60, 0), counting(1000, 60), counting(988, 20)});  // The whole of a buffer's room.
  const Bytes before = bytes_of(pieces);
  EXPECT_TRUE(make_whole(pieces));
  EXPECT_EQ(pieces->nb_segs, 1);
  EXPECT_EQ(pieces->data_len, 2048);
  EXPECT_EQ(pieces->pkt_len, 2048U);
  EXPECT_EQ(pieces->next, nullptr);
  EXPECT_EQ(bytes_of(pieces), before);
}

TEST_F(Pieces, OfOneByteTooManyStayAChain) {
  rte_mbuf* pieces = chain({counting(2000, 0), counting(49, 0)});
  const Bytes before = bytes_of(pieces);
  EXPECT_FALSE(make_whole(pieces));
  EXPECT_EQ(pieces->nb_segs, 2);
  EXPECT_EQ(bytes_of(pieces), before);
}

TEST_F(Pieces, AreOneAlreadyInMostFrames) {
  rte_mbuf* whole = frame(counting(100, 0));
  EXPECT_TRUE(make_whole(whole));
  EXPECT_EQ(bytes_of(whole), counting(100, 0));
}

}  // namespace
}  // namespace sluice::dataplane::dpdk
