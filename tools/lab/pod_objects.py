"""Pod objects in the API for the pods that run, so that `kubectl get pods -o wide` shows the truth. They are for people
only: what is balanced follows from the EndpointSlices."""

import contextlib
import time

from .apps import APPS, Pod
from .kube import Kube, KubeError

LABEL = "lab.sluice.dev/pod"
# Longer than any drain in the lab: it is the lab that ends a pod, not the API server.
GRACE_SECONDS = 3600


def sync(kube: Kube, pods: list[Pod]) -> None:
    """Makes the API's pods equal to `pods`."""
    present = {item["metadata"]["name"]: item for item in kube.list("pods", labelSelector=LABEL)["items"]}
    for pod in pods:
        found, namespace = present.pop(pod.name, None), APPS[pod.app].namespace
        if found is None:
            with contextlib.suppress(KubeError):  # It is there already, most of the time.
                kube.create("namespaces", {"metadata": {"name": namespace}})
            found = kube.create("pods", _object(pod), namespace)
        if _is_ready(found) != pod.ready or not found.get("status", {}).get("podIP"):
            kube.patch("pods", pod.name, {"status": _status(pod)}, namespace, subresource="status")
        if pod.terminating and not found["metadata"].get("deletionTimestamp"):
            kube.delete("pods", pod.name, namespace, grace_seconds=GRACE_SECONDS)
    for name, item in present.items():
        kube.delete("pods", name, item["metadata"]["namespace"], grace_seconds=0)


def _is_ready(item: dict) -> bool:
    conditions = item.get("status", {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _object(pod: Pod) -> dict:
    app = APPS[pod.app]
    ports = [{"name": name, "containerPort": number, "protocol": protocol}
             for name, (number, protocol) in app.ports.items()]
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod.name, "namespace": app.namespace, "labels": app.labels | {LABEL: pod.app}},
        "spec": {"nodeName": pod.node, "terminationGracePeriodSeconds": GRACE_SECONDS,
                 "containers": [{"name": pod.app, "image": f"lab/{pod.app}", "ports": ports}]},
    }


def _status(pod: Pod) -> dict:
    now, ready = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), str(pod.ready)
    return {
        "phase": "Running" if pod.serving else "Pending", "podIP": pod.address,
        "podIPs": [{"ip": pod.address}, {"ip": pod.address6}], "startTime": now,
        "conditions": [{"type": kind, "status": ready, "lastTransitionTime": now}
                       for kind in ("Ready", "ContainersReady")],
        "containerStatuses": [{
            "name": pod.app, "image": f"lab/{pod.app}", "imageID": "", "restartCount": 0, "ready": pod.ready,
            "started": pod.serving, "state": {"running": {"startedAt": now}}}],
    }
