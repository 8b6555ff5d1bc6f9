"""The Service strategy: defaults, what is kept from the old object, and what a change of type wipes.

After kubernetes/pkg/registry/core/service/strategy.go (dropTypeDependentFields, patchAllocatedValues) and
pkg/apis/core/v1/defaults.go of Kubernetes 1.32.
"""

import copy

from . import errors
from .allocator import family_of, needs_health_check_port
from .schema import conform
from .service_validation import validate_service, validate_service_status, validate_service_update


def _drop_empty(value):
    """Empty strings, zeros, lists and maps are the same as absent in a Service; false is not (it may be a pointer)."""
    if isinstance(value, dict):
        each = {key: _drop_empty(one) for key, one in value.items()}
        return {key: one for key, one in each.items() if one is False or one not in ("", 0, [], {})}
    return [_drop_empty(one) for one in value] if isinstance(value, list) else value


def _external(spec):
    return spec["type"] in ("NodePort", "LoadBalancer") or (spec["type"] == "ClusterIP" and spec.get("externalIPs"))


def _has_address(spec):
    return spec["type"] != "ExternalName"


def _node_ports(spec):
    return [port.get("nodePort", 0) for port in spec.get("ports", [])]


class ServiceStrategy:
    def __init__(self, allocator):
        self._allocator = allocator
        self.wipes_status = True  # Kubernetes 1.20 leaves status.loadBalancer to its writer when the type changes.

    def prepare_create(self, stored):
        self._normalize(stored)
        _one_address_two_fields(stored["spec"], {})
        stored["status"] = {"loadBalancer": {}}

    def prepare_update(self, new, old):
        self._normalize(new)
        new["status"] = copy.deepcopy(old.get("status") or {"loadBalancer": {}})
        spec, old_spec = new["spec"], old["spec"]
        _one_address_two_fields(spec, old_spec)
        _keep_allocated(spec, old_spec)
        _drop_what_the_type_has_not(spec, old_spec)
        if spec["type"] != "LoadBalancer" and self.wipes_status:
            new["status"]["loadBalancer"] = {}

    def prepare_status(self, new, old):
        conform("Service", new)
        for field in new.keys() | old.keys():
            if field not in ("metadata", "status"):
                new.pop(field, None)
        status = _drop_empty(new.pop("status", {}))
        new.update({field: copy.deepcopy(value) for field, value in old.items() if field not in ("metadata", "status")})
        new["status"] = {"loadBalancer": {}} | status
        for condition in status.get("conditions", []):
            condition.setdefault("message", "")
        if new["spec"]["type"] == "LoadBalancer":
            for ingress in new["status"]["loadBalancer"].get("ingress", []):
                if ingress.get("ip"):
                    ingress.setdefault("ipMode", "VIP")

    def _normalize(self, stored):
        conform("Service", stored)
        spec = stored["spec"] = _drop_empty(stored.get("spec", {}))
        if spec.get("publishNotReadyAddresses") is False:
            del spec["publishNotReadyAddresses"]
        spec.setdefault("type", "ClusterIP")
        spec.setdefault("sessionAffinity", "None")
        if spec["sessionAffinity"] == "ClientIP":
            affinity = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
            affinity.setdefault("timeoutSeconds", 10800)
        else:
            spec.pop("sessionAffinityConfig", None)
        for port in spec.get("ports", []):
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port.get("port", 0))
        if _external(spec):
            spec.setdefault("externalTrafficPolicy", "Cluster")
        if spec["type"] in ("ClusterIP", "NodePort", "LoadBalancer"):
            spec.setdefault("internalTrafficPolicy", "Cluster")
        if spec["type"] == "LoadBalancer":
            spec.setdefault("allocateLoadBalancerNodePorts", True)

    def validate(self, new, old):
        causes = validate_service(new["spec"], new["metadata"])
        return causes + (validate_service_update(new["spec"], old["spec"]) if old else [])

    def validate_status(self, new, old):
        return validate_service_status(new)

    def finish(self, stored):
        """As Strategy.finish."""

    def allocate(self, new, old):
        causes = self._fill_families(new["spec"])
        return causes or self._allocator.allocate(new["spec"], old["spec"] if old else {})

    def _fill_families(self, spec):
        if not _has_address(spec):
            return []
        known = self._allocator.families
        addresses = [one for one in spec.get("clusterIPs", []) if one != "None"]
        families = spec.get("ipFamilies") or [family_of(address) for address in addresses]
        for i, family in enumerate(families):
            if family not in known:
                return [errors.invalid_value(f"spec.ipFamilies[{i}]", family, "not configured on this cluster")]
        bare_headless = spec.get("clusterIP") == "None" and not spec.get("selector")
        if bare_headless and not spec.get("ipFamilyPolicy"):
            first = families[0] if families else known[0]
            spec["ipFamilyPolicy"] = "RequireDualStack"
            spec["ipFamilies"] = [first] + [one for one in ("IPv4", "IPv6") if one != first]
            return []
        policy = spec.setdefault("ipFamilyPolicy", "SingleStack")
        families = families or known[:1]
        if policy == "SingleStack":
            families = families[:1]
            if addresses:
                spec["clusterIPs"] = addresses[:1]
        elif policy == "RequireDualStack" and len(known) < 2:
            return [errors.invalid_value("spec.ipFamilyPolicy", policy,
                                         "this cluster is not configured for dual-stack services")]
        else:
            families = families + [family for family in known if family not in families]
        spec["ipFamilies"] = families
        return []


def _one_address_two_fields(spec, old_spec):
    """clusterIP is the first of clusterIPs. Old clients know only the former, so a change of it alone counts."""
    address, addresses = spec.get("clusterIP"), spec.get("clusterIPs")
    if address and not addresses:
        spec["clusterIPs"] = [address]
    elif addresses and not address:
        if addresses == old_spec.get("clusterIPs"):
            del spec["clusterIPs"]
        else:
            spec["clusterIP"] = addresses[0]
    elif address and addresses == old_spec.get("clusterIPs") and address != addresses[0]:
        spec["clusterIPs"] = [address]


def _keep_allocated(spec, old_spec):
    if _has_address(spec) and _has_address(old_spec) and not spec.get("clusterIP") and old_spec.get("clusterIP"):
        spec["clusterIP"], spec["clusterIPs"] = old_spec["clusterIP"], list(old_spec["clusterIPs"])
    for field in ("ipFamilies", "ipFamilyPolicy"):
        if _has_address(spec) and field in old_spec and field not in spec:
            spec[field] = copy.copy(old_spec[field])
    balanced = ("NodePort", "LoadBalancer")
    if spec["type"] in balanced and old_spec["type"] in balanced:
        used = set(_node_ports(spec)) & set(_node_ports(old_spec))
        by_name = {port.get("name"): port.get("nodePort", 0) for port in old_spec.get("ports", [])}
        for port in spec.get("ports", []):
            known = by_name.get(port.get("name"), 0)
            if not port.get("nodePort") and known and known not in used:
                port["nodePort"] = known
                used.add(known)
    if needs_health_check_port(spec) and needs_health_check_port(old_spec) and "healthCheckNodePort" in old_spec:
        spec.setdefault("healthCheckNodePort", old_spec["healthCheckNodePort"])


def _drop_what_the_type_has_not(spec, old_spec):
    """Fields that the new type cannot have go, unless the same write changed them: then validation complains."""
    def drop(*fields):
        for field in fields:
            if spec.get(field) == old_spec.get(field):
                spec.pop(field, None)
    balanced = ("NodePort", "LoadBalancer")
    if _has_address(old_spec) and not _has_address(spec):
        drop("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")
    if old_spec["type"] in balanced and spec["type"] not in balanced and _node_ports(spec) == _node_ports(old_spec):
        for port in spec.get("ports", []):
            port.pop("nodePort", None)
    if needs_health_check_port(old_spec) and not needs_health_check_port(spec):
        drop("healthCheckNodePort")
    if old_spec["type"] == "LoadBalancer" != spec["type"]:
        drop("allocateLoadBalancerNodePorts", "loadBalancerClass")
    if _external(old_spec) and not _external(spec):
        drop("externalTrafficPolicy")
