#include "tools/sluice/command_line.h"

#include <charconv>
#include <map>
#include <string_view>

#include <boost/program_options.hpp>

#include "conf/nearest.h"
#include "control/admin/client.h"
#include "tools/sluice/packet_request.h"
#include "tools/sluice/request.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

namespace po = boost::program_options;
using base::fail;
using base::Result;
using std::chrono::milliseconds;

constexpr std::array kFilters{"protocol", "client", "vip", "node", "limit"};
constexpr std::array kOfPackets{"port", "verdict", "direction", "count", "seconds", "snaplen", "write"};
constexpr double kPauseMin = 0.1, kPauseMax = 86400;  // seconds

po::options_description known_options() {
  po::options_description options;
  options.add_options()("help,h", "")("version", "")("all", "")("recent", "");
  for (const char* name : {"output,o", "socket,s", "watch,w", "protocol", "client", "vip", "node", "limit"}) {
    options.add_options()(name, po::value<std::string>(), "");
  }
  for (const char* name : kOfPackets) options.add_options()(name, po::value<std::vector<std::string>>(), "");
  options.add_options()("word", po::value<std::vector<std::string>>(), "");
  return options;
}

std::string describe(const po::unknown_option& error) {
  const std::string option = error.get_option_name();
  static const std::vector<std::string_view> kKnown{"--help",   "--version", "--all",      "--recent",  "--output",
                                                    "--socket", "--watch",   "--protocol", "--client",  "--vip",
                                                    "--node",   "--limit",   "--port",     "--verdict", "--direction",
                                                    "--count",  "--seconds", "--snaplen",  "--write"};
  const auto nearest = conf::nearest(option, kKnown);
  return "unknown option '" + option + "'" + (nearest.empty() ? "" : ": did you mean '" + std::string{nearest} + "'?");
}

Result<po::variables_map> read_options(const std::vector<std::string>& arguments) {
  po::positional_options_description words;
  words.add("word", -1);
  const auto options = known_options();
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(options).positional(words).style(style).run(), values);
  } catch (const po::unknown_option& error) {
    return fail(describe(error));
  } catch (const po::error& error) {
    return fail(error.what());
  }
  return values;
}

std::optional<std::string> value_of(const po::variables_map& values, const char* name) {
  return values.count(name) == 0 ? std::nullopt : std::optional{values[name].as<std::string>()};
}

Result<milliseconds> parse_pause(const std::string& text) {
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ec != std::errc{} || read.ptr != end || !(seconds >= kPauseMin && seconds <= kPauseMax)) {
    return fail("--watch: '" + text + "' is no number of seconds from 0.1 to 86400");
  }
  return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

// The options that go with every command.
Result<> read_common(const po::variables_map& values, const char* environment_socket, CommandLine& line) {
  const std::string output = value_of(values, "output").value_or("table");
  if (output != "table" && output != "json") return fail("--output: '" + output + "' is neither table nor json");
  line.style.output = output == "json" ? Output::kJson : Output::kTable;
  line.is_output_named = values.count("output") != 0;
  const bool has_environment = environment_socket != nullptr && *environment_socket != '\0';
  const std::string usual = has_environment ? environment_socket : control::admin::kDefaultSocket;
  line.socket = value_of(values, "socket").value_or(usual);
  if (const auto text = value_of(values, "watch")) {
    const auto pause = parse_pause(*text);
    if (!pause) return fail(pause.message());
    line.watch = *pause;
  }
  return {};
}

// `explain tcp …` is short for `explain flow tcp …`.
void complete(std::vector<std::string>& words) {
  if (words.size() > 1 && words[0] == "explain" && is_flow_protocol(words[1])) {
    words.insert(words.begin() + 1, "flow");
  }
}

Result<CommandLine> read_help(std::vector<std::string> words) {
  CommandLine line{.action = CommandLine::Action::kHelp};
  // The general help lists what can follow `show`.
  if (words.empty() || (words.size() < 2 && !looks_at_packets(words[0]))) return line;
  const auto command = find_command(words);
  if (!command) return fail(command.message());
  line.topic = *command;
  return line;
}

std::map<std::string, std::string> filters_of(const po::variables_map& values) {
  std::map<std::string, std::string> filters;
  for (const char* name : kFilters) {
    if (const auto value = value_of(values, name)) filters[name] = *value;
  }
  return filters;
}

Result<CommandLine> read_packets(const std::string& command, const std::vector<std::string>& words,
                                 const po::variables_map& values, CommandLine line) {
  line.action = CommandLine::Action::kLook;
  for (const char* name : {"all", "recent", "watch", "limit"}) {
    if (values.count(name) != 0) return fail("--" + std::string{name} + " is no option of `sluice " + command + "`");
  }
  if (words.size() > 1) return fail(command + ": '" + words[1] + "' is too much");
  PacketOptions options;
  for (const auto& [name, value] : filters_of(values)) options.emplace(name, value);
  for (const char* name : kOfPackets) {
    if (values.count(name) == 0) continue;
    for (const auto& value : values[name].as<std::vector<std::string>>()) options.emplace(name, value);
  }
  if (const auto file = options.find("write"); file != options.end()) line.file = file->second;
  options.erase("write");
  if (line.file && command == "trace") return fail("--write is an option of `sluice capture`, not of `sluice trace`");
  if (line.file && line.is_output_named) return fail("--write writes pcapng and --output prints: which of them?");
  const auto request = packet_request(command, options);
  if (!request) return fail(request.message());
  line.request = *request;
  return line;
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments, const char* environment_socket) {
  const auto values = read_options(arguments);
  if (!values) return fail(values.message());
  std::vector<std::string> words;
  if (values->count("word") != 0) words = (*values)["word"].as<std::vector<std::string>>();
  complete(words);
  if (!words.empty() && words[0] == "help") return read_help({words.begin() + 1, words.end()});
  if (values->count("help") != 0) return read_help(words);
  CommandLine line;
  if (values->count("version") != 0) {
    line.action = CommandLine::Action::kVersion;
    return line;
  }

  const auto command = find_command(words);
  if (!command) return fail(command.message());
  if (const auto read = read_common(*values, environment_socket, line); !read) return fail(read.message());
  if (looks_at_packets(*command)) return read_packets(*command, words, *values, std::move(line));
  for (const char* name : kOfPackets) {
    if (values->count(name) != 0) {
      return fail("--" + std::string{name} + " is an option of `sluice capture` and `sluice trace`, not of `sluice " +
                  *command + "`");
    }
  }
  const bool wants_all = values->count("all") != 0, wants_recent = values->count("recent") != 0;
  if ((wants_all || wants_recent) && *command != "show drops") {
    return fail(std::string{wants_all ? "--all" : "--recent"} +
                " is an option of `sluice show drops`, not of `sluice " + *command + "`");
  }
  if (wants_all && wants_recent) return fail("--all counts and --recent lists: which of them?");
  if (wants_all) line.style.verdicts = Verdicts::kAll;
  const std::vector<std::string> operands{words.begin() + 2, words.end()};
  const auto filters = filters_of(*values);
  const auto request = wants_recent ? recent_drops(operands) : make_request(*command, operands, filters);
  if (!request) return fail(request.message());
  line.request = *request;
  return line;
}

}  // namespace sluice::cli
