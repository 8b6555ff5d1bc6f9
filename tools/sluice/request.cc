#include "tools/sluice/request.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "conf/nearest.h"
#include "net/endpoint.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

using base::fail;
using base::Result;

constexpr std::uint32_t kFlowsShown = 100;

Result<net::Endpoint> parse_full_endpoint(const std::string& text) {
  auto result = net::Endpoint::parse(text);
  if (!result || result->port) return result;
  return fail("'" + text + "': its port is missing, as in " +
              net::with_port(result->address.to_string(), net::Be16{80}));
}

Result<std::string> parse_protocol(const std::string& text) {
  if (!is_flow_protocol(text)) return fail("'" + text + "': a protocol is tcp, udp or sctp");
  return text;
}

// The word itself if it is one of `known`; else a sentence with what was probably meant.
Result<> check_word(const std::string& word, const std::vector<std::string_view>& known) {
  if (std::find(known.begin(), known.end(), word) != known.end()) return {};
  const auto nearest = conf::nearest(word, known);
  if (!nearest.empty()) return fail("unknown command '" + word + "': did you mean '" + std::string{nearest} + "'?");
  return fail("unknown command '" + word + "': there is " + join({known.begin(), known.end()}, ", "));
}

std::vector<std::string_view> words_at(std::string_view verb) {
  std::vector<std::string_view> words;
  for (const std::string_view command : commands()) {
    if (command.size() > verb.size() && command.starts_with(verb)) words.push_back(command.substr(verb.size() + 1));
  }
  return words;
}

Result<admin::Request> show_flows(const std::map<std::string, std::string>& filters) {
  admin::Request request;
  auto& question = *request.mutable_show_flows();
  auto& filter = *question.mutable_filter();
  question.set_limit(kFlowsShown);
  for (const auto& [name, value] : filters) {
    const auto explain = [name = name](const std::string& why) { return fail("--" + name + ": " + why); };
    if (name == "protocol") {
      const auto protocol = parse_protocol(value);
      if (!protocol) return explain(protocol.message());
      filter.set_protocol(*protocol);
    } else if (name == "node") {
      filter.set_node(value);
    } else if (name == "limit") {
      const auto limit = parse_number(value, std::numeric_limits<std::uint32_t>::max());
      if (!limit || *limit == 0) return explain("'" + value + "' is no number of flows");
      question.set_limit(*limit);
    } else {
      const auto endpoint = net::Endpoint::parse(value);
      if (!endpoint) return explain(endpoint.message());
      set_endpoint(name, *endpoint, filter);
    }
  }
  return request;
}

Result<admin::Request> explain_service(const std::vector<std::string>& operands) {
  if (operands.size() != 1) return fail("explain service: say which, as [CLUSTER/]NAMESPACE/NAME");
  std::vector<std::string> parts{""};
  for (const char c : operands[0]) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  const bool has_hole = std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  if (has_hole || parts.size() < 2 || parts.size() > 3) {
    return fail("explain service: '" + operands[0] + "' is not of the form [CLUSTER/]NAMESPACE/NAME");
  }
  admin::Request request;
  auto& question = *request.mutable_explain_service();
  question.set_name(parts.back());
  question.set_namespace_(parts[parts.size() - 2]);
  if (parts.size() == 3) question.set_cluster(parts.front());
  return request;
}

Result<admin::Request> explain_flow(const std::vector<std::string>& operands) {
  if (operands.size() != 3) {
    return fail(
        "explain flow: say which, as PROTOCOL CLIENT:PORT VIP:PORT, such as tcp 198.51.100.10:40000 203.0.113.64:80");
  }
  const auto protocol = parse_protocol(operands[0]);
  if (!protocol) return fail("explain flow: " + protocol.message());
  const auto client = parse_full_endpoint(operands[1]);
  if (!client) return fail("explain flow: client " + client.message());
  const auto vip = parse_full_endpoint(operands[2]);
  if (!vip) return fail("explain flow: VIP " + vip.message());
  if (client->address.is_v4() != vip->address.is_v4()) {
    return fail("explain flow: client " + client->address.to_string() + " and VIP " + vip->address.to_string() +
                " are of different families: no flow can have both");
  }
  admin::Request request;
  auto& question = *request.mutable_explain_flow();
  question.set_protocol(*protocol);
  question.set_client(client->address.to_string());
  question.set_client_port(client->port->host());
  question.set_vip(vip->address.to_string());
  question.set_vip_port(vip->port->host());
  return request;
}

}  // namespace

void set_endpoint(const std::string& option, const net::Endpoint& endpoint, admin::FlowFilter& filter) {
  const std::uint32_t port = endpoint.port ? endpoint.port->host() : 0;
  if (option == "client") {
    filter.set_client(endpoint.address.to_string());
    filter.set_client_port(port);
  } else {
    filter.set_vip(endpoint.address.to_string());
    filter.set_vip_port(port);
  }
}

const std::vector<std::string>& commands() {
  static const std::vector<std::string> kCommands{"show services", "show backends", "show flows",      "show ports",
                                                  "show drops",    "show status",   "explain service", "explain flow",
                                                  "capture",       "trace"};
  return kCommands;
}

bool looks_at_packets(std::string_view command) { return command == "capture" || command == "trace"; }

Result<std::string> find_command(const std::vector<std::string>& words) {
  if (words.empty()) return fail("what shall be asked? there is show, explain, capture and trace");
  if (const auto known = check_word(words[0], {"show", "explain", "capture", "trace"}); !known) {
    return fail(known.message());
  }
  if (looks_at_packets(words[0])) return words[0];
  const auto nouns = words_at(words[0]);
  if (words.size() == 1) {
    return fail(words[0] + " what? there is " + join({nouns.begin(), nouns.end()}, ", "));
  }
  if (const auto known = check_word(words[1], nouns); !known) return fail(words[0] + ": " + known.message());
  return words[0] + " " + words[1];
}

Result<admin::Request> make_request(const std::string& command, const std::vector<std::string>& operands,
                                    const std::map<std::string, std::string>& filters) {
  if (command != "show flows" && !filters.empty()) {
    return fail("--" + filters.begin()->first + " is an option of `sluice show flows`, not of `sluice " + command +
                "`");
  }
  if (command == "explain service") return explain_service(operands);
  if (command == "explain flow") return explain_flow(operands);
  if (!operands.empty()) return fail(command + ": '" + operands[0] + "' is too much");
  if (command == "show flows") return show_flows(filters);
  admin::Request request;
  if (command == "show services") request.mutable_show_services();
  if (command == "show backends") request.mutable_show_backends();
  if (command == "show ports") request.mutable_show_ports();
  if (command == "show drops") request.mutable_show_drops();
  if (command == "show status") request.mutable_show_status();
  return request;
}

Result<admin::Request> recent_drops(const std::vector<std::string>& operands) {
  if (operands.size() > 1) return fail("show drops --recent: '" + operands[1] + "' is too much");
  admin::Request request;
  auto& question = *request.mutable_show_recent_drops();
  if (!operands.empty()) question.set_verdict(operands[0]);
  return request;
}

Result<std::uint32_t> parse_number(const std::string& text, std::uint32_t maximum) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number > maximum) return fail("'" + text + "' is no number here");
  return number;
}

}  // namespace sluice::cli
