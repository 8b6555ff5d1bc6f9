"""What `sluice` says is what really happens: each answer is compared with what clients, pods and nodes see."""

import json
import re
import socket

import pytest

from edge import ECHO_PORTS, INGRESS, NAMESPACE
from tools.lab import topology, wait_for

FULL_NAME = f"{NAMESPACE}/{INGRESS}"
TABLES = ("services", "backends", "flows", "ports", "drops", "status")


def text(edge, *question: str) -> str:
    return edge.lab.sluice(*question).stdout


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_there_for_people_and_for_machines(edge, table):
    address = edge.serve()
    shown, document = text(edge, "show", table), edge.ask("show", table)
    assert shown.strip() and isinstance(document, dict)
    if table == "services":
        assert INGRESS in shown and address in shown


def test_services_say_address_policy_state_and_ports(edge):
    address = edge.serve()
    row, = edge.ask("show", "services")["services"]
    assert (row["namespace"], row["name"], row["vip"]) == (NAMESPACE, INGRESS, address)
    assert (row["policy"], row["delivery"], row["state"], row["pool"]) == ("Local", "full-nat", "served", "public")
    ports = {port["name"]: port for port in row["ports"]}
    for name, number in (("http", 80), ("https", 443), ("proxied-tcp-3306", 3306)):
        port = ports[name]
        assert (port["port"], port["protocol"], port["active_backends"]) == (number, "tcp", 2)
        assert port["node_port"] == edge.node_port(name) and not port.get("problem")


def test_backends_say_weights_and_shares(edge):
    edge.place(node1=2, node3=1)
    edge.serve()

    def weights() -> dict:
        rows = [row for row in edge.ask("show", "backends")["backends"] if row["service"] == FULL_NAME]
        return {row["node"]: row for row in rows if row["state"] == "in"}
    rows = wait_for(lambda: set(weights()) == {"node1", "node3"} and weights(), 3, "node1 and node3")
    assert rows["node1"]["weight"] == 2 and rows["node3"]["weight"] == 1
    share = rows["node1"]["slots"] / rows["node1"]["slots_total"]
    assert abs(share - 2 / 3) < 0.01
    for row in rows.values():
        assert row["address"] == topology.node_address(row["node"])
        assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", row["next_hop"]) and row["out_port"] == "lan"


def test_ports_say_their_counters(edge):
    address = edge.serve()

    def packets() -> dict:
        rows = edge.ask("show", "ports")["ports"]
        return {row["name"]: (int(row["rx_packets"]), int(row["tx_packets"])) for row in rows}
    before = packets()
    assert set(before) == {"wan", "lan"}
    for _ in range(10):
        edge.client.get(address)
    wait_for(lambda: all(new >= old + 40 for name in before for new, old in zip(packets()[name], before[name])), 3,
             "10 connections in both ports' counters")


def test_explain_flow_foretells_the_node_of_a_connection(edge):
    edge.place(node1=1, node2=1, node3=1)
    address = edge.serve()
    nodes = set()
    for port in range(41000, 41012):
        foretold = edge.ask("explain", "flow", "tcp", f"{topology.CLIENT}:{port}", f"{address}:80")
        assert foretold["verdict"] == "to_node" and foretold["service"].endswith(FULL_NAME), foretold
        assert foretold["snat"] == [topology.APPLIANCE_LAN] and "live" not in foretold, foretold
        assert edge.client.get(address, source_port=port).node == foretold["node"], foretold
        nodes.add(foretold["node"])
    assert len(nodes) > 1


def flows(edge, *filters: str) -> list[dict]:
    return edge.ask("show", "flows", *filters).get("flows", [])


def test_a_live_flow_is_shown_as_the_node_sees_it(edge):
    address = edge.serve_echo()
    client = f"{topology.CLIENT}:42000"
    with edge.client.connect(address, 9000, source_port=42000) as connection:
        connection.sendall(b"W")
        seen = json.loads(connection.makefile().readline())
        assert seen["peer"] == topology.APPLIANCE_LAN
        flow, = flows(edge, "--client", client)
        assert (flow["client"], flow["client_port"]) == (topology.CLIENT, 42000)
        assert (flow["vip"], flow["vip_port"], flow["service"]) == (address, 9000, f"{NAMESPACE}/echo")
        assert (flow["snat"], flow["node"]) == (seen["peer"], seen["node"])
        assert edge.has_come_to(seen["node"], flow["snat"], flow["snat_port"], flow["node_port"])
        assert flow["node_port"] == edge.node_port("echo", "echo")
        question = ("explain", "flow", "tcp", client, f"{address}:9000")
        live = edge.ask(*question)["live"]
        assert (live["snat_port"], live["node"]) == (flow["snat_port"], seen["node"])
        for shown in (text(edge, "show", "flows", "--client", client), text(edge, *question)):
            assert seen["node"] in shown and str(flow["snat_port"]) in shown
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    wait_for(lambda: all(row["state"] != flow["state"] for row in flows(edge, "--client", client)), 3, "another state")


def test_flows_are_found_by_what_is_known_of_them(edge):
    edge.place(node1=1, node2=1, node3=1)
    address = edge.serve_echo()
    wanted, other = topology.CLIENT_ADDRESSES[3], topology.CLIENT_ADDRESSES[4]
    held = [edge.client.connect(address, 9000, source=source) for source in [wanted] * 6 + [other] * 2]
    assert len(flows(edge, "--client", wanted, "--vip", f"{address}:9000")) == 6
    assert {row["client"] for row in flows(edge, "--client", other)} == {other}
    by_node = [len(flows(edge, "--client", wanted, "--vip", address, "--node", node)) for node in edge.lab.nodes]
    assert sum(by_node) == 6
    limited = edge.ask("show", "flows", "--client", wanted, "--vip", address, "--limit", "2")
    assert len(limited["flows"]) == 2 and limited["truncated"]
    assert not flows(edge, "--client", wanted, "--protocol", "udp")
    for connection in held:
        connection.close()


def test_explain_service_gives_reasons(edge):
    address = edge.serve()
    document = edge.ask("explain", "service", FULL_NAME)
    assert document["service"]["vip"] == address and document["facts"]
    states = {node["node"]: node for node in document["nodes"]}
    assert states["node1"]["state"] == "in" and states["node3"]["state"] == "out" and states["node3"]["reason"]
    shown = text(edge, "explain", "service", FULL_NAME)
    assert address in shown and states["node3"]["reason"] in shown


def test_a_question_about_nothing_is_answered_by_a_sentence(edge):
    done = edge.lab.sluice("explain", "service", "default/nothing", check=False)
    assert done.returncode != 0 and "nothing" in done.stderr
    done = edge.lab.sluice("show", "nonsense", check=False)
    assert done.returncode != 0 and done.stderr


def test_a_flow_to_a_port_that_nobody_has_is_refused_as_foretold(edge):
    address = edge.serve()
    explained = edge.ask("explain", "flow", "tcp", f"{topology.CLIENT}:43000", f"{address}:81")
    assert (explained["verdict"], explained["instead_of"]) == ("reply_reset", "drop_no_service")
    assert not explained["node"] and not explained["snat"]
    before = edge.dropped("reply_reset")
    with pytest.raises(ConnectionRefusedError):
        edge.client.connect(address, 81, source_port=43000)
    assert edge.dropped("reply_reset") > before


def test_the_last_drops_are_shown_with_their_addresses(edge):
    address = edge.serve()
    allowed, other = topology.CLIENT_ADDRESSES[1], topology.CLIENT_ADDRESSES[2]
    edge.create("closed", (("http", 80, "http", "TCP"),), loadBalancerSourceRanges=[f"{allowed}/32"])
    closed = edge.wait_address("closed")
    wait_for(lambda: edge.client.is_served(closed, source=allowed), 10, "the Service with source ranges")
    with pytest.raises(ConnectionRefusedError):
        edge.client.connect(address, 81, source_port=43001)
    with pytest.raises(TimeoutError):
        edge.client.connect(closed, 80, source=other, source_port=43002, timeout=0.5)
    reset, = [row for row in edge.ask("show", "drops", "--recent")["packets"] if row["source_port"] == 43001]
    assert (reset["verdict"], reset["instead_of"]) == ("reply_reset", "drop_no_service")
    assert (reset["source"], reset["destination"], reset["destination_port"]) == (topology.CLIENT, address, 81)
    assert (reset["protocol"], reset["tcp_flags"], reset["port"]) == ("tcp", "S", "wan")
    assert 0 <= reset["age_seconds"] < 60 and reset["length"] >= 54 and 0 < reset["ttl"] <= 64
    assert bytes.fromhex(reset["bytes"])[26:34] == socket.inet_aton(topology.CLIENT) + socket.inet_aton(address)
    shown = text(edge, "show", "drops", "--recent", "drop_source_range")
    assert f"tcp {other}:43002 → {closed}:80 [S] ttl" in shown and "reply_reset" not in shown
    done = edge.lab.sluice("show", "drops", "--recent", "drop_nothing", check=False)
    assert done.returncode == 1 and "'drop_nothing' is no drop" in done.stderr


def test_status_says_workers_snat_memory_and_the_cluster(edge):
    edge.serve("echo", ports=(("http", 80, "http", "TCP"), *ECHO_PORTS))
    status = edge.ask("show", "status")
    assert status["engine"] == "dpdk" and status["version"] and status["uptime_seconds"] > 0 and status["memory"]
    worker, = status["workers"]
    assert int(worker["opened"]) > 0 and int(worker["flows_max"]) >= 65536
    assert {usage["address"] for usage in status["snat"]} == {topology.APPLIANCE_LAN, topology.APPLIANCE_LAN6}
    assert all(int(usage["capacity"]) > 0 for usage in status["snat"])
    cluster, = status["clusters"]
    assert cluster["name"] == "lab" and cluster["synced"]
    assert {feed["resource"] for feed in cluster["feeds"]} == {"services", "nodes", "endpointslices"}
    assert all(feed["connected"] and feed["synced"] for feed in cluster["feeds"])
