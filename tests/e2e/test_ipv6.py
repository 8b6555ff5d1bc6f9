"""IPv6 beside IPv4, and alone: addresses from the pool, HTTP, datagrams and bytes from the client to the pods."""

import ipaddress
import json
import socket

import pytest

from edge import ECHO_PORTS, INGRESS, OUR_CLASS
from test_transfer import MEGABYTE, pull, push
from tools.lab import topology, wait_for

BOTH = {"ipFamilyPolicy": "RequireDualStack"}
SIX = {"ipFamilies": ["IPv6"], "ipFamilyPolicy": "SingleStack"}
FIRST6, LAST6 = map(ipaddress.ip_address, topology.VIP_POOL6.split("-"))


def wait_addresses(edge, count: int, name: str = INGRESS) -> list[str]:
    return wait_for(lambda: len(found := edge.addresses(name)) == count and found, 10, f"{count} addresses for {name}")


def is_in_pool6(address: str) -> bool:
    return FIRST6 <= ipaddress.ip_address(address) <= LAST6


@pytest.fixture
def echo(edge):
    """The echo servers' address of IPv6, with a Service of that family alone."""
    edge.start_servers()
    edge.create("echo", ECHO_PORTS, **SIX)
    address = wait_addresses(edge, 1, "echo")[0]
    edge.wait_echo(address)
    return address


@pytest.mark.parametrize("policy", ["Local", "Cluster"])
def test_a_dual_stack_service_is_served_at_an_address_of_each_family(edge, policy):
    edge.create(policy=policy, **BOTH)
    four, six = wait_addresses(edge, 2)
    assert ipaddress.ip_address(four) in ipaddress.ip_network(topology.VIP_POOL)
    assert is_in_pool6(six)
    for address in (four, six):
        edge.wait_http(address, tries=24)
    modes = [item.get("ipMode") for item in edge.get()["status"]["loadBalancer"]["ingress"]]
    assert modes == ["Proxy", "Proxy"]
    assert edge.condition("sluice.dev/Provisioned")["status"] == "True"


def test_pods_see_our_address_of_the_family(edge, echo):
    seen = edge.client.whoami(echo)
    assert seen["peer"] == topology.APPLIANCE_LAN6


def test_a_service_of_ipv6_alone_gets_one_address_and_is_served(edge):
    edge.create(**SIX)
    address = wait_addresses(edge, 1)[0]
    assert is_in_pool6(address)
    edge.wait_http(address, tries=24)


def test_the_families_come_in_the_order_of_the_service(edge):
    edge.create(ipFamilies=["IPv6", "IPv4"], **BOTH)
    six, four = wait_addresses(edge, 2)
    assert is_in_pool6(six) and "." in four


def test_a_service_gains_and_loses_a_family(edge):
    four = edge.serve()
    edge.patch(BOTH)
    assert wait_addresses(edge, 2)[0] == four
    six = edge.addresses()[1]
    edge.wait_http(six)
    edge.patch({"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]})
    assert wait_addresses(edge, 1) == [four]
    wait_for(lambda: edge.client.is_dead(six), 5, f"the end of {six}")
    edge.wait_http(four)


def test_a_flow_is_foretold_shown_and_found(edge, echo):
    client, vip = f"[{topology.CLIENT6}]:42000", f"[{echo}]:9000"
    foretold = edge.ask("explain", "flow", "tcp", client, vip)
    assert (foretold["verdict"], foretold["snat"]) == ("to_node", [topology.APPLIANCE_LAN6])
    assert "chosen when the flow opens" in foretold["steps"][-1]["sentence"]
    with edge.client.connect(echo, 9000, source_port=42000) as connection:
        connection.sendall(b"W")
        seen = json.loads(connection.makefile().readline())
        assert seen["node"] == foretold["node"]
        live = edge.ask("explain", "flow", "tcp", client, vip)["live"]
        assert (live["vip"], live["node"]) == (echo, seen["node"])
        assert live["snat"] == seen["peer"]
        assert edge.has_come_to(seen["node"], live["snat"], live["snat_port"], edge.node_port("echo", "echo"))
        for filters in (["--client", client], ["--client", topology.CLIENT6, "--vip", vip]):
            assert live["snat_port"] in [row["snat_port"] for row in edge.ask("show", "flows", *filters)["flows"]]
        shown = edge.lab.sluice("show", "flows", "--client", client).stdout
        assert client in shown and vip in shown and f"[{live['snat']}]:{live['snat_port']}" in shown


def test_a_refused_flow_is_refused_as_foretold(edge, echo):
    explained = edge.ask("explain", "flow", "tcp", f"[{topology.CLIENT6}]:43000", f"[{echo}]:81")
    assert (explained["verdict"], explained["instead_of"]) == ("reply_reset", "drop_no_service")
    with pytest.raises(ConnectionRefusedError):
        edge.client.connect(echo, 81, source_port=43000)


def test_datagrams_come_back_and_the_address_answers_ping(edge, echo):
    with edge.client.open(socket.SOCK_DGRAM, topology.CLIENT6, timeout=2) as asker:
        asker.connect((echo, 9000))
        for size in (1, 64, 1000, 1452):
            sent = bytes([121]) * size
            asker.send(sent)
            assert asker.recv(65536) == sent
    assert edge.client.run("ping", "-6", "-c", "1", "-W", "2", echo, check=False).returncode == 0


def test_fifty_megabytes_each_way(edge, echo):
    with edge.client.connect(echo, 9000, timeout=30) as connection:
        pull(connection, 1, 50 * MEGABYTE)
        push(connection, 2, 50 * MEGABYTE)


def test_source_ranges_of_one_family_close_the_other(edge):
    edge.create(policy="Cluster", loadBalancerSourceRanges=[f"{topology.CLIENT6}/128"], **BOTH)
    four, six = wait_addresses(edge, 2)
    edge.wait_http(six)
    assert edge.client.is_dead(four)


def test_both_addresses_stay_over_a_restart(edge):
    edge.create(**BOTH)
    before = wait_addresses(edge, 2)
    edge.lab.sluiced.restart()
    edge.lab.sluiced.wait_log("serving")
    for address in before:
        edge.wait_http(address)
    assert edge.addresses() == before


def test_a_service_that_requires_what_no_pool_has_waits_and_says_why(edge):
    edge.create(loadBalancerIP="2001:db8:ffff::1", **SIX)
    assert "2001:db8:ffff::1 is in no pool" in edge.wait_event("AllocationFailed")
    assert edge.addresses() == []
    assert edge.get()["spec"]["loadBalancerClass"] == OUR_CLASS
