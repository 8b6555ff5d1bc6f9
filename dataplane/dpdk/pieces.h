#pragma once
// Devices may hand over a frame as a chain of buffers; the pipeline wants it in one piece.

#include <rte_mbuf.h>

namespace sluice::dataplane::dpdk {

// Moves a chain into its first buffer. False if it does not fit: it is as it was then.
inline bool make_whole(rte_mbuf* frame) { return frame->nb_segs == 1 || ::rte_pktmbuf_linearize(frame) == 0; }

}  // namespace sluice::dataplane::dpdk
