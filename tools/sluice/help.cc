#include "tools/sluice/help.h"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::string_view kGeneral = R"(sluice asks sluiced, the load balancer of this machine, what it does and why.

Usage
  sluice show services | backends | flows | ports | drops | status
  sluice explain service [CLUSTER/]NAMESPACE/NAME
  sluice explain flow tcp|udp|sctp CLIENT:PORT VIP:PORT
  sluice capture | trace [FILTERS]

Examples
  sluice show services                which Services are served, at which addresses
  sluice explain service shop/web     why that Service is served as it is, and by which nodes
  sluice show flows --vip 203.0.113.64:443
                                      who is connected to that address now
  sluice explain flow tcp 198.51.100.10:40000 203.0.113.64:443
                                      which node that client gets, step by step
  sluice show drops --watch 1         what is thrown away, every second
  sluice show drops --recent          the last packets that were, with their addresses
  sluice show status -o json | jq     for programs
  sluice capture --vip 203.0.113.64 --write - | tcpdump -nr -
                                      packets on both sides of the translation
  sluice trace --client 198.51.100.10 what becomes of that client's packets, step by step
)";

constexpr std::string_view kCommon = R"(
Options
  -o, --output table|json   for people (the default), or for programs
  -w, --watch SECONDS       ask again and again, until Ctrl-C
  -s, --socket PATH         where sluiced listens; else $SLUICE_SOCKET, else /run/sluice/admin.sock
  -h, --help                this; `sluice show flows --help` tells about a command
      --version             the version of this program

Exit status: 0 there is an answer; 1 sluiced says no or does not run; 2 the command is wrong.
)";

struct Page {
  std::string_view command;
  std::string_view text;
};

constexpr std::array kPages{
    Page{"show services", R"(sluice show services lists the Services that sluiced cares for, one a line.

STATE is `served`; `pending`: it has no address yet, REASON says why; `reserved`: it has an address and is served as
soon as the cluster has taken note; `releasing`: it is being let go. PORTS are PORT:NODEPORT/PROTOCOL, ACTIVE is the
number of nodes that take new flows.

Examples
  sluice show services
  sluice show services -o json | jq -r '.services[] | select(.state != "served") | .name'
)"},
    Page{"show backends", R"(sluice show backends lists every node of every Service, with its part in it.

STATE is `in`: takes new flows; `draining`: keeps those it has; `out`: REASON says why. SHARE is its part of new flows.
NEXT-HOP is the MAC address that its packets go to, or `unresolved`.

Examples
  sluice show backends
  sluice show backends --watch 2      while a rollout goes on
)"},
    Page{"show flows", R"(sluice show flows lists open flows: which client talks to which VIP, through which node.

  --protocol tcp|udp|sctp   only these
  --client ADDRESS[:PORT]   only those of this client; with a port, an IPv6 address
                            stands in brackets
  --vip ADDRESS[:PORT]      only those to this address
  --node NAME|ADDRESS       only those that this node serves
  --limit NUMBER            no more than so many (100)

Examples
  sluice show flows --client 198.51.100.10
  sluice show flows --vip 203.0.113.64:443 --node worker-2 --limit 1000
  sluice show flows --vip [2001:db8:64::1]:443
)"},
    Page{"show ports", R"(sluice show ports lists the network ports that sluiced drives, with their counters.

RX-MISSED are packets that came faster than the workers took them. TAP is where the kernel sees what is not a Service's.
TO WORKERS BY says whether the device brings packets to the worker that owns them (RSS), or why they are handed over.

Examples
  sluice show ports
  sluice show ports --watch 1
)"},
    Page{"show drops", R"(sluice show drops lists why packets were thrown away, with counts since the daemon started.

  --all                     every verdict: drops that did not happen, and packets that were not dropped
  --recent [VERDICT]        instead of counts, the last packets that were dropped or refused, as they came in: how
                            long ago, at which port, from whom to whom; with a verdict, only those of it

Examples
  sluice show drops
  sluice show drops --all --watch 1
  sluice show drops --recent
  sluice show drops --recent drop_source_range
)"},
    Page{"show status",
         R"(sluice show status tells how the daemon itself is: its clusters and what it hears from them, its workers
and their flow tables, its SNAT addresses, its memory.

Examples
  sluice show status
  sluice show status -o json | jq '.clusters[] | {name, synced}'
)"},
    Page{"explain service",
         R"(sluice explain service [CLUSTER/]NAMESPACE/NAME tells why a Service is served as it is: where its address
comes from, what its traffic policy means here, and for every node why it takes part or not.

Examples
  sluice explain service shop/web
  sluice explain service edge/shop/web      where several clusters have it
)"},
    Page{"capture",
         R"(sluice capture shows live packets, as they come in and as they leave. tcpdump cannot see them, since they
do not pass the kernel. Lines of text on a terminal; a pcapng file with --write, or where the output is no terminal. It
has an interface for each port, and beside each frame its verdict and worker. Dropped packets are there, too. What the
kernel itself sends is not: tcpdump sees that on the port's TAP.

Which packets; all that are given must hold, both directions of a flow match on both sides of the translation:
  --client ADDRESS[:PORT]   those of this client's flows; packets without a flow, by their own addresses
  --vip ADDRESS[:PORT]      those of flows to this address, likewise
  --node NAME|ADDRESS       those of flows that this node serves, likewise
  --protocol PROTOCOL       tcp, udp, sctp, icmp (of both families) or arp
  --verdict NAME            those that end so, or were refused instead; may be given more than once.
                            Names: `sluice show drops --all`
  --port NAME               only frames that come in or leave by this port
  --direction in|out|both   only frames as they came in, or as they left (both)

How many; what comes first ends it, or Ctrl-C, and the file is whole:
  --count NUMBER            frames (10000)
  --seconds NUMBER          (60)
  --snaplen BYTES           of each frame, at least 64 (all)
  --write FILE              a pcapng file; - is standard output

At its end it says how many frames there were, and how many packets were lost because they came faster than they could
be fetched: then narrow the filter, or take a smaller --snaplen. There can be one capture or trace at a time.

Examples
  sluice capture --vip 203.0.113.64:443
  sluice capture --vip 203.0.113.64 --write - | wireshark -k -i -
  sluice capture --client 198.51.100.10 --write client.pcapng
  sluice capture --verdict drop_no_service --verdict drop_source_range --seconds 600
  sluice capture --node worker-2 --port lan --direction out --count 100
  sluice capture --vip [2001:db8:64::1]:443 --output json | jq .verdict
)"},
    Page{
        "trace",
        R"(sluice trace follows live packets through the data path and tells what each step decided: where a packet came
in, what it is, whether it belongs to an open flow or to which service, which node it gets and why, what it becomes and
where it goes, or where it ends. `sluice explain flow` says the same of a packet that nobody has sent.

  --client, --vip, --node, --protocol, --verdict, --port, --direction
                            which packets, as of `sluice capture`
  --count NUMBER            packets (10)
  --seconds NUMBER          (60)

A packet that another worker received is traced by the worker that owns its flow; `--verdict to_worker` shows it being
handed over.

Examples
  sluice trace --client 198.51.100.10
  sluice trace --vip 203.0.113.64:443 --count 1
  sluice trace --verdict drop_stray
  sluice trace --vip 203.0.113.64 --output json | jq .steps
)"},
    Page{"explain flow",
         R"(sluice explain flow tcp|udp|sctp CLIENT:PORT VIP:PORT follows the first packet of such a flow through the
data path, by the data path's own rules, and tells the verdict. No packet is sent. If the flow is open, it is shown too.
The word `flow` may be left out.

Examples
  sluice explain flow tcp 198.51.100.10:40000 203.0.113.64:443
  sluice explain flow udp [2001:db8:c::10]:5353 [2001:db8:64::1]:53
)"},
};

}  // namespace

std::string help(std::string_view command) {
  for (const auto& page : kPages) {
    if (page.command == command) return std::string{page.text} + std::string{kCommon};
  }
  return std::string{kGeneral} + std::string{kCommon};
}

}  // namespace sluice::cli
