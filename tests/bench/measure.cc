#include "tests/bench/measure.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace sluice::bench {
namespace {

void print_line(const Figure& figure) {
  const std::string flows = figure.flows > 0 ? std::to_string(figure.flows) + " flows" : "";
  std::printf("%-52s %14s %14.*f %-14s", figure.name.c_str(), flows.c_str(), figure.value < 10 ? 3 : 1, figure.value,
              figure.unit.c_str());
  if (figure.reference > 0) std::printf(" budget %-8.0f ratio %.2f", figure.reference, figure.value / figure.reference);
  std::printf("\n");
}

void print_object(const Figure& figure) {
  std::printf(R"({"name":"%s","flows":)", figure.name.c_str());
  figure.flows > 0 ? std::printf("%zu", figure.flows) : std::printf("null");
  std::printf(R"(,"unit":"%s","value":%.3f,"median":%.3f)", figure.unit.c_str(), figure.value, figure.median);
  if (figure.reference > 0) {
    std::printf(R"(,"reference":%.0f,"ratio":%.3f)", figure.reference, figure.value / figure.reference);
  } else {
    std::printf(R"(,"reference":null,"ratio":null)");
  }
  std::printf("}\n");
}

[[noreturn]] void usage(const char* program) {
  std::fprintf(stderr, "usage: %s [--flows N]... [--once PACKETS] [--json]\n", program);
  std::exit(2);
}

std::size_t number_of(std::string_view text, const char* program) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0) usage(program);
  return number;
}

}  // namespace

void print(const std::vector<Figure>& figures, Format format) {
  for (const Figure& figure : figures) format == Format::kJson ? print_object(figure) : print_line(figure);
  std::fflush(stdout);
}

Options parse_options(int argument_count, char** arguments, std::vector<std::size_t> default_flow_counts) {
  Options options;
  for (int i = 1; i < argument_count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--json") {
      options.format = Format::kJson;
    } else if (argument == "--flows" && i + 1 < argument_count) {
      options.flow_counts.push_back(number_of(arguments[++i], arguments[0]));
    } else if (argument == "--once" && i + 1 < argument_count) {
      options.once = number_of(arguments[++i], arguments[0]);
    } else {
      usage(arguments[0]);
    }
  }
  if (options.flow_counts.empty()) options.flow_counts = std::move(default_flow_counts);
  return options;
}

}  // namespace sluice::bench
