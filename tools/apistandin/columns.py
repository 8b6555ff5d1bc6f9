"""The columns that `kubectl get` shows of each kind (kubernetes/pkg/printers/internalversion/printers.go)."""

import calendar
import time


_NONE, _UNKNOWN = "<none>", "<unknown>"


def age(text):
    """The time since a timestamp, as short as kubectl tells it."""
    try:
        then = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except (TypeError, ValueError):
        return _UNKNOWN
    seconds = max(0, int(time.time() - then))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    return f"{hours}h" if hours < 48 else f"{days}d"


def _age(stored):
    return age(stored["metadata"].get("creationTimestamp"))


def _service(stored):
    spec = stored["spec"]
    ports = ",".join(f"{port['port']}:{port['nodePort']}/{port['protocol']}" if port.get("nodePort")
                     else f"{port['port']}/{port['protocol']}" for port in spec.get("ports", []))
    selector = ",".join(f"{key}={value}" for key, value in sorted(spec.get("selector", {}).items()))
    return [stored["metadata"]["name"], spec["type"], spec.get("clusterIP") or _NONE, _external(stored),
            ports or _NONE, _age(stored), selector or _NONE]


def _external(stored):
    spec, own = stored["spec"], ",".join(stored["spec"].get("externalIPs", []))
    if spec["type"] == "ExternalName":
        return spec.get("externalName", "")
    if spec["type"] != "LoadBalancer":
        return own or _NONE
    ingress = stored.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    balanced = ",".join(one.get("ip") or one.get("hostname", "") for one in ingress)
    return ",".join(filter(None, (balanced, own))) or "<pending>"


def _condition(stored, kind):
    conditions = stored.get("status", {}).get("conditions", [])
    return next((one.get("status") for one in conditions if one.get("type") == kind), None)


def _node(stored):
    ready = {"True": "Ready", None: "Unknown"}.get(_condition(stored, "Ready"), "NotReady")
    if stored.get("spec", {}).get("unschedulable"):
        ready += ",SchedulingDisabled"
    labels, prefix = stored["metadata"].get("labels", {}), "node-role.kubernetes.io/"
    roles = ",".join(sorted(label.removeprefix(prefix) for label in labels if label.startswith(prefix)))
    status = stored.get("status", {})
    addresses = {one["type"]: one["address"] for one in reversed(status.get("addresses", []))}
    info = status.get("nodeInfo", {})
    return [stored["metadata"]["name"], ready, roles or _NONE, _age(stored), info.get("kubeletVersion", ""),
            addresses.get("InternalIP", _NONE), addresses.get("ExternalIP", _NONE), info.get("osImage") or _UNKNOWN,
            info.get("kernelVersion") or _UNKNOWN, info.get("containerRuntimeVersion") or _UNKNOWN]


def _pod(stored):
    spec, status = stored["spec"], stored.get("status", {})
    containers = status.get("containerStatuses", [])
    ready = sum(1 for one in containers if one.get("ready"))
    if not containers and _condition(stored, "Ready") == "True":
        ready = len(spec["containers"])
    phase = "Terminating" if stored["metadata"].get("deletionTimestamp") else status.get("phase", _UNKNOWN)
    return [stored["metadata"]["name"], f"{ready}/{len(spec['containers'])}", phase,
            sum(one.get("restartCount", 0) for one in containers), _age(stored), status.get("podIP") or _NONE,
            spec.get("nodeName") or _NONE, _NONE, _NONE]


def _event(stored):
    involved, series = stored.get("involvedObject", {}), stored.get("series") or {}
    first = stored.get("firstTimestamp") or stored.get("eventTime")
    last = series.get("lastObservedTime") or stored.get("lastTimestamp") or first
    source = stored.get("source", {})
    component = source.get("component") or stored.get("reportingComponent", "")
    return [age(last), stored.get("type", ""), stored.get("reason", ""),
            f"{involved.get('kind', '').lower()}/{involved.get('name', '')}", involved.get("fieldPath", ""),
            ", ".join(filter(None, (component, source.get("host")))), stored.get("message", "").strip(), age(first),
            str(series.get("count") or stored.get("count", 1)), stored["metadata"]["name"]]


def _namespace(stored):
    return [stored["metadata"]["name"], stored.get("status", {}).get("phase", ""), _age(stored)]


def _few(values, most):
    shown = ",".join(values[:most])
    return shown + (f" + {len(values) - most} more..." if len(values) > most else "")


def _slice(stored):
    ports = [str(port.get("port", "*")) for port in stored.get("ports") or []]
    addresses = [address for one in stored.get("endpoints") or [] for address in one["addresses"]]
    return [stored["metadata"]["name"], stored["addressType"], _few(ports, 3) or "<unset>",
            _few(addresses, 3) or "<unset>", _age(stored)]


def _endpoints(stored):
    pairs = []
    for subset in stored.get("subsets", []):
        addresses = [one["ip"] for one in subset.get("addresses", [])]
        ports = [port["port"] for port in subset.get("ports", [])]
        pairs += [f"{one}:{port}" for port in ports for one in addresses] if ports else addresses
    return [stored["metadata"]["name"], _few(pairs, 3) or _NONE, _age(stored)]


def _lease(stored):
    return [stored["metadata"]["name"], stored.get("spec", {}).get("holderIdentity", ""), _age(stored)]


def _secret(stored):
    return [stored["metadata"]["name"], stored.get("type", "Opaque"), len(stored.get("data", {})), _age(stored)]


def _config_map(stored):
    return [stored["metadata"]["name"], len(stored.get("data", {})) + len(stored.get("binaryData", {})), _age(stored)]


def _service_account(stored):
    return [stored["metadata"]["name"], len(stored.get("secrets", [])), _age(stored)]


# Kind to (column names, which of them only `-o wide` shows, the cells of an object).
COLUMNS = {
    "Service": ("Name Type Cluster-IP External-IP Port(s) Age Selector", {6}, _service),
    "Node": ("Name Status Roles Age Version Internal-IP External-IP OS-Image Kernel-Version Container-Runtime",
             {5, 6, 7, 8, 9}, _node),
    "Pod": ("Name Ready Status Restarts Age IP Node Nominated_Node Readiness_Gates", {5, 6, 7, 8}, _pod),
    "Event": ("Last_Seen Type Reason Object Subobject Source Message First_Seen Count Name", {4, 5, 7, 8, 9}, _event),
    "Namespace": ("Name Status Age", set(), _namespace),
    "EndpointSlice": ("Name AddressType Ports Endpoints Age", set(), _slice),
    "Endpoints": ("Name Endpoints Age", set(), _endpoints),
    "Lease": ("Name Holder Age", set(), _lease),
    "Secret": ("Name Type Data Age", set(), _secret),
    "ConfigMap": ("Name Data Age", set(), _config_map),
    "ServiceAccount": ("Name Secrets Age", set(), _service_account),
}
