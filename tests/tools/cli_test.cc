// What `sluice` shows: tables, texts and JSON made from answers.

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "tools/sluice/render.h"
#include "tools/sluice/table.h"
#include "tools/sluice/text.h"

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <typename Message>
Message message(const std::string& text) {
  Message result;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &result)) << text;
  return result;
}

TEST(Text, ShowsDurationsAsCoarselyAsTheyAreLong) {
  EXPECT_EQ(duration(0), "0.0s");
  EXPECT_EQ(duration(0.42), "0.4s");
  EXPECT_EQ(duration(9.99), "9.9s");
  EXPECT_EQ(duration(10), "10s");
  EXPECT_EQ(duration(59.9), "59s");
  EXPECT_EQ(duration(200), "3m20s");
  EXPECT_EQ(duration(7500), "2h05m");
  EXPECT_EQ(duration(4 * 86400 + 7 * 3600), "4d7h");
}

TEST(Text, ShowsNoShareOfNothing) {
  EXPECT_EQ(percent(1, 3), "33.3%");
  EXPECT_EQ(percent(0, 0), "");
}

TEST(Text, KeepsControlCharactersFromTheTerminal) {
  EXPECT_EQ(printable("a\033[2Jb\tc\nd\x7f"), "a?[2Jb?c\nd?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "?2J");  // CSI in one character
  EXPECT_EQ(printable("M\xc3\xbcnchen\xc2\xa0"), "M\xc3\xbcnchen\xc2\xa0");
}

TEST(Table, AlignsColumnsAndFillsHoles) {
  Table table{{"NAME", ">COUNT", "WHY"}};
  table.add({"a", "7", ""});
  table.add({"longer", "12345678", "because"});
  EXPECT_EQ(table.text(),
            "NAME       COUNT  WHY\n"
            "a              7  -\n"
            "longer  12345678  because\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table{{"A", "B"}};
  table.add({"M\xc3\xbcnchen", "x"});
  table.add({"1234567", "y"});
  EXPECT_EQ(table.text(), "A        B\nM\xc3\xbcnchen  x\n1234567  y\n");
}

TEST(Table, KeepsARowInALine) {
  Table table{{"A"}};
  table.add({"two\nlines"});
  EXPECT_EQ(table.text(), "A\ntwo lines\n");
}

TEST(ShowServices, IsOneLineAService) {
  const auto services = message<admin::Services>(R"(
    services { cluster: "edge" namespace: "shop" name: "web" vip: "203.0.113.64" pool: "public" policy: "Local"
               delivery: "full-nat" state: "served"
               ports { name: "http" protocol: "tcp" port: 80 node_port: 30080 active_backends: 2 }
               ports { name: "https" protocol: "tcp" port: 443 node_port: 30443 active_backends: 2 } }
    services { cluster: "edge" namespace: "shop" name: "dns" policy: "Cluster" state: "pending" reason: "pool is full"
               ports { protocol: "udp" port: 53 problem: "no node port" } ports { protocol: "tcp" port: 53
               active_backends: 1 } })");
  EXPECT_EQ(
      to_text(services),
      "CLUSTER  SERVICE   VIP           PORTS                       ACTIVE  POLICY   DELIVERY  POOL    STATE    "
      "REASON\n"
      "edge     shop/web  203.0.113.64  80:30080/tcp,443:30443/tcp       2  Local    full-nat  public  served   -\n"
      "edge     shop/dns  -             53/udp,53/tcp                  0,1  Cluster  -         -       pending  "
      "pool is full; port 53/udp: no node port\n");
}

TEST(ShowServices, SaysFirstWhatIsOddAboutClusters) {
  EXPECT_EQ(to_text(message<admin::Services>(R"(warnings: "cluster away was not read yet")")),
            "warning: cluster away was not read yet\nno Service is ours\n");
}

TEST(ShowServices, SaysThatThereAreNone) { EXPECT_EQ(to_text(admin::Services{}), "no Service is ours\n"); }

TEST(ShowBackends, ShowsTheShareOfANode) {
  const auto text = to_text(message<admin::Backends>(R"(
    backends { cluster: "edge" node: "worker-1" address: "192.0.2.11" state: "in" service: "shop/web" weight: 2
               port_name: "http" slots: 500 slots_total: 1000 next_hop: "02:00:00:00:00:0b" out_port: "inside" })"));
  EXPECT_EQ(text,
            "CLUSTER  SERVICE        NODE      ADDRESS     STATE  WEIGHT  SHARE  NEXT-HOP           OUT     REASON\n"
            "edge     shop/web:http  worker-1  192.0.2.11  in          2  50.0%  02:00:00:00:00:0b  inside  -\n");
}

TEST(ShowFlows, SaysThatThereAreMore) {
  auto flows = message<admin::Flows>(R"(
    flows { protocol: "tcp" client: "198.51.100.10" client_port: 40000 vip: "203.0.113.64" vip_port: 80
            snat: "192.0.2.5" snat_port: 1024 node: "192.0.2.11" node_port: 30080 state: "established"
            idle_seconds: 3.25 service: "shop/web" worker: 1 })");
  EXPECT_EQ(to_text(flows),
            "PROTO  CLIENT               VIP              SNAT            NODE              STATE        IDLE  SERVICE"
            "   WORKER\n"
            "tcp    198.51.100.10:40000  203.0.113.64:80  192.0.2.5:1024  192.0.2.11:30080  established  3.2s  shop/web"
            "       1\n");
  flows.set_truncated(true);
  EXPECT_THAT(to_text(flows), HasSubstr("\nthere are more: "));
}

TEST(ShowFlows, PutsIpv6IntoBracketsBeforeItsPort) {
  const auto flows = message<admin::Flows>(R"(
    flows { client: "2001:db8:c::10" client_port: 40000 vip: "2001:db8:64::1" vip_port: 80 snat: "fd00:20::250"
            snat_port: 1024 node: "fd00:20::11" node_port: 30080 })");
  EXPECT_THAT(to_text(flows),
              HasSubstr("[2001:db8:c::10]:40000  [2001:db8:64::1]:80  [fd00:20::250]:1024  [fd00:20::11]:30080"));
}

TEST(ShowPorts, ShowsLinkCountersAndOffloads) {
  const auto text = to_text(message<admin::Ports>(R"(
    ports { name: "uplink" device: "eth1" driver: "net_af_packet" mac: "02:00:00:00:00:01" mtu: 1500 link_up: true
            queues: 2 addresses: "192.0.2.1/24" addresses: "192.0.2.2/24" offloads: "rx checksum" workers: 0 workers: 1
            rx_packets: 18446744073709551615 })"));
  EXPECT_THAT(text, HasSubstr("uplink  up    02:00:00:00:00:01  1500  eth1    net_af_packet       2  0,1      -    "
                              "192.0.2.1/24,192.0.2.2/24\n"));
  EXPECT_THAT(text, HasSubstr("18446744073709551615"));
  EXPECT_THAT(text, HasSubstr("uplink  rx checksum\n"));
}

TEST(ShowPorts, SaysOnWhoseWireAVlanIs) {
  const auto text = to_text(message<admin::Ports>(R"(
    ports { name: "lan" device: "net_af_packet0" driver: "net_af_packet" mtu: 1500 vlan_of: "trunk" vlan_id: 20 })"));
  EXPECT_THAT(text, HasSubstr("  1500  VLAN 20 of trunk  net_af_packet"));
}

TEST(ShowDrops, ShowsWhatWasDroppedUnlessAllIsWanted) {
  const auto drops = message<admin::Drops>(R"(
    rows { verdict: "to_node" description: "sent" packets: 100 bytes: 6400 }
    rows { verdict: "drop_ttl" description: "too old" is_drop: true packets: 3 bytes: 180 }
    rows { verdict: "drop_stray" description: "of no flow" is_drop: true })");
  EXPECT_EQ(to_text(drops, Verdicts::kDropsSeen),
            "VERDICT   PACKETS  BYTES  MEANING\n"
            "drop_ttl        3    180  too old\n");
  EXPECT_EQ(to_text(drops, Verdicts::kAll),
            "VERDICT     PACKETS  BYTES  MEANING\n"
            "to_node         100   6400  sent\n"
            "drop_ttl          3    180  too old\n"
            "drop_stray        0      0  of no flow\n");
}

TEST(ShowDrops, SaysThatNothingWasDropped) {
  const auto drops = message<admin::Drops>(R"(rows { verdict: "to_node" packets: 1 })");
  EXPECT_EQ(to_text(drops, Verdicts::kDropsSeen), "no packet was dropped\n");
}

TEST(ShowDrops, ShowsTheLastPacketsInPlainWords) {
  EXPECT_EQ(
      to_text(message<admin::RecentDrops>(R"(
    packets { verdict: "reply_reset" instead_of: "drop_no_service" age_seconds: 0.5 port: "wan" length: 74
              protocol: "tcp" source: "198.51.100.7" source_port: 40000 destination: "203.0.113.64"
              destination_port: 81 tcp_flags: "S" ttl: 63 }
    packets { verdict: "drop_stray" age_seconds: 12 worker: 1 port: "lan" length: 60 protocol: "udp" source: "fd00::1"
              source_port: 53 destination: "fd00::2" destination_port: 1024 ttl: 64 }
    packets { verdict: "drop_stray" port: "lan" length: 60 protocol: "tcp" source: "192.0.2.1"
              destination: "192.0.2.2" is_fragment: true ttl: 64 }
    packets { verdict: "drop_protocol" port: "wan" length: 60 protocol: "icmp" source: "192.0.2.1"
              destination: "192.0.2.2" icmp_type: 13 ttl: 64 }
    packets { verdict: "drop_truncated" port: "wan" length: 4 bytes: "02005e10" })")),
      "VERDICT         INSTEAD-OF        AGO  WORKER  PORT  LENGTH  PACKET\n"
      "reply_reset     drop_no_service  0.5s       0  wan       74  tcp 198.51.100.7:40000 → 203.0.113.64:81 [S] "
      "ttl 63\n"
      "drop_stray      -                 12s       1  lan       60  udp [fd00::1]:53 → [fd00::2]:1024 ttl 64\n"
      "drop_stray      -                0.0s       0  lan       60  tcp 192.0.2.1 → 192.0.2.2 fragment ttl 64\n"
      "drop_protocol   -                0.0s       0  wan       60  icmp 192.0.2.1 → 192.0.2.2 type 13 code 0 ttl "
      "64\n"
      "drop_truncated  -                0.0s       0  wan        4  bytes 02005e10\n");
}

TEST(ShowDrops, CutsLongHexAndSaysSo) {
  admin::RecentDrops drops;
  drops.add_packets()->set_bytes(std::string(224, 'a'));
  EXPECT_THAT(to_text(drops), HasSubstr("bytes " + std::string(108, 'a') + "…\n"));
}

TEST(ShowDrops, SaysThatNoneOfThemIsKept) { EXPECT_EQ(to_text(admin::RecentDrops{}), "no such packet was dropped\n"); }

TEST(ShowStatus, ShowsClustersWorkersAddressesAndMemory) {
  EXPECT_EQ(to_text(message<admin::Status>(R"(
    version: "0.1.0" engine: "dpdk" uptime_seconds: 7500 snapshot_epoch: 17
    workers { number: 0 flows: 25 flows_max: 100 opened: 30 expired: 5 evicted: 2 turns: 1000 busy_turns: 10 }
    snat { address: "192.0.2.5" in_use: 25 capacity: 1000 }
    clusters { name: "edge" server: "https://192.0.2.7:6443" synced: true
               feeds { resource: "services" connected: true synced: true sentence: "follows" }
               feeds { resource: "nodes" sentence: "connection refused" }
               malformed { resource: "nodes" key: "odd" sentence: "no address" } }
    memory: "flow tables: 64 MiB")")),
            "sluiced 0.1.0, engine dpdk, up 2h05m, snapshot 17\n"
            "\n"
            "CLUSTER  SERVER                  SYNCED  FEED      CONNECTED  LISTED  STATE\n"
            "edge     https://192.0.2.7:6443  yes     services  yes        yes     follows\n"
            "edge     https://192.0.2.7:6443  yes     nodes     no         no      connection refused\n"
            "\n"
            "CLUSTER  NOT UNDERSTOOD  OBJECT  WHY\n"
            "edge     nodes           odd     no address\n"
            "\n"
            "WORKER  FLOWS  FLOWS-MAX   FULL  OPENED  EXPIRED  EVICTED  BUSY-TURNS\n"
            "     0     25        100  25.0%      30        5        2        1.0%\n"
            "\n"
            "SNAT-ADDRESS  IN-USE  CAPACITY  FULL\n"
            "192.0.2.5         25      1000  2.5%\n"
            "\n"
            "memory\n"
            "  flow tables: 64 MiB\n");
}

TEST(ExplainService, TellsFactsAndNodes) {
  EXPECT_EQ(to_text(message<admin::ServiceExplained>(R"(
    service { cluster: "edge" namespace: "shop" name: "web" vip: "203.0.113.64" pool: "public" policy: "Local"
              delivery: "full-nat" state: "served"
              ports { name: "http" protocol: "tcp" port: 80 node_port: 30080 active_backends: 1 } }
    facts { topic: "address" sentence: "first free in pool public" }
    nodes { node: "worker-1" address: "192.0.2.11" state: "in" weight: 2 slots: 65537 }
    nodes { node: "worker-2" state: "out" reason: "has no ready endpoint" })")),
            "edge/shop/web: served at 203.0.113.64\n"
            "  class none, pool public, policy Local, delivery full-nat\n"
            "\n"
            "PORT    NAME  NODE-PORT  ACTIVE  PROBLEM\n"
            "80/tcp  http      30080       1  -\n"
            "\n"
            "ABOUT    BECAUSE\n"
            "address  first free in pool public\n"
            "\n"
            "NODE      ADDRESS     STATE  WEIGHT  SLOTS  REASON\n"
            "worker-1  192.0.2.11  in          2  65537  -\n"
            "worker-2  -           out         0      0  has no ready endpoint\n");
}

TEST(ExplainFlow, TellsStepsAndVerdict) {
  auto explained = message<admin::FlowExplained>(R"(
    steps { step: "classify" sentence: "is service port 3" } steps { step: "steer" sentence: "slot 7 of 251" }
    verdict: "to_node" service: "edge/shop/web" slot: 7 slots_total: 251 node: "worker-1" node_port: 30080)");
  const std::string steps =
      "#  STEP      WHAT\n"
      "1  classify  is service port 3\n"
      "2  steer     slot 7 of 251\n"
      "\n"
      "verdict: to_node, service edge/shop/web, node worker-1:30080, slot 7 of 251\n";
  EXPECT_EQ(to_text(explained), steps + "open now: no; this is what would become of its first packet\n");

  auto refused = explained;
  refused.set_verdict("reply_reset");
  refused.set_instead_of("drop_no_backend");
  EXPECT_THAT(to_text(refused), HasSubstr("verdict: reply_reset instead of drop_no_backend, service edge/shop/web"));

  *explained.mutable_live() = message<admin::Flow>(
      R"(state: "established" node: "192.0.2.11" node_port: 30080 snat: "192.0.2.5" snat_port: 1024 worker: 1)");
  EXPECT_THAT(to_text(explained),
              HasSubstr("open now: yes, established, to node 192.0.2.11:30080 from 192.0.2.5:1024"));
}

TEST(Json, IsTheAnswerAloneWithTheNamesOfTheProtocol) {
  admin::Response response;
  response.mutable_services()->add_services()->set_name("web");
  const std::string text = render(response, {.output = Output::kJson});
  EXPECT_THAT(text, HasSubstr("\"name\": \"web\""));
  EXPECT_THAT(text, HasSubstr("\"vip\": \"\""));
  EXPECT_THAT(text, HasSubstr("\"ports\": []"));
  EXPECT_THAT(text, Not(HasSubstr("\"error\"")));
  EXPECT_TRUE(text.starts_with("{\n \"services\": [\n"));
  EXPECT_TRUE(text.ends_with("}\n"));
}

TEST(Json, HasEmptyListsWhereThereIsNothing) {
  admin::Response response;
  response.mutable_flows();
  EXPECT_EQ(render(response, {.output = Output::kJson}), "{\n \"flows\": [],\n \"truncated\": false\n}\n");
}

TEST(Render, KeepsWhatACLusterSaysFromControllingTheTerminal) {
  admin::Response response;
  response.mutable_status()->add_memory("evil \033]0;title\007");
  EXPECT_THAT(render(response, {}), HasSubstr("evil ?]0;title?\n"));
}

}  // namespace
}  // namespace sluice::cli
