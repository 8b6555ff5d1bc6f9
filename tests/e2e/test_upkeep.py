"""Somebody takes away what the appliance has set on its TAPs: it comes back, and clients are served again."""

import pytest

from tools.lab import wait_for

WAN = "sl-wan"


def ip(edge, *arguments: str) -> str:
    return edge.lab.ns("appliance").run(["ip", *arguments]).stdout


@pytest.fixture
def address(edge) -> str:
    return edge.serve()


def assert_served_again(edge, address: str) -> None:
    for family in ("-4", "-6"):
        wait_for(lambda: WAN in ip(edge, family, "route", "show", "default"), 5, f"the default route ({family})")
    edge.wait_http(address, tries=6)


def test_routes_come_back_with_a_link_that_was_down(edge, address):
    ip(edge, "link", "set", WAN, "down")
    wait_for(lambda: not ip(edge, "route", "show", "default"), 2, "no default route")
    edge.pause(0.3)
    assert not ip(edge, "route", "show", "default"), "a link that was set down on purpose is left alone"
    ip(edge, "link", "set", WAN, "up")
    assert_served_again(edge, address)


@pytest.mark.parametrize("link", [WAN, "wan"], ids=["tap", "wire"])
def test_addresses_are_announced_again_where_a_link_was_down(edge, address, link):
    router, wrong = edge.lab.ns("router"), "02:00:00:00:00:99"
    edge.pause(3)  # The rounds that it came with are over.
    ip(edge, "link", "set", link, "down")
    edge.pause(1.5)
    ip(edge, "link", "set", link, "up")
    router.run(["ip", "neigh", "replace", address, "lladdr", wrong, "nud", "reachable", "dev", "uplink"])
    wait_for(lambda: wrong not in router.run(["ip", "neigh", "show", address]).stdout, 5, "the right MAC address")
    assert_served_again(edge, address)


def test_a_route_that_somebody_removed_comes_back(edge, address):
    for family in ("-4", "-6"):
        ip(edge, family, "route", "del", "default")
    assert_served_again(edge, address)


def test_addresses_that_somebody_flushed_come_back(edge, address):
    before = ip(edge, "-o", "address", "show", "dev", WAN, "scope", "global")
    ip(edge, "address", "flush", "dev", WAN, "scope", "global")

    def all_back() -> bool:
        now = ip(edge, "-o", "address", "show", "dev", WAN, "scope", "global")
        return all(line.split()[3] in now for line in before.splitlines())
    wait_for(all_back, 5, "the addresses")
    assert_served_again(edge, address)
