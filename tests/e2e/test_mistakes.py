"""Wrong configuration, machines that lack something and malformed objects: said clearly, and nothing else is harmed."""

import re
import shutil
import subprocess

import pytest

from edge import INGRESS, NAMESPACE
from tools.lab import wait_for
from tools.lab.sluiced import RUNTIME, _program

WRONG = """\
engine: warp
workers:
  count: 99
ports:
  - name: wan
    device: "interfaze:wan"
    addresses: [203.0.113.2/33]
snat:
  addresses: [nobody]
pools:
  - name: public
    rangess: [203.0.113.64/26]
clusters: []
"""
# What is wrong above: line, and a word that its message needs.
EXPECTED = {1: "warp", 3: "99", 6: "interfaze", 7: "203.0.113.2/33", 9: "nobody", 12: "rangess", 13: "cluster"}
BROKEN = f"/api/v1/namespaces/{NAMESPACE}/services/broken"


def start(*arguments: str) -> subprocess.CompletedProcess:
    command = [_program("sluiced", None, "SLUICED"), *arguments]
    return subprocess.run(command, text=True, capture_output=True, timeout=10)


def test_all_mistakes_of_a_configuration_are_shown_at_once_with_their_places(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG, encoding="utf-8")
    for arguments in (("--config", file), ("--config", file, "--check")):
        done = start(*map(str, arguments))
        assert done.returncode == 3, done
        found = {int(line): text for line, text in re.findall(rf"^{file}:(\d+):\d+: (.*)$", done.stderr, re.MULTILINE)}
        for line, word in EXPECTED.items():
            assert word in found.get(line, ""), f"line {line} of:\n{done.stderr}"


def test_yaml_that_is_none_is_named_with_its_place(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("pools: [\n  - {\n", encoding="utf-8")
    done = start("--config", str(file))
    assert done.returncode == 3 and re.match(rf"{file}:\d+:\d+: ", done.stderr), done


def test_a_configuration_that_is_not_there_is_said(tmp_path):
    done = start("--config", str(tmp_path / "nothing.yaml"))
    assert done.returncode != 0 and "nothing.yaml" in done.stderr and "No such file" in done.stderr, done


def test_a_kubeconfig_that_is_not_there_is_said_in_a_sentence(edge, tmp_path):
    right = edge.lab.sluiced.config.read_text(encoding="utf-8")
    file = tmp_path / "sluice.yaml"
    file.write_text(right.replace(str(edge.lab.kubeconfig), "/nonexistent/admin.conf"), encoding="utf-8")
    done = start("--config", str(file))
    assert done.returncode == 3, done
    assert "/nonexistent/admin.conf" in done.stderr and "No such file" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def with_clusters(edge, file, clusters: str) -> int:
    """Writes the lab's configuration with other clusters at its end. Answers the line of the first one."""
    right = edge.lab.sluiced.config.read_text(encoding="utf-8")
    before, _ = re.split(r"^clusters:.*\n", right, maxsplit=1, flags=re.MULTILINE)
    file.write_text(before + "clusters:\n" + clusters, encoding="utf-8")
    return before.count("\n") + 2


def test_what_is_wrong_with_every_cluster_is_shown_at_once_with_its_place(edge, tmp_path):
    file = tmp_path / "sluice.yaml"
    first = with_clusters(
        edge, file, "  - {name: one, kubeconfig: /nonexistent/one}\n"
        f"  - {{name: two, kubeconfig: {edge.lab.kubeconfig}, context: nowhere}}\n"
        "  - {name: three, server: 'https://192.0.2.1', ca_file: /nonexistent/ca, token_file: /nonexistent/t}\n")
    for arguments in (("--config", file), ("--config", file, "--check")):
        done = start(*map(str, arguments))
        assert done.returncode == 3, done
        found = re.findall(rf"^{file}:(\d+):\d+: clusters\[(\d)\]\.(\w+): ", done.stderr, re.MULTILINE)
        assert found == [(str(first), "0", "kubeconfig"), (str(first + 1), "1", "context"),
                         (str(first + 2), "2", "ca_file"), (str(first + 2), "2", "token_file")], done.stderr


def test_mistakes_of_the_file_and_of_what_it_points_at_are_shown_together(edge, tmp_path):
    file = tmp_path / "sluice.yaml"
    first = with_clusters(
        edge, file, "  - {name: one, kubeconfig: /nonexistent/one}\n"
        f"  - {{name: two, kubeconfig: {edge.lab.kubeconfig}}}\n"
        f"  - {{name: three, kubeconfig: {edge.lab.kubeconfig}, claim_classless: true}}\n"
        "engin: dpdk\n")
    for arguments in (("--config", file), ("--config", file, "--check")):
        done = start(*map(str, arguments))
        assert done.returncode == 3, done
        found = re.findall(rf"^{file}:(\d+):\d+: ([^ ]+): (.*)$", done.stderr, re.MULTILINE)
        assert [(int(line), path) for line, path, _ in found] == [
            (first, "clusters[0].kubeconfig"), (first + 2, "clusters[2].kubeconfig"), (first + 3, "engin")], done.stderr
        assert "/nonexistent/one: No such file" in found[0][2]
        assert "same API server as clusters[1].kubeconfig of cluster 'two'" in found[1][2]


def test_a_configuration_that_is_right_is_called_so(edge):
    done = start("--config", str(edge.lab.sluiced.config), "--check")
    assert done.returncode == 0 and "ok" in done.stdout, done


# What to start the daemon with or under → the sentences that its last words need. The running one is left alone.
STARTS = {
    "interface": ({'"interface:lan"': '"interface:nope"'}, [], ["port lan: interface nope is not there"]),
    "cpu": ({"count: 1\n": "cpus: [99]\n"}, [], ["workers.cpus: CPU 99 is not there; this process may use "]),
    "several": ({'"interface:wan"': '"interface:no"', "count: 1\n": "cpus: [99]\n"}, [],
                ["workers.cpus: CPU 99 is not there", "port wan: interface no is not there"]),
    "mtu": ({'"interface:wan"': '"vdev:net_tap9,iface=short"', "mtu: 1500\n": "mtu: 9000\n"}, [],
            ["port wan: net_tap9: mtu 9000: it takes 1504 at most"]),
    "net_raw": ({}, ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"],
                ["port wan: interface wan needs CAP_NET_RAW", "port lan: interface lan needs CAP_NET_RAW"]),
    "net_admin": ({}, ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"],
                  [r"port wan: TAP \S+ needs CAP_NET_ADMIN", r"port lan: TAP \S+ needs CAP_NET_ADMIN"]),
    "tun": ({}, ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh"],
            [r"port wan: TAP \S+ needs /dev/net/tun: No such file"]),
}


def start_second(edge, tmp_path, changes: dict[str, str], under: list[str]) -> subprocess.CompletedProcess:
    """Beside the running daemon, in its namespace, with a changed configuration."""
    text = edge.lab.sluiced.config.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "second.yaml"
    file.write_text(text, encoding="utf-8")
    command = [*under, _program("sluiced", None, "SLUICED"), "--config", file]
    return edge.lab.ns("appliance").run(command, check=False, timeout=10)


@pytest.mark.parametrize("what", STARTS)
def test_what_the_machine_lacks_is_said_at_start(edge, tmp_path, what):
    changes, under, sentences = STARTS[what]
    own = {str(edge.lab.sluiced.directory): str(tmp_path), edge.lab.prefix + "sluiced": edge.lab.prefix + "second"}
    done = start_second(edge, tmp_path, changes | own, under)
    shutil.rmtree(RUNTIME / (edge.lab.prefix + "second"), ignore_errors=True)  # Of those that came to start DPDK.
    assert done.returncode == 1, done
    last = done.stderr.splitlines()[-1]
    assert all(re.search(sentence, last) for sentence in sentences), done.stderr
    assert "EAL" not in done.stdout + done.stderr
    assert edge.lab.sluiced.alive


def test_a_second_daemon_is_refused_before_it_looks_at_ports(edge, tmp_path):
    done = start_second(edge, tmp_path, {'"interface:wan"': '"interface:nope"'}, [])
    assert done.returncode == 1, done
    assert f"another sluiced answers there (process {edge.lab.sluiced.pid})" in done.stderr.splitlines()[-1]
    assert "nope" not in done.stderr
    assert edge.ask("show", "status")["version"]


def malformed(edge) -> dict[str, str]:
    clusters = edge.ask("show", "status")["clusters"]
    return {row["key"]: row["sentence"] for row in clusters[0].get("malformed", [])}


def test_a_malformed_service_can_be_deleted(edge):
    address = edge.serve("broken")
    good = edge.get("broken")
    spec = good["spec"] | {"ports": [port | {"port": 99999} for port in good["spec"]["ports"]]}
    edge.put_raw(BROKEN, good | {"spec": spec})
    edge.wait_event("MalformedObject", "broken")
    assert edge.client.is_served(address)
    edge.delete("broken")
    assert edge.client.is_dead(address)


def test_a_malformed_service_is_told_and_harms_nobody(edge):
    address = edge.serve()
    good = edge.create("broken", loadBalancerClass="example.org/other")
    edge.put_raw(BROKEN, good | {"spec": {"type": "LoadBalancer", "loadBalancerClass": "sluice.dev/edge",
                                          "ports": [{"name": "x", "port": "http", "protocol": "TCP"}]}})
    sentence = edge.wait_event("MalformedObject", "broken")
    assert "port" in sentence
    key = f"{NAMESPACE}/broken"
    assert "port" in wait_for(lambda: malformed(edge).get(key), 3, "a row in `sluice show status`")
    assert "broken" in edge.lab.sluice("show", "status").stdout
    assert edge.client.is_served(address)
    edge.delete_raw(BROKEN)
    wait_for(lambda: not malformed(edge), 3, "no malformed object any more")


def test_a_served_service_that_becomes_malformed_is_served_on(edge):
    address = edge.serve()
    good = edge.get()
    path = f"/api/v1/namespaces/{NAMESPACE}/services/{INGRESS}"
    bad = good | {"spec": good["spec"] | {"externalTrafficPolicy": "Sideways"}}
    edge.put_raw(path, bad)
    assert "Sideways" in edge.wait_event("MalformedObject")
    assert edge.client.is_served(address) and edge.address() == address
    edge.put_raw(path, good)
    wait_for(lambda: not malformed(edge), 3, "no malformed object any more")
    assert edge.client.is_served(address) and edge.address() == address


@pytest.mark.parametrize("junk", [{"endpoints": "many"}, {"endpoints": [{"addresses": [7]}]}, {"addressType": 4}],
                         ids=["endpoints", "addresses", "type"])
def test_a_malformed_slice_harms_nobody(edge, junk):
    address = edge.serve()
    path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/junk"
    edge.put_raw(path, {"metadata": {"labels": {"kubernetes.io/service-name": "nobody"}}, "addressType": "IPv4",
                        "endpoints": [], "ports": []} | junk)
    wait_for(lambda: f"{NAMESPACE}/junk" in malformed(edge), 3, "a row in `sluice show status`")
    assert edge.client.is_served(address)
    edge.delete_raw(path)
    wait_for(lambda: not malformed(edge), 3, "no malformed object any more")
    assert edge.client.is_served(address) and edge.address() == address
