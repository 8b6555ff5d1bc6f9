#include "tools/sluice/command_line.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/sluice/help.h"
#include "tools/sluice/request.h"

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;
using Action = CommandLine::Action;

base::Result<CommandLine> parse(const std::string& typed, const char* environment_socket = nullptr) {
  std::istringstream stream{typed};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return parse_command_line(words, environment_socket);
}

CommandLine parsed(const std::string& typed) {
  const auto line = parse(typed);
  EXPECT_TRUE(line) << (line ? "" : line.message());
  return line.value_or(CommandLine{});
}

std::string complaint(const std::string& typed) {
  const auto line = parse(typed);
  return line ? "(none)" : line.message();
}

TEST(CommandLine, AsksEveryQuestionThatThereIs) {
  EXPECT_TRUE(parsed("show services").request.has_show_services());
  EXPECT_TRUE(parsed("show backends").request.has_show_backends());
  EXPECT_TRUE(parsed("show flows").request.has_show_flows());
  EXPECT_TRUE(parsed("show ports").request.has_show_ports());
  EXPECT_TRUE(parsed("show drops").request.has_show_drops());
  EXPECT_TRUE(parsed("show status").request.has_show_status());
  EXPECT_TRUE(parsed("explain service shop/web").request.has_explain_service());
  EXPECT_TRUE(parsed("explain flow tcp 192.0.2.1:1 192.0.2.2:2").request.has_explain_flow());
}

TEST(CommandLine, TakesAProtocolForAFlowToExplain) {
  const auto full = parsed("explain flow udp 192.0.2.1:1 192.0.2.2:2").request.explain_flow();
  const auto shorter = parsed("explain udp 192.0.2.1:1 192.0.2.2:2").request.explain_flow();
  EXPECT_EQ(shorter.SerializeAsString(), full.SerializeAsString());
  EXPECT_EQ(parsed("explain tcp --help").topic, "explain flow");
}

TEST(CommandLine, HasTheUsualDefaults) {
  const auto line = parsed("show flows");
  EXPECT_EQ(line.action, Action::kAsk);
  EXPECT_EQ(line.socket, "/run/sluice/admin.sock");
  EXPECT_EQ(line.style.output, Output::kTable);
  EXPECT_EQ(line.style.verdicts, Verdicts::kDropsSeen);
  EXPECT_EQ(line.watch, std::nullopt);
  EXPECT_EQ(line.request.show_flows().limit(), 100U);
}

TEST(CommandLine, TakesOptionsBeforeAndBehindTheCommand) {
  const auto line = parsed("-o json show drops --all --watch 0.5 -s /tmp/x.sock");
  EXPECT_TRUE(line.request.has_show_drops());
  EXPECT_EQ(line.style.output, Output::kJson);
  EXPECT_EQ(line.style.verdicts, Verdicts::kAll);
  EXPECT_EQ(line.watch, std::chrono::milliseconds{500});
  EXPECT_EQ(line.socket, "/tmp/x.sock");
}

TEST(CommandLine, TakesTheSocketFromTheEnvironmentUnlessItIsTyped) {
  EXPECT_EQ(parse("show ports", "/env.sock")->socket, "/env.sock");
  EXPECT_EQ(parse("show ports", "")->socket, "/run/sluice/admin.sock");
  EXPECT_EQ(parse("show ports -s /typed.sock", "/env.sock")->socket, "/typed.sock");
}

TEST(CommandLine, FiltersFlows) {
  const auto question = parsed(
                            "show flows --protocol udp --client 192.0.2.1:40000 --vip 203.0.113.64 --node worker-2 "
                            "--limit 7")
                            .request.show_flows();
  EXPECT_EQ(question.filter().protocol(), "udp");
  EXPECT_EQ(question.filter().client(), "192.0.2.1");
  EXPECT_EQ(question.filter().client_port(), 40000U);
  EXPECT_EQ(question.filter().vip(), "203.0.113.64");
  EXPECT_EQ(question.filter().vip_port(), 0U);
  EXPECT_EQ(question.filter().node(), "worker-2");
  EXPECT_EQ(question.limit(), 7U);
}

TEST(CommandLine, AsksForTheLastDropsOfOneVerdictOrOfAll) {
  EXPECT_EQ(parsed("show drops --recent").request.show_recent_drops().verdict(), "");
  EXPECT_EQ(parsed("show drops --recent drop_stray").request.show_recent_drops().verdict(), "drop_stray");
  EXPECT_FALSE(parsed("show drops --recent").request.has_show_drops());
}

TEST(CommandLine, NamesAServiceWithOrWithoutItsCluster) {
  const auto with = parsed("explain service edge/shop/web").request.explain_service();
  EXPECT_EQ(with.cluster() + " " + with.namespace_() + " " + with.name(), "edge shop web");
  const auto without = parsed("explain service shop/web").request.explain_service();
  EXPECT_EQ(without.cluster() + " " + without.namespace_() + " " + without.name(), " shop web");
}

TEST(CommandLine, NamesAFlow) {
  const auto flow = parsed("explain flow tcp 198.51.100.10:40000 203.0.113.64:80").request.explain_flow();
  EXPECT_EQ(flow.protocol(), "tcp");
  EXPECT_EQ(flow.client(), "198.51.100.10");
  EXPECT_EQ(flow.client_port(), 40000U);
  EXPECT_EQ(flow.vip(), "203.0.113.64");
  EXPECT_EQ(flow.vip_port(), 80U);
}

TEST(CommandLine, NamesAFlowOfIpv6) {
  const auto flow = parsed("explain flow tcp [2001:db8::1]:40000 [2001:db8:1::40]:443").request.explain_flow();
  EXPECT_EQ(flow.client(), "2001:db8::1");
  EXPECT_EQ(flow.client_port(), 40000U);
  EXPECT_EQ(flow.vip(), "2001:db8:1::40");
  EXPECT_EQ(flow.vip_port(), 443U);
}

TEST(CommandLine, FiltersFlowsByIpv6WithAndWithoutAPort) {
  const auto question = parsed("show flows --client 2001:DB8:0::1 --vip [2001:db8:1::40]:443").request.show_flows();
  EXPECT_EQ(question.filter().client(), "2001:db8::1");
  EXPECT_EQ(question.filter().client_port(), 0U);
  EXPECT_EQ(question.filter().vip(), "2001:db8:1::40");
  EXPECT_EQ(question.filter().vip_port(), 443U);
  EXPECT_EQ(parsed("show flows --vip [2001:db8:1::40]").request.show_flows().filter().vip_port(), 0U);
}

TEST(CommandLine, RefusesAFlowOfTwoFamilies) {
  EXPECT_EQ(complaint("explain flow tcp 198.51.100.10:40000 [2001:db8:1::40]:443"),
            "explain flow: client 198.51.100.10 and VIP 2001:db8:1::40 are of different families: no flow can have "
            "both");
}

TEST(CommandLine, GuessesWhatWasMeant) {
  EXPECT_EQ(complaint("shwo services"), "unknown command 'shwo': did you mean 'show'?");
  EXPECT_EQ(complaint("show service"), "show: unknown command 'service': did you mean 'services'?");
  EXPECT_EQ(complaint("explain flows"), "explain: unknown command 'flows': did you mean 'flow'?");
  EXPECT_THAT(complaint("show flows --clint 192.0.2.1"), HasSubstr("did you mean '--client'?"));
}

TEST(CommandLine, ListsWhatThereIsWhenItCannotGuess) {
  EXPECT_EQ(complaint("show weather"),
            "show: unknown command 'weather': there is services, backends, flows, ports, drops, status");
  EXPECT_EQ(complaint("explain"), "explain what? there is service, flow");
  EXPECT_EQ(complaint(""), "what shall be asked? there is show, explain, capture and trace");
}

TEST(CommandLine, RefusesOptionsThatTheCommandHasNoUseFor) {
  EXPECT_EQ(complaint("show ports --vip 203.0.113.64"),
            "--vip is an option of `sluice show flows`, not of `sluice show ports`");
  EXPECT_THAT(complaint("show flows --all"), HasSubstr("--all is an option of `sluice show drops`"));
  EXPECT_EQ(complaint("show flows --recent"),
            "--recent is an option of `sluice show drops`, not of `sluice show flows`");
  EXPECT_EQ(complaint("show drops --all --recent"), "--all counts and --recent lists: which of them?");
  EXPECT_EQ(complaint("show drops drop_stray"), "show drops: 'drop_stray' is too much");
  EXPECT_EQ(complaint("show drops --recent a b"), "show drops --recent: 'b' is too much");
  EXPECT_EQ(complaint("show ports uplink"), "show ports: 'uplink' is too much");
}

TEST(CommandLine, RefusesValuesThatAreNone) {
  EXPECT_THAT(complaint("show flows --client 300.0.0.1"), HasSubstr("--client: "));
  EXPECT_THAT(complaint("show flows --vip 203.0.113.64:http"), HasSubstr("a port is a number from 1 to 65535"));
  EXPECT_THAT(complaint("show flows --vip 203.0.113.64:65536"), HasSubstr("a port is a number from 1 to 65535"));
  EXPECT_THAT(complaint("show flows --vip []:80"), HasSubstr("--vip: '[]:80': "));
  EXPECT_THAT(complaint("show flows --client fe80::1%wan"), HasSubstr("an address has no zone here"));
  EXPECT_THAT(complaint("show flows --protocol gre"), HasSubstr("a protocol is tcp, udp or sctp"));
  EXPECT_THAT(complaint("show flows --limit -1"), HasSubstr("--limit"));
  EXPECT_THAT(complaint("show flows --limit 0"), HasSubstr("is no number of flows"));
  EXPECT_THAT(complaint("show flows --output xml"), HasSubstr("neither table nor json"));
  EXPECT_THAT(complaint("show flows --watch 0"), HasSubstr("no number of seconds"));
  EXPECT_THAT(complaint("show flows --watch nan"), HasSubstr("no number of seconds"));
}

TEST(CommandLine, SaysHowAServiceOrAFlowIsNamed) {
  for (const char* name : {"web", "shop/", "/web", "a/b/c/d", ""}) {
    EXPECT_THAT(complaint("explain service " + std::string{name}), HasSubstr("[CLUSTER/]NAMESPACE/NAME")) << name;
  }
  EXPECT_THAT(complaint("explain flow tcp 192.0.2.1:1"), HasSubstr("PROTOCOL CLIENT:PORT VIP:PORT"));
  EXPECT_THAT(complaint("explain flow tcp 192.0.2.1 192.0.2.2:80"),
              HasSubstr("client '192.0.2.1': its port is missing"));
  EXPECT_THAT(complaint("explain flow tcp [2001:db8::1]:1 2001:db8::40"),
              HasSubstr("VIP '2001:db8::40': its port is missing, as in [2001:db8::40]:80"));
  EXPECT_THAT(complaint("explain flow icmp 192.0.2.1:1 192.0.2.2:80"), HasSubstr("a protocol is tcp, udp or sctp"));
}

TEST(CommandLine, HelpsWithTheProgramAndWithEachCommand) {
  EXPECT_EQ(parsed("--help").action, Action::kHelp);
  EXPECT_EQ(parsed("--help").topic, "");
  EXPECT_EQ(parsed("show -h").topic, "");
  EXPECT_EQ(parsed("show flows --help").topic, "show flows");
  EXPECT_EQ(parsed("help explain flow").topic, "explain flow");
  EXPECT_EQ(parsed("explain flow -h").action, Action::kHelp);  // Although operands are missing.
}

TEST(CommandLine, TellsItsVersion) { EXPECT_EQ(parsed("--version").action, Action::kVersion); }

TEST(Help, HasAPageForEveryCommandWithAnExampleThatIsUnderstood) {
  for (const auto& command : commands()) {
    const std::string page = help(command);
    EXPECT_THAT(page, HasSubstr("\nExamples\n  sluice " + command)) << command;
    std::istringstream lines{page.substr(page.find("\nExamples\n"))};
    for (std::string text; std::getline(lines, text);) {
      if (!text.starts_with("  sluice ")) continue;
      const std::string typed = text.substr(9, std::min(text.find(" |"), text.find("   ", 9)) - 9);
      EXPECT_EQ(complaint(typed), "(none)") << text;
    }
  }
}

TEST(Help, NamesEveryCommandOnItsFirstPage) {
  for (const auto& command : commands()) {
    EXPECT_THAT(help(""), HasSubstr(command.substr(command.find(' ') + 1))) << command;
  }
}

}  // namespace
}  // namespace sluice::cli
