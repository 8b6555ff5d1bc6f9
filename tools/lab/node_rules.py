"""The node proxy's nftables rules as text: one atomic transaction for the whole table."""

from dataclasses import dataclass

MASQUERADE = "0x4000"  # The mark that kube-proxy uses for the same purpose.


@dataclass(frozen=True)
class NodePort:
    """One NodePort of one node and family. `targets` are those that this node may use; `anywhere` says whether others
    exist."""
    name: str
    protocol: str
    port: int
    local: bool
    targets: tuple[tuple[str, int], ...]
    anywhere: bool
    family: str = "IPv4"
    vips: tuple[tuple[str, int], ...] = ()  # (address, port) that the node serves as if they were its own (ipMode VIP)


def ruleset(ports: list[NodePort]) -> str:
    """Loading it replaces the rules of before in one step; connections that stand are not touched."""
    return "".join(_table(word, [port for port in ports if port.family == family])
                   for family, word in (("IPv4", "ip"), ("IPv6", "ip6")))


def _table(family: str, ports: list[NodePort]) -> str:
    refused = [port for port in ports if not port.targets]
    served = [port for port in ports if port.targets]
    filters = "\n    ".join(_refusal(port) for port in refused)
    jumps = "\n    ".join(f"{port.protocol} dport {port.port} jump {_chain(port)}" for port in served)
    vips = "\n    ".join(f"{family} daddr {address} {port.protocol} dport {number} jump {_chain(port)}"
                         for port in served for address, number in port.vips)
    chains = "\n".join(_service_chain(family, port) for port in served)
    return f"""table {family} node_proxy {{}}
delete table {family} node_proxy
table {family} node_proxy {{
  chain refuse {{
    type filter hook prerouting priority dstnat - 10; policy accept;
    ct state new fib daddr type local jump refused
  }}
  chain refuse_own {{
    type filter hook output priority -110; policy accept;
    ct state new fib daddr type local jump refused
  }}
  chain refused {{
    {filters}
  }}
  chain arriving {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump node_ports
    jump vips
  }}
  chain own {{
    type nat hook output priority -100; policy accept;
    fib daddr type local jump node_ports
    jump vips
  }}
  chain leaving {{
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & {MASQUERADE} == {MASQUERADE} masquerade fully-random
  }}
  chain vips {{
    {vips}
  }}
  chain node_ports {{
    {jumps}
  }}
{chains}
}}
"""


def _refusal(port: NodePort) -> str:
    """Endpoints elsewhere only: silence (`Local`). No endpoint at all: said at once."""
    verdict = "drop" if port.local and port.anywhere else "reject"
    return f"{port.protocol} dport {port.port} {verdict} comment \"{port.name}\""


def _service_chain(family: str, port: NodePort) -> str:
    mark = "" if port.local else f"meta mark set meta mark or {MASQUERADE}\n    "
    choices = ", ".join(f"{index} : {address} . {number}" for index, (address, number) in enumerate(port.targets))
    return f"""  chain {_chain(port)} {{
    {mark}meta l4proto {port.protocol} dnat {family} to numgen random mod {len(port.targets)} map {{ {choices} }}
  }}"""


def _chain(port: NodePort) -> str:
    return f"{port.protocol}_{port.port}"
