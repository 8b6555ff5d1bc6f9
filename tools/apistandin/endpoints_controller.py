"""Makes the EndpointSlices of Services that have a selector from the Pods that it selects, as the controller of
kube-controller-manager does: one set of slices for each set of resolved ports, at most 100 endpoints in each, an empty
slice where there is no pod at all. IPv4 only."""

from .errors import ApiError
from .metadata import now_text
from .resources import BY_PLURAL

_SLICES = BY_PLURAL["endpointslices"]
_MANAGER = "endpointslice-controller.k8s.io"
_ENDPOINTS_MAX = 100


class EndpointsController:
    def __init__(self, standin):
        self._standin, self._store, self._operations = standin, standin.store, standin.operations
        self._dirty = {stored["metadata"].get("namespace") for stored in self._store.all("services")}
        self._store.observers.append(self._follow)

    def _follow(self, plural, old, new):
        if plural in ("services", "pods", "endpointslices"):
            self._dirty.add((new or old)["metadata"].get("namespace"))

    def run(self):
        while not self._standin.stopping:
            with self._store.lock:
                if not self._dirty:
                    self._store.lock.wait(0.5)
                    continue
                namespaces, self._dirty = self._dirty, set()
                for namespace in namespaces:
                    self._reconcile_namespace(namespace)

    def _reconcile_namespace(self, namespace):
        pods = [pod for pod in self._store.all("pods") if pod["metadata"].get("namespace") == namespace]
        slices = {}
        for stored in self._store.all("endpointslices"):
            labels = stored["metadata"].get("labels", {})
            if (stored["metadata"].get("namespace") == namespace
                    and labels.get("endpointslice.kubernetes.io/managed-by") == _MANAGER):
                slices.setdefault(labels.get("kubernetes.io/service-name"), []).append(stored)
        for service in self._store.all("services"):
            if service["metadata"].get("namespace") != namespace:
                continue
            try:
                self._reconcile(service, pods, slices.get(service["metadata"]["name"], []))
            except (ApiError, KeyError, TypeError, AttributeError):
                continue  # Only objects that were stored raw can be so.

    def _reconcile(self, service, pods, have):
        spec = service["spec"]
        wanted = []
        if spec.get("selector") and spec["type"] != "ExternalName" and not service["metadata"].get("deletionTimestamp"):
            wanted = _wanted(service, pods)
        spare = sorted(have, key=lambda one: one["metadata"]["name"])
        for ports, endpoints in wanted:
            match = next((one for one in spare if (one["ports"] or []) == ports), None)
            if match:
                spare.remove(match)
            self._write(service, match, ports, endpoints)
        for stored in spare:
            self._operations.delete(_SLICES, stored["metadata"]["namespace"], stored["metadata"]["name"], {})

    def _write(self, service, match, ports, endpoints):
        about = service["metadata"]
        if match:
            self._operations.update(_SLICES, about["namespace"], match["metadata"]["name"], "",
                                    match | {"ports": ports, "endpoints": endpoints})
            return
        labels = dict(about.get("labels", {})) | {"kubernetes.io/service-name": about["name"],
                                                  "endpointslice.kubernetes.io/managed-by": _MANAGER}
        self._operations.create(_SLICES, about["namespace"], {
            "metadata": {
                "generateName": about["name"] + "-", "labels": labels,
                "annotations": {"endpoints.kubernetes.io/last-change-trigger-time": now_text()},
                "ownerReferences": [{"apiVersion": "v1", "kind": "Service", "name": about["name"], "uid": about["uid"],
                                     "controller": True, "blockOwnerDeletion": True}]},
            "addressType": "IPv4", "ports": ports, "endpoints": endpoints}, False)


def _wanted(service, pods):
    """(ports, endpoints) of each slice."""
    groups = {}
    for pod in sorted(pods, key=lambda one: one["metadata"]["name"]):
        labels = pod["metadata"].get("labels", {})
        selected = all(labels.get(key) == value for key, value in service["spec"]["selector"].items())
        if selected and _has_address(pod):
            ports = _resolved_ports(service, pod)
            groups.setdefault(str(ports), (ports, []))[1].append(_endpoint(service, pod))
    found = []
    for ports, endpoints in groups.values():
        for first in range(0, len(endpoints), _ENDPOINTS_MAX):
            found.append((ports, endpoints[first:first + _ENDPOINTS_MAX]))
    return found or [([], [])]


def _has_address(pod):
    status = pod.get("status", {})
    return status.get("podIP") and status.get("phase") not in ("Succeeded", "Failed")


def _resolved_ports(service, pod):
    """A port whose name no container of the pod has is left out."""
    ports = []
    for port in service["spec"].get("ports", []):
        number = port["targetPort"] if isinstance(port["targetPort"], int) else _named_port(pod, port)
        if number:
            told = {"name": port.get("name", ""), "protocol": port["protocol"], "port": number}
            if port.get("appProtocol"):
                told["appProtocol"] = port["appProtocol"]
            ports.append(told)
    return ports


def _named_port(pod, port):
    for container in pod["spec"].get("containers", []):
        for one in container.get("ports", []):
            if one.get("name") == port["targetPort"] and one.get("protocol", "TCP") == port["protocol"]:
                return one["containerPort"]
    return None


def _endpoint(service, pod):
    about, status = pod["metadata"], pod["status"]
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in status.get("conditions", []))
    serving = bool(service["spec"].get("publishNotReadyAddresses")) or ready
    terminating = "deletionTimestamp" in about
    ready_now = serving and (not terminating or bool(service["spec"].get("publishNotReadyAddresses")))
    endpoint = {
        "addresses": [status["podIP"]],
        "conditions": {"ready": ready_now, "serving": ready, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": about["namespace"], "name": about["name"], "uid": about["uid"]}}
    if pod["spec"].get("nodeName"):
        endpoint["nodeName"] = pod["spec"]["nodeName"]
    return endpoint
