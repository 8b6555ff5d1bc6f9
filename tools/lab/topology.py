"""The lab's wires and addresses.

    client ── router ── appliance ── lan (a switch) ── node1 … nodeN ── pods
                             └── mgmt (a switch in `cluster`, where the API server is) ──┘

All links are veths that never touch the machine's own namespace; addresses are documentation and private ones. All but
`mgmt` and the API have both families: what ends in `6` is of IPv6."""

import subprocess

from .netns import Namespace
from .programs import LabError, find

CLIENT = "198.51.100.10"
CLIENT_ADDRESSES = tuple(f"198.51.100.{10 + index}" for index in range(20))  # The first one is the default.
CLIENT_GATEWAY = "198.51.100.1"
ROUTER = "203.0.113.1"
APPLIANCE_WAN = "203.0.113.2"
VIP_POOL = "203.0.113.64/26"
APPLIANCE_LAN = "10.20.0.2"
API_SERVER = "10.99.0.1"
APPLIANCE_MGMT = "10.99.0.2"
POD_NETWORK = "10.244.0.0/16"
CLIENT6 = "2001:db8:c::10"
CLIENT_GATEWAY6 = "2001:db8:c::1"
ROUTER6 = "2001:db8:e::1"
APPLIANCE_WAN6 = "2001:db8:e::2"
VIP_POOL6 = "2001:db8:e::64-2001:db8:e::ff"
APPLIANCE_LAN6 = "2001:db8:20::2"

# Nobody filters by reverse path; what has no use of IPv6 stays silent, so that captures show only what the lab does.
SILENT = {
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv6/conf/all/disable_ipv6": 1,
    "ipv6/conf/default/disable_ipv6": 1,
}
BASE = SILENT | {
    "ipv6/conf/all/disable_ipv6": 0,
    "ipv6/conf/default/disable_ipv6": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/accept_ra": 0,
    "ipv6/conf/default/router_solicitations": 0,
}
FORWARDS = BASE | {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1}
SYSCTLS = {
    # Thousands of short connections a minute leave from few addresses. Tests choose ports of their own above these.
    "client": BASE | {"ipv4/ip_local_port_range": "10240 40959", "ipv4/tcp_tw_reuse": 1},
    "router": FORWARDS,
    # The kernel must keep its fingers off the packets that the daemon's sockets get.
    "appliance": BASE | {"ipv4/ip_forward": 0, "ipv4/conf/all/arp_ignore": 1, "ipv4/conf/default/arp_ignore": 1},
    "lan": SILENT,
    "cluster": SILENT,
    "pod": BASE,
    "node": FORWARDS | {"ipv4/conf/all/arp_ignore": 1, "ipv4/conf/default/arp_ignore": 1},
}
# The appliance's packet sockets have seen a packet before this hook drops the kernel's copy of it.
NO_KERNEL_COPY = """
table netdev lab {
  chain wan { type filter hook ingress device "wan" priority 0; policy drop; }
  chain lan { type filter hook ingress device "lan" priority 0; policy drop; }
}
"""
NO_KERNEL_COPY_OF_TRUNK = """
table netdev lab_trunk {
  chain trunk { type filter hook ingress device "trunk" priority 0; policy drop; }
  chain switch { type filter hook ingress device "switch" priority 0; policy drop; }
}
"""
# For an outage in which packets to the API server are lost.
API_SERVER_IS_SILENT = f"""
table ip silent {{
  chain input {{
    type filter hook input priority 0;
    ip saddr {APPLIANCE_MGMT} drop
  }}
}}
"""


def node_names(count: int) -> list[str]:
    return [f"node{number}" for number in range(1, count + 1)]


def node_number(node: str) -> int:
    return int(node.removeprefix("node"))


def node_address(node: str) -> str:
    """The InternalIP, on the segment that the appliance shares with the nodes."""
    return f"10.20.0.{10 + node_number(node)}"


def node_address6(node: str) -> str:
    """The InternalIP of IPv6, on the same segment."""
    return f"2001:db8:20::{10 + node_number(node)}"


def node_mgmt_address(node: str) -> str:
    return f"10.99.0.{10 + node_number(node)}"


def pod_gateway(node: str) -> str:
    return f"10.244.{node_number(node)}.1"


def pod_network(node: str) -> str:
    return f"10.244.{node_number(node)}.0/24"


def pod_network6(node: str) -> str:
    return f"2001:db8:244:{node_number(node)}::/64"


def pod_address6(address: str) -> str:
    """What goes with a pod's IPv4 address: 10.244.1.12 is 2001:db8:244:1::12."""
    _, _, node, number = address.split(".")
    return f"2001:db8:244:{node}::{number}"


def build(namespace, count: int) -> None:
    """Wires the namespaces, which exist already. `namespace(name)` gives each one."""
    full = {name: namespace(name).full for name in ("client", "router", "appliance", "lan", "cluster")}
    namespace("client").configure([
        f"link add eth0 type veth peer name client netns {full['router']}",
        *(f"address add {address}/24 dev eth0" for address in CLIENT_ADDRESSES),
        f"address add {CLIENT6}/64 dev eth0 nodad",
        "link set eth0 up",
    ])
    namespace("lan").configure(["link add lan type bridge", "link set lan up"])
    namespace("cluster").configure([
        "link add mgmt type bridge", "link set mgmt up", f"address add {API_SERVER}/24 dev mgmt",
    ])
    namespace("router").configure([
        f"link add uplink type veth peer name wan netns {full['appliance']}",
        f"address add {CLIENT_GATEWAY}/24 dev client", f"address add {CLIENT_GATEWAY6}/64 dev client nodad",
        "link set client up",
        f"address add {ROUTER}/24 dev uplink", f"address add {ROUTER6}/64 dev uplink nodad", "link set uplink up",
    ])
    namespace("client").configure([f"route add default via {CLIENT_GATEWAY} src {CLIENT}",
                                   f"route add default via {CLIENT_GATEWAY6}"])
    namespace("appliance").configure([
        f"link add lan type veth peer name appliance netns {full['lan']}",
        f"link add mgmt type veth peer name appliance netns {full['cluster']}",
        f"address add {APPLIANCE_MGMT}/24 dev mgmt",
    ])
    # The wires are the daemon's; the kernel says nothing on them.
    namespace("appliance").set_sysctls({f"ipv6/conf/{link}/disable_ipv6": 1 for link in ("wan", "lan", "mgmt")})
    namespace("appliance").configure(["link set wan arp off up", "link set lan arp off up", "link set mgmt up"])
    namespace("lan").configure(["link set appliance master lan up"])
    namespace("cluster").configure(["link set appliance master mgmt up"])
    namespace("appliance").run([find("nft"), "-f", "-"], input=NO_KERNEL_COPY)
    for node in node_names(count):
        _wire_node(namespace, node, count)
    for name, link in (("router", "uplink"), ("appliance", "wan"), ("appliance", "lan"), ("lan", "appliance")):
        _send_plain_packets(namespace(name), link)


def _wire_node(namespace, node: str, count: int) -> None:
    others = [other for other in node_names(count) if other != node]
    namespace(node).configure([
        f"link add lan type veth peer name {node} netns {namespace('lan').full}",
        f"link add mgmt type veth peer name {node} netns {namespace('cluster').full}",
        "link add pods type bridge",
        f"address add {node_address(node)}/24 dev lan",
        f"address add {node_address6(node)}/64 dev lan nodad",
        f"address add {node_mgmt_address(node)}/24 dev mgmt",
        f"address add {pod_gateway(node)}/24 dev pods",
        f"address add {pod_address6(pod_gateway(node))}/64 dev pods nodad",
        "link set lan up", "link set mgmt up", "link set pods up",
        f"route add default via {APPLIANCE_LAN}",
        f"route add default via {APPLIANCE_LAN6}",
        *(f"route add {pod_network(other)} via {node_address(other)}" for other in others),
        *(f"route add {pod_network6(other)} via {node_address6(other)}" for other in others),
    ])
    namespace("lan").configure([f"link set {node} master lan up"])
    namespace("cluster").configure([f"link set {node} master mgmt up"])


def _send_plain_packets(namespace: Namespace, link: str) -> None:
    """A veth hands over 64 KB super-packets with unfinished checksums unless it is told not to."""
    with namespace.entered():
        done = subprocess.run([find("ethtool"), "-K", link, *"tx off rx off sg off tso off gso off gro off".split()],
                              text=True, capture_output=True)
    if done.returncode != 0:
        raise LabError(f"ethtool -K {link} in {namespace.full}: {done.stderr.strip()}")


def add_trunk(appliance: Namespace) -> None:
    """A wire `trunk` for the daemon whose other end `switch` is for vlan_switch.py, beside its usual wires."""
    appliance.configure(["link add trunk type veth peer name switch"])
    appliance.set_sysctls({f"ipv6/conf/{link}/disable_ipv6": 1 for link in ("trunk", "switch")})
    appliance.configure(["link set trunk arp off up", "link set switch arp off up"])
    appliance.run([find("nft"), "-f", "-"], input=NO_KERNEL_COPY_OF_TRUNK)
    for link in ("trunk", "switch"):
        _send_plain_packets(appliance, link)


def remove_trunk(appliance: Namespace) -> None:
    appliance.run([find("nft"), "delete", "table", "netdev", "lab_trunk"])
    appliance.configure(["link delete trunk"])


def attach_pod(namespace: Namespace, node: Namespace, address: str) -> None:
    """Plugs a pod's namespace into its node's bridge."""
    number = address.rpartition(".")[2]
    gateway = address.rpartition(".")[0] + ".1"
    node.configure([f"link add pod{number} type veth peer name eth0 netns {namespace.full}",
                    f"link set pod{number} master pods up"])
    namespace.configure([f"address add {address}/24 dev eth0", f"address add {pod_address6(address)}/64 dev eth0 nodad",
                         "link set eth0 up", f"route add default via {gateway}",
                         f"route add default via {pod_address6(gateway)}"])
