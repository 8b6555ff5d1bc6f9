"""The node's proxy when there is no kube-proxy: NodePorts by nftables, and its two kinds of health ports. It follows
the API by itself (one process in each node's namespace), and holds on to what it knows while the API is away.

As kube-proxy: `Cluster` picks any ready endpoint and masquerades; `Local` picks local ready ones, else local
terminating ones that still serve, else drops, and keeps the client's address; a Service without any endpoint rejects.
Connections that stand go on through connection tracking, whatever the rules say later. Not done, as nothing in the lab
uses it: cluster IPs, session affinity."""

import argparse
import http.client
import json
import subprocess
import threading
import time
from pathlib import Path

from .kube import Kube, KubeError
from .node_health import HealthServers
from .node_rules import NodePort, ruleset
from .programs import find

SERVICE_NAME = "kubernetes.io/service-name"


class Cache:
    """What the API said last of one resource: (namespace, name) → object."""

    def __init__(self, kube: Kube, resource: str, changed: threading.Event):
        self._kube, self._resource, self._changed = kube, resource, changed
        self.objects: dict[tuple[str, str], dict] = {}
        self.synced = False
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                answer = self._kube.list(self._resource)
                self.objects = {_key(item): item for item in answer["items"]}
                self.synced = True
                self._changed.set()
                for kind, item in self._kube.watch(self._resource, answer["metadata"]["resourceVersion"]):
                    self._take(kind, item)
            except (OSError, http.client.HTTPException, KubeError, json.JSONDecodeError) as error:
                print(f"{self._resource}: trying again: {error}", flush=True)
                time.sleep(0.1)

    def _take(self, kind: str, item: dict) -> None:
        if kind == "BOOKMARK":
            return
        objects = dict(self.objects)  # The reader keeps a whole view.
        if kind == "DELETED":
            objects.pop(_key(item), None)
        else:
            objects[_key(item)] = item
        self.objects = objects
        self._changed.set()


def node_ports(services: dict, slices: dict, node: str) -> list[NodePort]:
    """What this node has to serve, by the rules for picking endpoints, for each family of a Service."""
    ports = []
    for (namespace, name), service in sorted(services.items()):
        spec = service["spec"]
        if spec.get("type") not in ("NodePort", "LoadBalancer"):
            continue
        local = spec.get("externalTrafficPolicy") == "Local"
        for port, family in ((port, family) for port in spec.get("ports", []) for family in _families(service)):
            if not port.get("nodePort"):
                continue
            endpoints = _endpoints(_slices_of(slices, namespace, name, family), port.get("name", ""))
            usable = _usable([item for item in endpoints if item[2] == node] if local else endpoints)
            ports.append(NodePort(
                name=f"{namespace}/{name}:{port.get('name', '')}", protocol=port.get("protocol", "TCP").lower(),
                port=port["nodePort"], local=local, targets=tuple(sorted({item[:2] for item in usable})),
                anywhere=bool(_usable(endpoints)), family=family, vips=tuple(_vips(service, port["port"], family))))
    return ports


def _vips(service: dict, port: int, family: str) -> list[tuple[str, int]]:
    """KEP-1860: packets for these come to the node as they are. Without a mode it is VIP."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    return [(item["ip"], port) for item in ingress
            if item.get("ipMode", "VIP") == "VIP" and (":" in item.get("ip", "")) == (family == "IPv6")]


def local_endpoints(services: dict, slices: dict, node: str) -> dict[int, tuple[str, str, int]]:
    """healthCheckNodePort → (namespace, name, number of ready local endpoint addresses)."""
    answers = {}
    for (namespace, name), service in services.items():
        spec = service["spec"]
        if spec.get("type") == "LoadBalancer" and spec.get("healthCheckNodePort"):
            ready = {address for item in _slices_of(slices, namespace, name, _families(service)[0])
                     for endpoint in item.get("endpoints") or []
                     if endpoint.get("nodeName") == node and _condition(endpoint, "ready", True)
                     for address in endpoint["addresses"]}
            answers[spec["healthCheckNodePort"]] = (namespace, name, len(ready))
    return answers


def _families(service: dict) -> list[str]:
    """Kubernetes 1.20 does not say them."""
    return service["spec"].get("ipFamilies") or ["IPv4"]


def _endpoints(slices: list[dict], port_name: str) -> list[tuple]:
    """(address, port, node, ready, serving and terminating) of one port of a Service."""
    found = []
    for item in slices:
        numbers = [port["port"] for port in item.get("ports") or [] if (port.get("name") or "") == port_name]
        for endpoint in item.get("endpoints") or []:
            ready = _condition(endpoint, "ready", True)
            leaving = _condition(endpoint, "serving", ready) and _condition(endpoint, "terminating", False)
            found += [(address, number, endpoint.get("nodeName"), ready, leaving)
                      for address in endpoint["addresses"] for number in numbers]
    return found


def _usable(endpoints: list[tuple]) -> list[tuple]:
    return [item for item in endpoints if item[3]] or [item for item in endpoints if item[4]]


def _slices_of(slices: dict, namespace: str, name: str, family: str) -> list[dict]:
    return [item for (where, _), item in slices.items() if where == namespace and item["addressType"] == family
            and item["metadata"].get("labels", {}).get(SERVICE_NAME) == name]


def _condition(endpoint: dict, name: str, absent: bool) -> bool:
    value = (endpoint.get("conditions") or {}).get(name)
    return absent if value is None else value


def _key(item: dict) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def forget_udp(before: list[NodePort], after: list[NodePort]) -> None:
    """A UDP sender that keeps its port would be bound to a vanished endpoint (or to none) for as long as it sends."""
    kept = {(port.family, port.protocol, port.port): set(port.targets) for port in after}
    for port in before:
        if port.protocol != "udp":
            continue
        command = [find("conntrack"), "-D", "-f", port.family.lower(), "-p", "udp", "--orig-port-dst", str(port.port)]
        now = kept.get((port.family, "udp", port.port), set())
        gone = set(port.targets) - now
        for address, _ in gone:
            subprocess.run([*command, "--dst-nat", address], capture_output=True)
        if not port.targets and now:
            subprocess.run(command, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.lab.node_proxy", description="NodePorts of one node of the lab")
    parser.add_argument("--node", required=True)
    parser.add_argument("--kubeconfig", required=True, type=Path)
    options = parser.parse_args()
    kube, changed = Kube(options.kubeconfig), threading.Event()
    services, slices = Cache(kube, "services", changed), Cache(kube, "endpointslices", changed)
    health, before, loaded = HealthServers(), [], None
    while True:
        changed.wait()
        changed.clear()
        if not (services.synced and slices.synced):
            continue
        seen = services.objects, slices.objects  # Health ports must not know more than the rules.
        ports = node_ports(*seen, options.node)
        text = ruleset(ports)
        if text != loaded:
            done = subprocess.run([find("nft"), "-f", "-"], input=text, text=True, capture_output=True)
            if done.returncode != 0:
                print(f"nft: {done.stderr}\n{text}", flush=True)
                changed.set()
                time.sleep(1)
                continue
            forget_udp(before, ports)
            loaded, before = text, ports
        if not health.update(local_endpoints(*seen, options.node)):
            changed.set()
            time.sleep(0.1)


if __name__ == "__main__":
    main()
