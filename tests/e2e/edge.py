"""The appliance in its lab, as the tests drive it: the daemon with some settings, Services, and clients' views."""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

from clients import Client
from tools.lab import KubeError, LabError, topology, wait_for
from tools.lab import sluiced as daemon
from tools.lab.programs import find

TEMPLATE = Path(daemon.__file__).parent / "conf" / "sluiced.yaml.in"
LABELS = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
NAMESPACE = "ingress-nginx"
INGRESS = "ingress-nginx-controller"
WEB_PORTS = (("http", 80, "http", "TCP"), ("https", 443, "https", "TCP"), ("proxied-tcp-3306", 3306, "tcp-3306", "TCP"))
ECHO_PORTS = (("echo", 9000, 9000, "TCP"), ("echo-udp", 9000, 9000, "UDP"))
STANDARD_FINALIZER = "service.kubernetes.io/load-balancer-cleanup"
OUR_CLASS = "sluice.dev/edge"


class Edge:
    def __init__(self, lab):
        self.lab, self.kube, self.client = lab, lab.kube, Client(lab)
        self.is_real = lab.control_plane.kind == "real"
        self._settings = None
        self._servers = {}
        for namespace in (NAMESPACE, "default"):
            self.kube.apply("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    # --- the daemon ---

    @staticmethod
    def configuration(pool: str, workers: int, wan_mtu: int = 1500) -> str:
        """The lab's template with these settings; the lab fills in the rest."""
        text = TEMPLATE.read_text(encoding="utf-8").replace("@vip_pool@", pool)
        assert "count: 1\n" in text and "  - name: wan\n" in text
        text = text.replace("  - name: wan\n", f"  - name: wan\n    mtu: {wan_mtu}\n")
        return text.replace("count: 1\n", f"count: {workers}\n")

    def run(self, pool: str = topology.VIP_POOL, workers: int = 1, wan_mtu: int = 1500) -> None:
        """Has the daemon running with these settings and serving; restarts it only if it does not."""
        settings = (pool, workers, wan_mtu)
        running = self.lab.sluiced is not None and self.lab.sluiced.alive
        if running and settings == self._settings:
            return
        if running:
            self.lab.sluiced.stop()
        self._settings = settings
        self.lab.start_sluiced(self.configuration(*settings))
        self.lab.sluiced.wait_log("serving")

    def ask(self, *question: str) -> dict:
        """What `sluice --output json` says."""
        return json.loads(self.lab.sluice("--output", "json", *question).stdout)

    def backend_nodes(self, service: str = INGRESS) -> set[str]:
        """The nodes that new connections may get, as the appliance says."""
        rows = self.ask("show", "backends").get("backends", [])
        return {row["node"] for row in rows if row["service"].endswith("/" + service) and row["state"] == "in"}

    def reasons(self, service: str = INGRESS) -> dict[str, str]:
        """Node → why it is in, draining or out."""
        rows = self.ask("show", "backends").get("backends", [])
        return {row["node"]: row.get("reason", "") for row in rows if row["service"].endswith("/" + service)}

    def dropped(self, verdict: str) -> int:
        rows = self.ask("show", "drops")["rows"]
        return sum(int(row.get("packets", 0)) for row in rows if row["verdict"] == verdict)

    # --- Services ---

    def create(self, name: str = INGRESS, ports=WEB_PORTS, policy: str = "Local", namespace: str = NAMESPACE,
               selector: dict | None = None, annotations: dict | None = None, **spec) -> dict:
        """A LoadBalancer Service over the ingress pods, as people write it. Does not wait for anything."""
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace,
                                                                  "annotations": annotations or {}}, "spec": {
            "type": "LoadBalancer", "loadBalancerClass": OUR_CLASS, "externalTrafficPolicy": policy,
            "selector": LABELS if selector is None else selector,
            "ports": [dict(zip(("name", "port", "targetPort", "protocol"), port)) for port in ports]} | spec}
        return self.kube.create("services", body, namespace)

    def serve(self, name: str = INGRESS, **how) -> str:
        """Creates a Service and answers its address once HTTP comes through it, whichever node is chosen: each node
        hears of a Service in its own time."""
        self.create(name, **how)
        address = self.wait_address(name, how.get("namespace", NAMESPACE))
        self.wait_http(address, timeout=30, tries=24)
        self.wait_nodes(name)
        return address

    def wait_nodes(self, name: str = INGRESS) -> None:
        """Until no node is merely believed to serve: while all are silent, all get connections, ready or not."""
        def all_known() -> bool:
            reasons = " ".join(self.reasons(name).values())
            return "waits" not in reasons and "slices alone" not in reasons
        wait_for(all_known, 10, "all health ports")

    def address(self, name: str = INGRESS, namespace: str = NAMESPACE) -> str | None:
        return self.lab.external_ip(name, namespace)

    def addresses(self, name: str = INGRESS, namespace: str = NAMESPACE) -> list[str]:
        """All that are published, in their order."""
        ingress = (self.get(name, namespace) or {}).get("status", {}).get("loadBalancer", {}).get("ingress") or []
        return [item["ip"] for item in ingress]

    def wait_address(self, name: str = INGRESS, namespace: str = NAMESPACE, timeout: float = 10) -> str:
        return wait_for(lambda: self.address(name, namespace), timeout, f"an address for {name}", interval=0.01)

    def wait_http(self, address: str, port: int = 80, timeout: float = 10, tries: int = 1) -> None:
        wait_for(lambda: all(self.client.is_served(address, port) for _ in range(tries)), timeout,
                 f"HTTP at {address}:{port}")

    def wait_every_node(self, node_port: int, timeout: float) -> None:
        """Until each node's proxy serves a node port, as the appliance sees it."""
        def serves(node: str) -> bool:
            url = f"http://{topology.node_address(node)}:{node_port}/whoami"
            done = self.lab.ns("appliance").run(["curl", "-fsS", "-o", "/dev/null", "-m", "1", url], check=False)
            return done.returncode == 0
        wait_for(lambda: all(serves(node) for node in self.lab.nodes), timeout, "all nodes' proxies", interval=0.5)

    def get(self, name: str = INGRESS, namespace: str = NAMESPACE) -> dict | None:
        return self.kube.find("services", name, namespace)

    def patch(self, spec: dict, name: str = INGRESS, namespace: str = NAMESPACE) -> dict:
        return self.kube.patch("services", name, {"spec": spec}, namespace)

    def delete(self, name: str = INGRESS, namespace: str = NAMESPACE, timeout: float = 5) -> None:
        """Answers once the object is gone, which its finalizers hold up until the appliance has let go."""
        self.kube.delete("services", name, namespace)
        wait_for(lambda: self.get(name, namespace) is None, timeout, f"the end of Service {name}")

    def events(self, name: str = INGRESS, namespace: str = NAMESPACE) -> dict[str, str]:
        """Reason → message."""
        items = self.kube.list("events", namespace)["items"]
        return {item["reason"]: item.get("message", "") for item in items if item["involvedObject"].get("name") == name}

    def wait_event(self, reason: str, name: str = INGRESS, namespace: str = NAMESPACE, timeout: float = 5) -> str:
        return wait_for(lambda: self.events(name, namespace).get(reason), timeout, f"event {reason} of {name}")

    def condition(self, kind: str, name: str = INGRESS, namespace: str = NAMESPACE) -> dict:
        found = (self.get(name, namespace) or {}).get("status", {}).get("conditions") or []
        return next((item for item in found if item["type"] == kind), {})

    def node_port(self, port: str, name: str = INGRESS) -> int:
        return next(item["nodePort"] for item in self.get(name)["spec"]["ports"] if item["name"] == port)

    # --- pods ---

    def place(self, **wanted: int) -> None:
        """Has so many ingress pods on each node: place(node1=2, node2=1)."""
        present = {node: [] for node in self.lab.nodes}
        for pod in self.lab.pods.all():
            if pod.app == "ingress":
                present[pod.node].append(pod.name)
        for node in self.lab.nodes:
            for _ in range(wanted.get(node, 0) - len(present[node])):
                self.lab.add_pod(node)
        for node in self.lab.nodes:
            for name in present[node][wanted.get(node, 0):]:
                self.lab.stop_pod(name, drain=0, grace=0.2)

    def start_servers(self) -> None:
        """Has `echo_server.py` on port 9000 of every ingress pod."""
        for pod in self.lab.pods.all():
            if pod.app != "ingress" or pod.name in self._servers:
                continue
            process = self.lab.ns(pod.name).popen(
                [sys.executable, Path(__file__).with_name("echo_server.py"), f"{pod.address},{pod.address6}", "9000",
                 pod.name, pod.node],
                stdout=subprocess.PIPE, text=True)
            self._servers[pod.name] = process
            assert process.stdout.readline() == "listening\n"

    def stop_servers(self) -> None:
        for pod in list(self._servers):
            self._stop_server(pod)

    def _stop_server(self, pod: str) -> None:
        process = self._servers.pop(pod, None)
        if process:
            process.terminate()
            process.wait(5)
            process.stdout.close()

    def end_pod(self, name: str) -> None:
        self._stop_server(name)
        self.lab.stop_pod(name, drain=0, grace=0.2)

    def serve_echo(self, policy: str = "Local", **how) -> str:
        self.start_servers()
        self.create("echo", ECHO_PORTS, policy, **how)
        address = self.wait_address("echo")
        self.wait_echo(address)
        return address

    def serve_echo_of(self, family: str) -> str:
        """Service `echo` with an address of this family alone: "IPv4" or "IPv6"."""
        return self.serve_echo(ipFamilies=[family], ipFamilyPolicy="SingleStack")

    def wait_echo(self, address: str) -> None:
        """Until Service `echo` is served by whichever node is chosen."""
        wait_for(lambda: self.client.whoami(address), 10, "the echo servers through the VIP")
        self.wait_nodes("echo")

    def has_come_to(self, node: str, source: str, source_port: int, node_port: int) -> bool:
        """Whether the node knows a TCP connection from there. Its pod may see another port: a node changes one that it
        saw lately on the way to the same pod by another node port."""
        family = "ipv6" if ":" in source else "ipv4"
        command = [find("conntrack"), "-L", "-f", family, "-p", "tcp", "--orig-src", source,
                   "--orig-port-src", str(source_port), "--orig-port-dst", str(node_port)]
        return bool(self.lab.ns(node).run(command).stdout)

    # --- between tests ---

    def tidy(self) -> None:
        """As before the test, whatever it has done; what a Service does not let go by itself is an error."""
        self.stop_servers()
        with contextlib.suppress(LabError):
            self.lab.mend_api_server()
        if not self.is_real:
            if not self.lab.processes.alive("apistandin"):
                self.lab.start_control_plane()
            self.faults(clear=True)
        elif not self.lab.processes.alive("kube-apiserver"):
            self.lab.start_control_plane()
        self.run(*self._settings)
        names = [(item["metadata"]["name"], item["metadata"]["namespace"])
                 for item in self.kube.list("services")["items"] if item["metadata"]["name"] != "kubernetes"]
        try:
            for name, namespace in names:
                self.kube.delete("services", name, namespace)
            wait_for(lambda: not any(self.get(*service) for service in names), 10, f"the end of {names}")
        except LabError:
            self._force_away(names)
            raise
        finally:
            self.place(node1=1, node2=1)

    def _force_away(self, names: list) -> None:
        for name, namespace in names:
            with contextlib.suppress(KubeError):
                self.kube.patch("services", name, {"metadata": {"finalizers": []}}, namespace)
            if not self.is_real:
                with contextlib.suppress(KubeError):
                    self.delete_raw(f"/api/v1/namespaces/{namespace}/services/{name}")

    # --- the stand-in's own doors ---

    def faults(self, **wishes) -> None:
        self.kube.request("POST", "/standin/faults", wishes)

    def put_raw(self, path: str, body: dict) -> None:
        """Stores an object that no API server would take."""
        self.kube.request("PUT", "/standin/raw" + path, body)

    def delete_raw(self, path: str) -> None:
        self.kube.request("DELETE", "/standin/raw" + path)

    def pause(self, seconds: float) -> None:
        """For what must not happen, where there is nothing to wait for."""
        time.sleep(seconds)
