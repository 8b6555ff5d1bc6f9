"""EndpointSlices, written from the lab's pods: one slice for each family of a Service. The lab
writes them itself after each change of a pod; a process of it (`python3 -m tools.lab.slices`) does it when a Service
appears or changes, as the cluster's own controller would."""

import argparse
import hashlib
import http.client
import json
import time
from pathlib import Path

from . import pod_objects
from .apps import APPS, Pod
from .kube import Kube, KubeError
from .state import State

MANAGER = "slices.lab.sluice.dev"


def slice_name(service: dict, family: str = "IPv4") -> str:
    digest = hashlib.sha256((service["metadata"]["uid"] + family.removeprefix("IPv4")).encode()).hexdigest()
    return f"{service['metadata']['name']}-{digest[:5]}"


def selects(service: dict, pod: Pod) -> bool:
    selector, app = service["spec"].get("selector") or {}, APPS[pod.app]
    in_namespace = app.namespace == service["metadata"]["namespace"]
    return bool(selector) and in_namespace and selector.items() <= app.labels.items()


def families(service: dict) -> list[str]:
    """Kubernetes 1.20 does not say them."""
    return service["spec"].get("ipFamilies") or ["IPv4"]


def slice_of(service: dict, pods: list[Pod], family: str = "IPv4") -> dict:
    """The EndpointSlice (v1) of a family of a Service. All pods of a Service run the same app, so they share ports."""
    chosen = [pod for pod in pods if selects(service, pod)]
    ports = []
    for port in service["spec"].get("ports") or []:
        number = _target(port, chosen)
        if number is not None:
            ports.append({"name": port.get("name", ""), "port": number, "protocol": port.get("protocol", "TCP")})
    name = service["metadata"]["name"]
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": family,
        "metadata": {
            "name": slice_name(service, family), "namespace": service["metadata"]["namespace"],
            "labels": {"kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": MANAGER},
            "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": name, "controller": True,
                                 "uid": service["metadata"]["uid"], "blockOwnerDeletion": True}],
        },
        "endpoints": [_endpoint(pod, family) for pod in sorted(chosen, key=lambda pod: pod.address)],
        "ports": ports,
    }


def sync(state: State, kube: Kube) -> None:
    """Makes the cluster's slices (and Pod objects) equal to what the lab's pods are. To be called at any time."""
    with state.lock("slices"):  # Pods are read inside, so an older view never overwrites a newer one.
        pods = [Pod(**entry) for entry in state.read()["pods"].values()]
        services = [item for item in kube.list("services")["items"] if item["spec"].get("selector")]
        label = f"endpointslice.kubernetes.io/managed-by={MANAGER}"
        found = kube.list("endpointslices", labelSelector=label)["items"]
        present = {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in found}
        for service, family in ((item, family) for item in services for family in families(item)):
            wanted = slice_of(service, pods, family)
            meta = wanted["metadata"]
            _write(kube, wanted, present.pop((meta["namespace"], meta["name"]), None))
        for namespace, name in present:
            kube.delete("endpointslices", name, namespace)
        pod_objects.sync(kube, pods)


def _write(kube: Kube, wanted: dict, present: dict | None) -> None:
    meta = wanted["metadata"]
    if present is None:
        kube.create("endpointslices", wanted, meta["namespace"])
        return
    change = {key: wanted[key] for key in ("endpoints", "ports") if present.get(key) != wanted[key]}
    if change:
        kube.patch("endpointslices", meta["name"], change, meta["namespace"])


def _target(port: dict, pods: list[Pod]) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for pod in pods:
        if target in APPS[pod.app].ports:
            return APPS[pod.app].ports[target][0]
    return None


def _endpoint(pod: Pod, family: str) -> dict:
    return {
        "addresses": [pod.address6 if family == "IPv6" else pod.address], "nodeName": pod.node,
        "conditions": {"ready": pod.ready, "serving": pod.serving, "terminating": pod.terminating},
        "targetRef": {"kind": "Pod", "name": pod.name, "namespace": APPS[pod.app].namespace},
    }


def main() -> None:
    """Follows the Services for ever; an unreachable API server only makes it try again."""
    parser = argparse.ArgumentParser(prog="tools.lab.slices", description="the lab's EndpointSlice controller")
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--kubeconfig", required=True, type=Path)
    options = parser.parse_args()
    state, kube = State(options.prefix), Kube(options.kubeconfig)
    while True:
        try:
            version = kube.list("services")["metadata"]["resourceVersion"]
            sync(state, kube)
            for kind, _ in kube.watch("services", version):
                if kind != "BOOKMARK":
                    sync(state, kube)
        except (OSError, http.client.HTTPException, KubeError, json.JSONDecodeError) as error:
            print(f"trying again: {error}", flush=True)
            time.sleep(0.2)


if __name__ == "__main__":
    main()
