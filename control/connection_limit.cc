#include "control/connection_limit.h"

#include <charconv>

namespace sluice::control {
namespace {

using dataplane::ConnectionLimit;

std::uint32_t read(const kube::Service& service, std::string_view annotation, std::uint32_t max,
                   PlannedService& planned) {
  const auto found = service.meta.annotations.find(std::string{annotation});
  if (found == service.meta.annotations.end()) return 0;
  const std::string& text = found->second;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= max) return number;
  planned.notes.push_back("annotation " + std::string{annotation} + ": expected a number from 1 to " +
                          std::to_string(max) + ", got \"" + text + "\"; there is no such limit now");
  return 0;
}

}  // namespace

void read_connection_limit(const kube::Service& service, PlannedService& planned) {
  planned.connection_limit = {
      .a_second = read(service, kNewConnectionsAnnotation, ConnectionLimit::kMax, planned),
      .a_second_by_client = read(service, kNewConnectionsByClientAnnotation, ConnectionLimit::kByClientMax, planned)};
}

std::string sentence_of(const ConnectionLimit& limit) {
  if (limit.a_second == 0 && limit.a_second_by_client == 0) return "";
  const std::string of_all = limit.a_second == 0 ? "" : std::to_string(limit.a_second);
  const std::string of_one =
      limit.a_second_by_client == 0 ? "" : std::to_string(limit.a_second_by_client) + " of one client";
  return of_all + (of_all.empty() || of_one.empty() ? "" : ", ") + of_one + " new connections a second at most";
}

}  // namespace sluice::control
