// SCTP that does not pass: what is broken, and what its sender hears (RFC 9260 8.4, 8.5).

#include "tests/cases/sctp_frames.h"

namespace sluice::cases {
namespace {

using enum dataplane::Verdict;
using namespace net;

constexpr std::uint16_t kNoSuchPort = 2906, kNoNodePort = 3868;

Step from_the_blue(std::string what, std::uint8_t type, std::string value = {}, std::uint16_t port = kNoSuchPort) {
  Step step{.what = std::move(what), .in = client_packet(type, std::move(value)), .verdict = kDropNoService};
  step.in.destination_port = port;
  return step;
}
Step with_more(Step step, std::string chunks) {
  step.in.more_chunks = std::move(chunks);
  return step;
}
Step with_tag(Step step, std::uint32_t tag) {
  step.in.tag = tag;
  return step;
}
Step wrong(Step step) {
  step.in.crc_wrong_by = 1;
  return step;
}

// To the peer that asked for it, by the name that it gave itself.
Step init_aborted(Step step) { return answered(std::move(step), kReplyAbort, kSctpAbort, 0, kClientTag); }
Step completed(Step step) {
  return answered(std::move(step), kReplyShutdownComplete, kSctpShutdownComplete, kSctpTagReflected, 0);
}

std::vector<Case> answered_cases() {
  return {
      {"an INIT for a port without a service is aborted by its own tag",
       {init_aborted(from_the_blue("INIT", kSctpInit))}},
      {"SCTP out of the blue is aborted by its tag, reflected",
       {aborted(from_the_blue("DATA", kSctpData, "data")), aborted(from_the_blue("HEARTBEAT", kHeartbeat, "info")),
        aborted(from_the_blue("COOKIE ECHO", kSctpCookieEcho, "stale")),
        aborted(from_the_blue("SHUTDOWN", kSctpShutdown, "tsn.")),
        aborted(from_the_blue("ERROR of another cause", kSctpError, std::string{"\0\1\0\4", 4}))}},
      {"SCTP of no association is aborted at a service, too",
       {aborted(from_the_blue("DATA", kSctpData, "data", kSignallingPort))}},
      {"a SHUTDOWN ACK out of the blue is completed", {completed(from_the_blue("SHUTDOWN ACK", kSctpShutdownAck))}},
      {"what must not be answered is not",
       {from_the_blue("ABORT", kSctpAbort), from_the_blue("SHUTDOWN COMPLETE", kSctpShutdownComplete),
        from_the_blue("COOKIE ACK", kSctpCookieAck),
        from_the_blue("ERROR, stale cookie", kSctpError, std::string{"\0\3\0\10\0\0\0\0", 8}),
        with_more(from_the_blue("SACK and ABORT", kSack, "sack"), chunk_bytes(kSctpAbort, ""))}},
      {"SCTP with a wrong checksum is not answered",
       {wrong(from_the_blue("INIT", kSctpInit)), wrong(from_the_blue("DATA", kSctpData, "data"))}},
      {"a chunk without an end hides no ABORT behind it",
       {aborted(with_more(from_the_blue("SACK, and a chunk of length 0", kSack, "sack"),
                          std::string{"\7\0\0\0", 4} + chunk_bytes(kSctpAbort, "")))}},
  };
}

Step to_snat_only(Step step) {
  step.in.destination = kSnatOnly;
  return step;
}

std::vector<Case> ipv4_cases() {
  return {
      {"an INIT for a service without a usable node is aborted",
       {init_aborted(from_the_blue("INIT", kSctpInit, {}, kNoNodePort))}},
      {"SCTP of no flow for a SNAT address of our own is aborted",
       {aborted(to_snat_only(from_the_blue("DATA", kSctpData, "data")))}},
      {"an ABORT of no flow for a SNAT address of our own",
       {ending(to_snat_only(from_the_blue("ABORT", kSctpAbort)), kDropStray)}},
  };
}

Step broken(std::string what, Frame frame, dataplane::Verdict verdict) {
  return {.what = std::move(what), .in = std::move(frame), .verdict = verdict};
}
Frame with_initiate_tag(std::uint32_t tag) { return client_packet(kSctpInit, init_value(tag)); }

std::vector<Case> broken_cases() {
  return {
      {"only an INIT has no verification tag",
       {ending(with_tag(client_sends("DATA without a tag", kSctpData, "data"), 0), kDropBadHeader),
        ending(with_tag(client_sends("INIT with a tag", kSctpInit), 7), kDropBadHeader)}},
      {"an INIT stands alone",
       {ending(with_more(client_sends("INIT and DATA", kSctpInit), chunk_bytes(kSctpData, "early")), kDropBadHeader)}},
      {"an INIT names a tag", {broken("INIT for tag 0", with_initiate_tag(0), kDropBadHeader)}},
      {"an INIT is as long as its fields",
       {broken("INIT of 8 bytes", client_packet(kSctpInit, "only"), kDropBadHeader)}},
  };
}

Bytes with_byte(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}
Bytes shorter(Bytes bytes, std::size_t by) {
  bytes.resize(bytes.size() - by);
  bytes.at(17) = static_cast<std::uint8_t>(bytes.size() - 14);  // Total length of IPv4.
  return bytes;
}
Step raw(std::string what, Bytes in, dataplane::Verdict verdict) {
  return {.what = std::move(what), .raw_in = std::move(in), .verdict = verdict};
}

std::vector<Case> raw_cases() {
  constexpr std::size_t kChunkLength = 14 + 20 + 12 + 2;
  const Bytes data = bytes_of(client_packet(kSctpData, "data"));
  const Bytes init = bytes_of(client_packet(kSctpInit));
  return {
      {"a chunk is not shorter than its header",
       {raw("length 3", with_byte(data, kChunkLength + 1, 3), kDropBadHeader)}},
      {"a chunk does not end behind its packet",
       {raw("256 bytes more", with_byte(data, kChunkLength, 1), kDropTruncated),
        raw("INIT cut off", shorter(init, 4), kDropTruncated)}},
      {"a packet of SCTP has a chunk", {raw("header only", shorter(data, 8), kDropTruncated)}},
  };
}

}  // namespace

std::vector<Case> sctp_refusal_cases() {
  return joined({of_both_families(answered_cases()), ipv4_cases(), of_both_families(broken_cases()), raw_cases()});
}

}  // namespace sluice::cases
