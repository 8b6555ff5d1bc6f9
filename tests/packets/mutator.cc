#include "tests/packets/mutator.h"

#include <array>

#include "tests/cases/case.h"

namespace sluice::packets {
namespace {

constexpr std::array<std::uint8_t, 10> kTelling{0x00, 0x01, 0x04, 0x05, 0x0f, 0x45, 0x4f, 0x7f, 0x80, 0xff};

}  // namespace

std::vector<Bytes> frames_of_all_cases() {
  std::vector<Bytes> frames;
  for (const auto& one : cases::all_cases()) {
    for (const auto& step : one.steps) frames.push_back(step.raw_in.empty() ? cases::bytes_of(step.in) : step.raw_in);
  }
  return frames;
}

void Mutator::add(Bytes frame) {
  if (added_.size() < kAddedMax) {
    added_.push_back(std::move(frame));
  } else {
    added_[below(kAddedMax)] = std::move(frame);
  }
}

Bytes Mutator::random_bytes(std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  return bytes;
}

Bytes Mutator::next() {
  const std::size_t kind = below(16);
  if (kind == 0) return random_bytes(below(128));
  const auto& from = kind < 6 && !added_.empty() ? added_ : seeds_;
  Bytes frame = from[below(from.size())];
  for (std::size_t changes = kind < 12 ? below(4) : 0; changes > 0 && !frame.empty(); --changes) change(frame);
  if (below(8) == 0) make_right(frame);
  return frame;
}

// An IPv4 packet becomes a fragment of few packets, at one of few places; others get odd bytes.
void Mutator::make_fragment(Bytes& frame) {
  if (frame.size() < 22) return;
  write16(frame, 18, static_cast<std::uint16_t>(below(4)));
  write16(frame, 20, static_cast<std::uint16_t>(below(2) << 13 | below(16)));
}

void Mutator::change(Bytes& frame) {
  const std::size_t at = below(frame.size());
  switch (below(7)) {
    case 0: frame[at] = static_cast<std::uint8_t>(random_()); break;
    case 1: frame[at] = kTelling[below(kTelling.size())]; break;
    case 2: frame[at] ^= static_cast<std::uint8_t>(1U << below(8)); break;
    case 3: frame.resize(at); break;
    case 4: frame.resize(frame.size() + below(40), 0); break;
    case 5: make_fragment(frame); break;
    default: frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(at), 4, 0x01); break;
  }
}

}  // namespace sluice::packets
