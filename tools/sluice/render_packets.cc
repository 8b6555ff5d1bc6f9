#include "tools/sluice/render_packets.h"

#include <ctime>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "tools/sluice/table.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

// Local time of day.
std::string time_of(std::uint64_t time_ns) {
  const auto seconds = static_cast<std::time_t>(time_ns / kNanosecondsPerSecond);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}:{:02}.{:09}", local.tm_hour, local.tm_min, local.tm_sec,
                     time_ns % kNanosecondsPerSecond);
}

std::string end_of(const std::string& address, std::uint32_t port) {
  return port == 0 ? address : endpoint(address, port);
}

std::string headers_of(const admin::Frame& frame) {
  if (frame.protocol().empty()) return "not IP";
  std::string text = frame.protocol() + " " + end_of(frame.source(), frame.source_port()) + " > " +
                     end_of(frame.destination(), frame.destination_port());
  if (!frame.tcp_flags().empty()) text += " [" + frame.tcp_flags() + "]";
  if (!frame.sctp_chunk().empty()) text += " [" + frame.sctp_chunk() + "]";
  if (frame.protocol().starts_with("icmp"))
    text += fmt::format(" type {} code {}", frame.icmp_type(), frame.icmp_code());
  if (frame.is_fragment()) text += " fragment";
  return text;
}

template <typename Packet>
std::string verdict_of(const Packet& packet) {
  return packet.verdict() + (packet.instead_of().empty() ? "" : " instead of " + packet.instead_of());
}

}  // namespace

std::string to_line(const admin::Frame& frame) {
  return printable(fmt::format("{} {} {:3} {}, {} bytes: {}", time_of(frame.time_ns()), frame.port(), frame.direction(),
                               headers_of(frame), frame.length(), verdict_of(frame))) +
         "\n";
}

std::string to_text(const admin::TracedPacket& packet) {
  Table table{{">#", "STEP", "WHAT"}};
  int index = 0;
  for (const auto& step : packet.steps()) table.add({std::to_string(++index), step.step(), step.sentence()});
  return printable(time_of(packet.time_ns()) + "\n" + table.text() + "verdict: " + verdict_of(packet) + "\n\n");
}

std::string to_json_line(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return (status.ok() ? text : "{}") + "\n";
}

std::string comment_of(const admin::Frame& frame) {
  return fmt::format("{}, worker {}", verdict_of(frame), frame.worker());
}

}  // namespace sluice::cli
