"""What `sluice` says is what really happens: each answer is compared with what clients, pods and nodes see."""

import json
import re

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
        return {row["name"]: (int(row["rx_packets"]), int(row["tx_packets"])) for row in edge.ask("show", "ports")["ports"]}
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
        assert edge.client.get(address, source_port=port).node == foretold["node"], foretold
        nodes.add(foretold["node"])
    assert len(nodes) > 1


def test_a_live_flow_is_shown_as_the_node_sees_it(edge):
    address = edge.serve_echo()
    with edge.client.connect(address, 9000, source_port=42000) as connection:
        connection.sendall(b"W")
        seen = json.loads(connection.makefile().readline())
        assert seen["peer"] == topology.APPLIANCE_LAN
        flow, = [row for row in edge.ask("show", "flows")["flows"] if row["client_port"] == 42000]
        assert (flow["client"], flow["vip"], flow["vip_port"]) == (topology.CLIENT, address, 9000)
        assert (flow["snat"], flow["snat_port"], flow["node"]) == (seen["peer"], seen["peer_port"], seen["node"])
        assert flow["service"] == f"{NAMESPACE}/echo" and flow["node_port"] == edge.node_port("echo", "echo")
        explained = edge.ask("explain", "flow", "tcp", f"{topology.CLIENT}:42000", f"{address}:9000")
        assert explained["live"]["snat_port"] == seen["peer_port"] and explained["live"]["node"] == seen["node"]
        assert str(seen["peer_port"]) in text(edge, "show", "flows")
        steps = text(edge, "explain", "flow", "tcp", f"{topology.CLIENT}:42000", f"{address}:9000")
        assert seen["node"] in steps and str(seen["peer_port"]) in steps
    wait_for(lambda: not [row for row in edge.ask("show", "flows").get("flows", [])
                          if row["client_port"] == 42000 and row["state"] == "established"], 3, "the flow's end")


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


def test_a_flow_to_a_port_that_nobody_has_is_explained_and_counted(edge):
    address = edge.serve()
    explained = edge.ask("explain", "flow", "tcp", f"{topology.CLIENT}:43000", f"{address}:81")
    assert explained["verdict"] == "drop_no_service" and not explained.get("node")
    before = edge.dropped("drop_no_service")
    assert edge.client.is_dead(address, 81)
    assert edge.dropped("drop_no_service") > before


def test_status_says_workers_snat_memory_and_the_cluster(edge):
    edge.serve("echo", ports=(("http", 80, "http", "TCP"), *ECHO_PORTS))
    status = edge.ask("show", "status")
    assert status["engine"] == "dpdk" and status["version"] and status["uptime_seconds"] > 0 and status["memory"]
    worker, = status["workers"]
    assert int(worker["opened"]) > 0 and int(worker["flows_max"]) >= 65536
    usage, = status["snat"]
    assert usage["address"] == topology.APPLIANCE_LAN and int(usage["capacity"]) > 0
    cluster, = status["clusters"]
    assert cluster["name"] == "lab" and cluster["synced"]
    assert {feed["resource"] for feed in cluster["feeds"]} == {"services", "nodes", "endpointslices"}
    assert all(feed["connected"] and feed["synced"] for feed in cluster["feeds"])
