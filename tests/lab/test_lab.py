"""The lab is what it says: its pods serve, its nodes behave like nodes, and nothing of it stays behind."""

import os
import re
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from tools.lab import Lab, LabError, topology
from tools.lab.apps import BLOG_HOST, SHOP_HOST
from tools.lab.load import Load

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")

PREFIX = f"labtest{os.getpid()}-"
PLANE = os.environ.get("LAB_CONTROL_PLANE", "standin")
INGRESS = ("ingress-nginx-controller", "ingress-nginx")


@pytest.fixture(scope="module")
def lab():
    with Lab(PLANE, prefix=PREFIX, node_proxy="own") as lab:
        lab.apply("ingress-nginx.yaml")
        lab.apply("dns.yaml")
        # node3 asks node1 and node2; both Services are served once the HTTP port answers and the health port is there.
        lab.wait_for(lambda: http(lab, "10.20.0.11", "http", "/whoami") and health(lab, "10.20.0.11")[0] == 200)
        yield lab
    left_behind()


def left_behind() -> None:
    """Fails when anything of the lab is still there."""
    namespaces = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True).stdout
    assert PREFIX not in namespaces
    assert not Path(f"/tmp/{PREFIX}lab").exists()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert f"{PREFIX}lab".encode() not in command.read_bytes(), command
        except (FileNotFoundError, ProcessLookupError):
            pass


def ports(lab, service=INGRESS) -> dict[str, int]:
    spec = lab.kube.get("services", *service)["spec"]
    return {port["name"]: port["nodePort"] for port in spec["ports"]} | {"health": spec.get("healthCheckNodePort", 0)}


def ask(lab, command: str, source="node3") -> subprocess.CompletedProcess:
    return lab.ns(source).run(command.split(), check=False)


def http(lab, node: str, port: str, path: str, host="lab", source="node3") -> str:
    return ask(lab, f"curl -s -m 1 -H Host:{host} http://{node}:{ports(lab)[port]}{path}", source).stdout


def health(lab, node: str, source="node3") -> tuple[int, str]:
    text = ask(lab, f"curl -si -m 1 http://{node}:{ports(lab)['health']}/healthz", source).stdout
    return (int(text.split()[1]), text) if text else (0, "")


def test_both_hosts_are_routed_to_their_servers(lab):
    assert http(lab, "10.20.0.11", "http", "/", SHOP_HOST).startswith("shop: hello from shop-1 on node1, by way of ing")
    assert http(lab, "10.20.0.12", "http", "/", BLOG_HOST).startswith("blog: hello from blog-1 on node2, by way of ing")


def test_a_dual_stack_service_is_served_by_node_ports_of_both_families(lab):
    selector = {"app.kubernetes.io/name": "ingress-nginx"}
    lab.kube.create("services", {"metadata": {"name": "both"}, "spec": {
        "type": "NodePort", "ipFamilyPolicy": "RequireDualStack", "selector": selector,
        "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}, INGRESS[1])
    port = ports(lab, ("both", INGRESS[1]))["http"]
    for address in ("10.20.0.11", "[2001:db8:20::12]"):
        lab.wait_for(lambda: "ingress-" in ask(lab, f"curl -sg -m 1 http://{address}:{port}/whoami").stdout, 5)
    lab.kube.delete("services", "both", INGRESS[1])


def test_tls_ends_with_a_certificate_for_both_hosts(lab):
    for host in (SHOP_HOST, BLOG_HOST):
        port = ports(lab)["https"]
        done = ask(lab, f"curl -s -m 2 --cacert {lab.certificate_authority} --resolve {host}:{port}:10.20.0.12 "
                        f"https://{host}:{port}/")
        assert host.split(".")[0] in done.stdout, done


def test_mariadb_answers_through_the_stream(lab):
    done = ask(lab, f"mariadb -h 10.20.0.11 -P {ports(lab)['proxied-tcp-3306']} -ulab -plab lab -N -e "
                    "select(text)from(greeting)")
    assert "hello from mariadb-1 on node3" in done.stdout, done


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_dns_answers_on_every_node_from_any_pod(lab, transport):
    port = ports(lab, ("dns", "default"))[f"dns-{transport}"]
    for node in ("10.20.0.11", "10.20.0.12", "10.20.0.13"):
        done = ask(lab, f"dig +{'tcp' if transport == 'tcp' else 'notcp'} +short +time=1 +tries=1 @{node} -p {port} "
                        "whoami.example.test TXT", "node2")
        assert re.fullmatch(r'"dns-\d" "node\d"\n', done.stdout), done


def test_a_udp_sender_that_keeps_its_port_finds_another_pod_when_its_own_goes(lab):
    port = ports(lab, ("dns", "default"))["dns-udp"]
    query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + b"\6whoami\7example\4test\0" + struct.pack(">HH", 16, 1)
    with lab.ns("node2").entered():
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.settimeout(0.1)

    def who() -> str:
        try:
            asker.sendto(query, ("10.20.0.13", port))
            return re.search(rb"dns-\d+", asker.recv(512))[0].decode()
        except OSError:
            return ""
    first = lab.wait_for(who, 2)
    assert {who() for _ in range(5)} == {first}
    fresh = lab.move_pod(first, "node3", drain=0)
    assert lab.wait_for(who, 2) != first
    asker.close()
    assert fresh.name != first


def test_local_keeps_the_client_address_and_drops_where_there_is_no_endpoint(lab):
    assert '"client":"10.20.0.13"' in http(lab, "10.20.0.11", "http", "/whoami")
    silent = ask(lab, f"curl -s -m 0.5 http://10.20.0.13:{ports(lab)['http']}/whoami", "node1")
    assert silent.returncode == 28  # curl: the time was over


def test_health_ports_tell_the_count_of_local_endpoints(lab):
    code, text = health(lab, "10.20.0.12")
    assert code == 200 and "X-Load-Balancing-Endpoint-Weight: 1" in text and '"localEndpoints": 1' in text
    assert health(lab, "10.20.0.13", "node1")[0] == 503
    assert '"nodeEligible": true' in ask(lab, "curl -s -m 1 http://10.20.0.13:10256/healthz", "node1").stdout


def test_the_health_port_follows_the_traffic_policy(lab):
    port, name = ports(lab)["health"], INGRESS[0]

    def closed() -> bool:
        return ask(lab, f"curl -s -m 1 http://10.20.0.11:{port}/").returncode == 7
    lab.kube.patch("services", name, {"spec": {"externalTrafficPolicy": "Cluster"}}, INGRESS[1])
    lab.wait_for(closed, 2)
    assert "ingress-" in http(lab, "10.20.0.13", "http", "/whoami", source="node1")
    lab.kube.patch("services", name, {"spec": {"externalTrafficPolicy": "Local"}}, INGRESS[1])
    lab.wait_for(lambda: health(lab, "10.20.0.11")[0] == 200, 2)


def test_a_draining_pod_still_serves_while_its_node_reports_unhealthy(lab):
    pod = lab.add_pod("node3")
    lab.wait_for(lambda: health(lab, "10.20.0.13", "node1")[0] == 200, 2)
    long = Load(lab.ns("node1"), "long", f"10.20.0.13:{ports(lab)['http']}", {"count": 3, "seconds": 1.5})
    lab.pods.drain(pod.name)
    lab.wait_for(lambda: health(lab, "10.20.0.13", "node1")[0] == 503, 2)
    assert pod.name in http(lab, "10.20.0.13", "http", "/whoami", source="node1")
    assert long.result()["broken"] == 0
    lab.pods.end(pod.name, 3)
    assert not lab.ns(pod.netns).exists()


def test_no_endpoint_anywhere_is_refused_at_once(lab):
    lab.kube.create("services", {"metadata": {"name": "nobody"}, "spec": {
        "type": "NodePort", "selector": {"app": "nobody"}, "ports": [{"name": "x", "port": 80}]}})
    port = ports(lab, ("nobody", "default"))["x"]

    def refused() -> bool:
        return ask(lab, f"curl -s -m 1 http://10.20.0.11:{port}/").returncode == 7  # curl: could not connect
    lab.wait_for(refused, 2)


def test_an_outage_of_the_api_changes_nothing_for_traffic(lab):
    before = ports(lab)
    lab.stop_control_plane()
    target = f"http://10.20.0.11:{before['http']}/whoami"
    assert "ingress-1" in ask(lab, f"curl -s -m 1 {target}").stdout
    lab.start_control_plane()
    assert ports(lab) == before
    lab.wait_for(lambda: "ingress-1" in ask(lab, f"curl -s -m 1 {target}").stdout, 2)


def test_load_is_steady_and_counted_by_pod(lab):
    load = Load(lab.ns("node3"), "new", f"10.20.0.12:{ports(lab)['http']}", {"rate": 200, "seconds": 2})
    result = load.result()
    assert (result["ok"], result["failed"]) == (400, 0), result
    assert result["nodes"] == {"node2": 400}


def test_packet_sockets_of_the_appliance_see_what_its_kernel_does_not(lab):
    with lab.ns("appliance").entered():
        sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    sniffer.bind(("wan", 0x0003))
    sniffer.settimeout(2)
    for address in ("203.0.113.64", "203.0.113.2"):
        lab.ns("router").run(["ping", "-c", "1", "-W", "0.1", address], check=False)
        while True:
            frame = sniffer.recv(2048)
            kind, target = frame[12:14], frame[38:42]
            if kind == b"\x08\x06" and target == socket.inet_aton(address):
                assert struct.unpack(">H", frame[20:22]) == (1,)  # a question; nobody has answered
                break
    assert "REACHABLE" not in lab.ns("router").run(["ip", "neighbour"]).stdout
    sniffer.close()


def test_a_silent_api_server_is_silent_for_the_appliance_only(lab):
    def reached(source) -> bool:
        with lab.ns(source).entered():
            try:
                socket.create_connection((topology.API_SERVER, 6443), timeout=0.3).close()
                return True
            except TimeoutError:
                return False
    assert reached("appliance")
    lab.cut_api_server()
    assert not reached("appliance") and reached("node1")
    lab.mend_api_server()
    assert reached("appliance")


def test_the_daemon_is_started_in_the_appliance_and_can_be_stopped_killed_and_restarted(lab, tmp_path):
    program = tmp_path / "sluiced"
    program.write_text("#!/bin/bash\ntrap 'echo bye; exit 3' TERM\ncat $2; ip -o link show wan; echo serving\n"
                       "while :; do read -t 0.05 <> <(:); done\n")
    program.chmod(0o755)
    daemon = lab.start_sluiced("vips: @vip_pool@\n", program)
    daemon.wait_log("^serving")
    assert "vips: 203.0.113.64/26" in daemon.log and "wan@" in daemon.log
    first = daemon.pid
    daemon.restart()
    daemon.wait_log("^serving")
    assert daemon.pid != first and "bye" not in daemon.log
    assert daemon.stop() == 3 and not daemon.alive
    daemon.start()
    daemon.kill()
    assert not daemon.alive
    with pytest.raises(LabError, match="nothing is known as @nix@"):
        lab.start_sluiced("a: @nix@", program)


def test_up_is_idempotent_and_names_what_it_does_not_know(lab):
    assert Lab(prefix=PREFIX).up().record()["nodes"] == 3
    with pytest.raises(LabError, match="no app 'nothing'; there are: shop"):
        lab.add_pod("node1", "nothing")
    with pytest.raises(LabError, match="no node 'node9'"):
        lab.add_pod("node9")
