"""How a lab comes up: what it is to be, then namespaces and wires, then control plane and pods side by side."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import topology
from .programs import LabError, kubernetes_assets

# app and the number of the node (modulo the count of nodes) where it starts
DEFAULT_PODS = (("shop", 1), ("blog", 2), ("mariadb", 3), ("dns", 1), ("dns", 2), ("ingress", 1), ("ingress", 2))


@dataclass(frozen=True)
class Wish:
    """What was asked for. control_plane: auto, real, standin; node_proxy: auto, kube-proxy, own."""
    control_plane: str
    node_proxy: str
    nodes: int
    pods: tuple[tuple[str, int], ...]

    def chosen_plane(self) -> str:
        if self.control_plane == "auto":
            return "real" if kubernetes_assets() else "standin"
        if self.control_plane not in ("real", "standin"):
            raise LabError(f"control plane '{self.control_plane}': auto, real or standin")
        if self.control_plane == "real" and not kubernetes_assets():
            raise LabError("a real control plane needs KUBEBUILDER_ASSETS to name a folder with kube-apiserver, "
                           "kube-controller-manager, kube-proxy and etcd")
        return self.control_plane

    def chosen_proxy(self) -> str:
        plane = self.chosen_plane()
        if self.node_proxy == "auto":
            return "kube-proxy" if plane == "real" else "own"
        if self.node_proxy not in ("own", "kube-proxy") or (self.node_proxy, plane) == ("kube-proxy", "standin"):
            raise LabError(f"node proxy '{self.node_proxy}': auto, own, or (with a real control plane) kube-proxy")
        return self.node_proxy


def build(lab, state, wish: Wish) -> None:
    """Makes all of it, and writes each thing down before it is made."""
    names = ["client", "router", "appliance", "lan", "cluster", *topology.node_names(wish.nodes)]
    with state.change() as record:
        record |= {"control_plane": wish.chosen_plane(), "node_proxy": wish.chosen_proxy(), "nodes": wish.nodes,
                   "namespaces": names, "assets": str(kubernetes_assets() or "")}
    for name in names:
        lab.ns(name).create(topology.SYSCTLS[name.rstrip("0123456789")])
    topology.build(lab.ns, wish.nodes)
    lab.pods.certificates()
    # A pod's address is known before it runs, so that the ingress can name the servers behind it.
    reserved = [lab.pods.reserve(f"node{(place - 1) % wish.nodes + 1}", app) for app, place in wish.pods]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(_start_cluster, lab, state.prefix), *(pool.submit(lab.pods.start, pod) for pod in reserved)]
        for job in jobs:
            job.result()
    lab.sync_slices()
    with state.change() as record:
        record["complete"] = True


def _start_cluster(lab, prefix: str) -> None:
    lab.control_plane.start()
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for node in lab.nodes:
        lab.kube.apply("nodes", {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": node, "labels": {"kubernetes.io/hostname": node}},
            "spec": {"podCIDR": topology.pod_network(node)}})
        lab.kube.patch("nodes", node, {"status": {
            "addresses": [{"type": "InternalIP", "address": topology.node_address(node)},
                          {"type": "InternalIP", "address": topology.node_address6(node)},
                          {"type": "Hostname", "address": node}],
            "conditions": [{"type": "Ready", "status": "True", "reason": "Lab", "message": "",
                            "lastTransitionTime": now, "lastHeartbeatTime": now}]}}, subresource="status")
    for node in lab.nodes:
        lab.start_node_proxy(node)
    lab.processes.start("slices", [sys.executable, "-m", "tools.lab.slices", "--prefix", prefix,
                                   "--kubeconfig", lab.kubeconfig], lab.ns("cluster"))
