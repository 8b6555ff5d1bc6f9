"""What each kind does on create, update and status write, beside what all kinds have in common.

The main resource never changes status, and /status never changes more than status and metadata.
"""

import copy

from . import errors
from .schema import conform
from .service_strategy import ServiceStrategy


class Strategy:
    def __init__(self, resource):
        self._resource = resource

    def prepare_create(self, stored):
        conform(self._resource.kind, stored)

    def prepare_update(self, new, old):
        conform(self._resource.kind, new)
        if self._resource.status:
            _take(new, old, ["status"])

    def prepare_status(self, new, old):
        conform(self._resource.kind, new)
        _take(new, old, [key for key in new.keys() | old.keys() if key not in ("metadata", "status")])

    def validate(self, new, old):
        """Causes against a new object, or against the change from `old` to it."""
        return []

    def validate_status(self, new, old):
        return []

    def allocate(self, new, old):
        """Gives the object what only one object can have. Returns causes when that is taken."""
        return []

    def finish(self, stored):
        """What is told in another way than it is worked on."""


def _take(new, old, fields):
    for field in fields:
        if field in old:
            new[field] = copy.deepcopy(old[field])
        else:
            new.pop(field, None)


class NamespaceStrategy(Strategy):
    def prepare_create(self, stored):
        stored.setdefault("spec", {})["finalizers"] = ["kubernetes"]
        stored["status"] = {"phase": "Active"}
        name = stored["metadata"].get("name", "")
        stored["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = name


class NodeStrategy(Strategy):
    def prepare_create(self, stored):
        super().prepare_create(stored)
        stored.setdefault("spec", {})
        stored.setdefault("status", {})


class PodStrategy(Strategy):
    def prepare_create(self, stored):
        spec = stored.setdefault("spec", {})
        for field, value in (("restartPolicy", "Always"), ("terminationGracePeriodSeconds", 30),
                             ("dnsPolicy", "ClusterFirst"), ("schedulerName", "default-scheduler"),
                             ("enableServiceLinks", True), ("securityContext", {}),
                             ("serviceAccountName", "default")):
            spec.setdefault(field, value)
        stored["status"] = {"phase": "Pending", "qosClass": "BestEffort"}

    def validate(self, new, old):
        if not new["spec"].get("containers"):
            return [errors.required("spec.containers")]
        moved = old and old["spec"].get("nodeName", "") not in ("", new["spec"].get("nodeName", ""))
        return [errors.forbidden("spec", "pod updates may not change fields other than images")] if moved else []


class EndpointSliceStrategy(Strategy):
    def prepare_create(self, stored):
        super().prepare_create(stored)
        self._fill(stored)
        stored["metadata"]["generation"] = 1

    def prepare_update(self, new, old):
        super().prepare_update(new, old)
        self._fill(new)
        generation = old["metadata"].get("generation", 1)
        changed = any((new.get(field) or []) != (old.get(field) or []) for field in ("endpoints", "ports"))
        new["metadata"]["generation"] = generation + (1 if changed else 0)

    @staticmethod
    def _fill(stored):
        stored.setdefault("endpoints", [])
        stored.setdefault("ports", [])
        for port in stored["ports"]:
            port.setdefault("name", "")
            port.setdefault("protocol", "TCP")
        for endpoint in stored["endpoints"]:
            endpoint.setdefault("conditions", {})

    def validate(self, new, old):
        kinds = ("IPv4", "IPv6", "FQDN")
        kind = new.get("addressType")
        if not kind:
            return [errors.required("addressType")]
        causes = [] if kind in kinds else [errors.unsupported("addressType", kind, kinds)]
        if old and kind != old.get("addressType"):
            causes.append(errors.invalid_value("addressType", kind, "field is immutable"))
        for i, endpoint in enumerate(new["endpoints"]):
            if not endpoint.get("addresses"):
                causes.append(errors.required(f"endpoints[{i}].addresses", "must contain at least 1 address"))
        if len(new["endpoints"]) > 1000:
            causes.append(errors.Cause("endpoints", "FieldValueTooMany",
                                       f"Too many: {len(new['endpoints'])}: must have at most 1000 items"))
        names = [port["name"] for port in new["ports"]]
        causes += [errors.duplicate(f"ports[{i}].name", name) for i, name in enumerate(names) if name in names[:i]]
        return causes

    def finish(self, stored):
        for field in ("endpoints", "ports"):
            stored[field] = stored[field] or None  # Go tells an empty list that way.


class EventStrategy(Strategy):
    def validate(self, new, old):
        involved = new.get("involvedObject") or {}
        if (involved.get("namespace") or "default") != new["metadata"].get("namespace"):
            return [errors.invalid_value("involvedObject.namespace", involved.get("namespace", ""),
                                         "does not match event.namespace")]
        return []

    def finish(self, stored):
        for field in ("firstTimestamp", "lastTimestamp", "eventTime"):
            stored.setdefault(field, None)
        stored.setdefault("source", {})
        stored.setdefault("reportingComponent", "")
        stored.setdefault("reportingInstance", "")


_SPECIAL = {"Namespace": NamespaceStrategy, "Node": NodeStrategy, "Pod": PodStrategy,
            "EndpointSlice": EndpointSliceStrategy, "Event": EventStrategy}


def strategy_of(resource, allocator):
    if resource.kind == "Service":
        return ServiceStrategy(allocator)
    return _SPECIAL.get(resource.kind, Strategy)(resource)
