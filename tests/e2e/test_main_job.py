"""The main job: a Service gets its address, and real clients reach real servers through it."""

import time

import pytest
import yaml

from edge import INGRESS, NAMESPACE, STANDARD_FINALIZER
from tools.lab import topology, wait_for
from tools.lab.apps import BLOG_HOST, SHOP_HOST
from tools.lab.lab import MANIFESTS
from tools.lab.programs import find

pytestmark = pytest.mark.real_too


def test_the_external_address_is_there_within_a_second(edge):
    document = list(yaml.safe_load_all((MANIFESTS / "ingress-nginx.yaml").read_text()))[-1]
    began = time.monotonic()
    created = edge.kube.create("services", document, NAMESPACE)
    assert not created["status"].get("loadBalancer", {}).get("ingress")
    address = edge.wait_address()
    took = time.monotonic() - began
    assert took < 1.0, f"{took:.3f} s"
    assert address.startswith("203.0.113.")
    shown = edge.lab.kubectl("get", "service", INGRESS, "-n", NAMESPACE).stdout
    assert address in shown and "LoadBalancer" in shown


def test_http_is_routed_by_host_name_through_the_address(edge):
    address = edge.serve()
    for host, site in ((SHOP_HOST, "shop"), (BLOG_HOST, "blog")):
        done = edge.client.curl("--resolve", f"{host}:80:{address}", f"http://{host}/")
        assert done.stdout.startswith(f"{site}: hello from {site}-1"), done
    assert edge.client.get(address, host="nobody.example.test", path="/").status == 404


def test_https_shows_the_right_certificate(edge):
    address = edge.serve()
    for host, site in ((SHOP_HOST, "shop"), (BLOG_HOST, "blog")):
        done = edge.client.curl("--cacert", edge.lab.certificate_authority, "--resolve", f"{host}:443:{address}",
                                f"https://{host}/")
        assert done.stdout.startswith(f"{site}: hello"), done
    wrong = edge.client.curl("--cacert", edge.lab.certificate_authority, "--resolve",
                             f"other.example.test:443:{address}", "https://other.example.test/", check=False)
    assert wrong.returncode == 60  # curl: the certificate is for another name


def test_a_mariadb_client_gets_its_answer(edge):
    address = edge.serve()
    done = edge.client.run(find("mariadb"), "-h", address, "-P", "3306", "-ulab", "-plab", "lab", "-N", "-e",
                           "select text from greeting")
    assert "hello from mariadb-1 on node3" in done.stdout


def test_dns_is_answered_over_udp_and_tcp_on_one_address(edge):
    edge.lab.apply("dns.yaml")
    address = edge.wait_address("dns", "default")

    def resolve(transport: str) -> str:
        return edge.client.run(find("dig"), f"+{transport}", "+short", "+time=1", "+tries=1", f"@{address}",
                               "lab.example.test", "A", check=False).stdout.strip()
    for transport in ("notcp", "tcp"):
        wait_for(lambda: resolve(transport) == "192.0.2.53", 5, f"DNS by {transport}")


def test_status_finalizers_and_events_say_what_was_done(edge):
    address = edge.serve()
    service = edge.get()
    entry = service["status"]["loadBalancer"]["ingress"]
    assert [item["ip"] for item in entry] == [address]
    finalizers = service["metadata"]["finalizers"]
    assert STANDARD_FINALIZER in finalizers and len([name for name in finalizers if "sluice.dev/" in name]) == 1
    assert edge.wait_event("EnsuringLoadBalancer") and edge.wait_event("EnsuredLoadBalancer")
    if edge.is_real:
        return  # 1.20 knows neither ipMode nor conditions.
    assert entry[0]["ipMode"] == "Proxy"
    assert entry[0]["ports"] == [{"port": port, "protocol": "TCP"} for port in (80, 443, 3306)]
    assert edge.condition("sluice.dev/Provisioned")["status"] == "True"


def test_each_port_leads_to_its_own_server_and_no_other_port_is_open(edge):
    address = edge.serve()
    assert edge.client.get(address, 80).status == 200
    with edge.client.connect(address, 3306) as connection:
        assert b"MariaDB" in connection.recv(128)
    done = edge.client.curl("-k", f"https://{address}/whoami")
    assert '"pod":"ingress-' in done.stdout
    assert edge.client.is_dead(address, 81) and edge.client.is_dead(address, edge.node_port("http"))


def test_an_address_of_the_pool_that_no_service_has_is_dead(edge):
    address = edge.serve()
    other = topology.VIP_POOL.rpartition(".")[0] + ".100"
    assert other != address and edge.client.is_dead(other)
