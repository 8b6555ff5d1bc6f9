#pragma once
// Frames in DPDK's buffers, for tests: memory of ordinary pages, no devices, no threads.

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <rte_mbuf.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace sluice::dataplane::dpdk {

using Bytes = std::vector<std::uint8_t>;

class WithFrames : public testing::Test {
 protected:
  static constexpr unsigned kBuffers = 255;

  WithFrames() { EXPECT_EQ(::rte_mempool_avail_count(pool()), kBuffers); }
  ~WithFrames() override {
    for (rte_mbuf* frame : frames_) ::rte_pktmbuf_free(frame);
    EXPECT_EQ(::rte_mempool_avail_count(pool()), kBuffers) << "a buffer was lost";
  }

  // Lives to the end of the test.
  rte_mbuf* frame(const Bytes& bytes) {
    frames_.push_back(buffer(bytes));
    return frames_.back();
  }
  // In as many buffers.
  rte_mbuf* chain(const std::vector<Bytes>& pieces) {
    rte_mbuf* first = frame(pieces.front());
    for (std::size_t i = 1; i < pieces.size(); ++i) EXPECT_EQ(::rte_pktmbuf_chain(first, buffer(pieces[i])), 0);
    return first;
  }
  static Bytes bytes_of(const rte_mbuf* frame) {
    Bytes bytes(frame->pkt_len);
    const void* read = ::rte_pktmbuf_read(frame, 0, frame->pkt_len, bytes.data());
    if (read != bytes.data()) std::memcpy(bytes.data(), read, bytes.size());
    return bytes;
  }

 private:
  static rte_mempool* pool() {
    static rte_mempool* const made = [] {
      std::vector<std::string> arguments{"frames", "--no-huge", "--no-pci", "--no-telemetry", "-m",
                                         "64",     "--lcores",  "0",        "--no-shconf",    "--log-level=1"};
      std::vector<char*> argv;
      for (auto& argument : arguments) argv.push_back(argument.data());
      EXPECT_GE(::rte_eal_init(static_cast<int>(argv.size()), argv.data()), 0);
      return ::rte_pktmbuf_pool_create("frames", kBuffers, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    }();
    return made;
  }
  static rte_mbuf* buffer(const Bytes& bytes) {
    rte_mbuf* made = ::rte_pktmbuf_alloc(pool());
    std::memcpy(::rte_pktmbuf_append(made, static_cast<std::uint16_t>(bytes.size())), bytes.data(), bytes.size());
    return made;
  }

  std::vector<rte_mbuf*> frames_;
};

}  // namespace sluice::dataplane::dpdk
