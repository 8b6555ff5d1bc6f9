"""What kube-apiserver refuses in a Service (kubernetes/pkg/apis/core/validation/validation.go, ValidateService)."""

import ipaddress
import re

from . import errors
from .metadata import is_label, is_qualified_name, is_subdomain

_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_PORT_RULE = "must be between 1 and 65535, inclusive"
_RANGES_KEY = "service.beta.kubernetes.io/load-balancer-source-ranges"
_ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'"


def _is_address(text):
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False


def _is_network(text):
    try:
        ipaddress.ip_network(text.strip(), strict=False)
        return "/" in text
    except ValueError:
        return False


def validate_service(spec, metadata):
    causes = []
    kind = spec["type"]
    if kind not in _TYPES:
        causes.append(errors.unsupported("spec.type", kind, _TYPES))
    if not spec.get("ports") and kind != "ExternalName" and spec.get("clusterIP") != "None":
        causes.append(errors.required("spec.ports"))
    if kind == "ExternalName" and not is_subdomain(spec.get("externalName", "")):
        causes.append(errors.invalid_value("spec.externalName", spec.get("externalName", ""),
                                           "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric"
                                           " characters, '-' or '.'"))
    causes += _choices(spec) + _ports(spec) + _addresses(spec) + _balancer_fields(spec, metadata)
    timeout = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds", 1)
    if not 1 <= timeout <= 86400:
        causes.append(errors.invalid_value("spec.sessionAffinityConfig.clientIP.timeoutSeconds", timeout,
                                           "must be greater than 0 and less than 86400"))
    return causes


def _choices(spec):
    choices = {"sessionAffinity": ("ClientIP", "None"), "externalTrafficPolicy": ("Cluster", "Local"),
               "internalTrafficPolicy": ("Cluster", "Local"),
               "ipFamilyPolicy": ("SingleStack", "PreferDualStack", "RequireDualStack")}
    return [errors.unsupported(f"spec.{field}", spec[field], supported)
            for field, supported in choices.items() if field in spec and spec[field] not in supported]


def _ports(spec):
    causes, names, pairs, node_pairs = [], set(), set(), set()
    ports = spec.get("ports", [])
    for i, port in enumerate(ports):
        at, name = f"spec.ports[{i}]", port.get("name", "")
        causes += _port(at, port, len(ports) > 1)
        if name and name in names:
            causes.append(errors.duplicate(f"{at}.name", name))
        pair, node_pair = (port["protocol"], port.get("port")), (port["protocol"], port.get("nodePort"))
        if pair in pairs:
            causes.append(errors.Cause(at, "FieldValueDuplicate", "Duplicate value: {\"port\":%s,\"protocol\":\"%s\"}"
                                       % (port.get("port"), port["protocol"])))
        if port.get("nodePort") and node_pair in node_pairs:
            causes.append(errors.duplicate(f"{at}.nodePort", port["nodePort"]))
        if port.get("nodePort") and spec["type"] in ("ClusterIP", "ExternalName"):
            causes.append(errors.forbidden(f"{at}.nodePort", f"may not be used when `type` is '{spec['type']}'"))
        names.add(name)
        pairs.add(pair)
        node_pairs.add(node_pair)
    return causes


def _port(at, port, name_required):
    causes = []
    name, number, target = port.get("name", ""), port.get("port", 0), port.get("targetPort", 0)
    if name_required and not name:
        causes.append(errors.required(f"{at}.name"))
    if name and not is_label(name):
        causes.append(errors.invalid_value(f"{at}.name", name, "a DNS-1123 label must consist of lower case"
                                           " alphanumeric characters or '-', and must start and end with an"
                                           " alphanumeric character"))
    if not 1 <= number <= 65535:
        causes.append(errors.invalid_value(f"{at}.port", number, _PORT_RULE))
    if port["protocol"] not in ("TCP", "UDP", "SCTP"):
        causes.append(errors.unsupported(f"{at}.protocol", port["protocol"], ("TCP", "UDP", "SCTP")))
    if isinstance(target, int) and not 1 <= target <= 65535:
        causes.append(errors.invalid_value(f"{at}.targetPort", target, _PORT_RULE))
    if isinstance(target, str) and (len(target) > 15 or not _PORT_NAME.fullmatch(target)):
        causes.append(errors.invalid_value(f"{at}.targetPort", target, "must contain at least one letter (a-z), only"
                                           " alpha-numeric characters (a-z, 0-9), and hyphens (-), no more than 15"))
    return causes


def _addresses(spec):
    causes = []
    for i, address in enumerate(spec.get("clusterIPs", [])):
        if not _is_address(address) and not (address == "None" and spec["type"] in ("ClusterIP",)):
            causes.append(errors.invalid_value(f"spec.clusterIPs[{i}]", address, "must be a valid IP address"))
    for i, address in enumerate(spec.get("externalIPs", [])):
        if not _is_address(address):
            causes.append(errors.invalid_value(f"spec.externalIPs[{i}]", address, "must be a valid IP address"))
        elif ipaddress.ip_address(address).is_loopback or ipaddress.ip_address(address).is_unspecified:
            causes.append(errors.invalid_value(f"spec.externalIPs[{i}]", address,
                                               "may not be in the loopback range (127.0.0.0/8, ::1/128)"))
    for i, family in enumerate(spec.get("ipFamilies", [])):
        if family not in ("IPv4", "IPv6"):
            causes.append(errors.unsupported(f"spec.ipFamilies[{i}]", family, ("IPv4", "IPv6")))
    return causes


def _balancer_fields(spec, metadata):
    causes = []
    balanced = spec["type"] == "LoadBalancer"
    for field in ("loadBalancerClass", "allocateLoadBalancerNodePorts"):
        if field in spec and not balanced:
            causes.append(errors.forbidden(f"spec.{field}", _ONLY_BALANCED))
    name = spec.get("loadBalancerClass")
    if name and not is_qualified_name(name):
        causes.append(errors.invalid_value("spec.loadBalancerClass", name, "must be a label-style identifier, with an"
                                           " optional prefix"))
    external = spec["type"] in ("NodePort", "LoadBalancer") or spec.get("externalIPs")
    if "externalTrafficPolicy" in spec and not external:
        causes.append(errors.invalid_value("spec.externalTrafficPolicy", spec["externalTrafficPolicy"],
                                           "may only be set for externally-accessible services"))
    if "healthCheckNodePort" in spec and not (balanced and spec.get("externalTrafficPolicy") == "Local"):
        causes.append(errors.invalid_value("spec.healthCheckNodePort", spec["healthCheckNodePort"], "may only be set"
                                           " when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
    return causes + _source_ranges(spec, metadata, balanced)


def _source_ranges(spec, metadata, balanced):
    field, ranges = "spec.loadBalancerSourceRanges", spec.get("loadBalancerSourceRanges")
    annotation = metadata.get("annotations", {}).get(_RANGES_KEY)
    if ranges is None and annotation is None:
        return []
    if ranges is None:
        field = f"metadata.annotations[{_RANGES_KEY}]"
        ranges = [one for one in annotation.split(",") if one.strip()]
    causes = [] if balanced else [errors.forbidden(field, _ONLY_BALANCED)]
    if not all(_is_network(one) for one in ranges):
        causes.append(errors.invalid_value(field, str(ranges), "must be a list of IP ranges. For example,"
                                           " 10.240.0.0/24,10.250.0.0/24"))
    return causes


def validate_service_update(spec, old):
    causes = []
    both_have_addresses = "ExternalName" not in (spec["type"], old["type"])
    if both_have_addresses and old.get("clusterIP") and spec.get("clusterIP") != old["clusterIP"]:
        causes.append(errors.invalid_value("spec.clusterIPs[0]", spec.get("clusterIPs"), "may not change once set"))
    if spec["type"] == old["type"] == "LoadBalancer":
        if spec.get("loadBalancerClass") != old.get("loadBalancerClass"):
            causes.append(errors.invalid_value("spec.loadBalancerClass", spec.get("loadBalancerClass"),
                                               "may not change once set"))
        ports = spec.get("healthCheckNodePort"), old.get("healthCheckNodePort")
        if all(ports) and ports[0] != ports[1]:
            causes.append(errors.invalid_value("spec.healthCheckNodePort", ports[0], "field is immutable"))
    return causes


def validate_service_status(stored):
    causes, at = [], "status.loadBalancer.ingress"
    all_ingress = stored["status"]["loadBalancer"].get("ingress", [])
    if all_ingress and stored["spec"]["type"] != "LoadBalancer":
        return [errors.forbidden(at, "may only be used when `spec.type` is \"LoadBalancer\"")]
    for i, ingress in enumerate(all_ingress):
        address, host, mode = ingress.get("ip"), ingress.get("hostname"), ingress.get("ipMode")
        if address and not _is_address(address):
            causes.append(errors.invalid_value(f"{at}[{i}].ip", address, "must be a valid IP address"))
        if mode and not address:
            causes.append(errors.forbidden(f"{at}[{i}].ipMode", "may not be specified when `ip` is not set"))
        if mode and mode not in ("VIP", "Proxy"):
            causes.append(errors.unsupported(f"{at}[{i}].ipMode", mode, ("Proxy", "VIP")))
        if host and (not is_subdomain(host) or _is_address(host)):
            causes.append(errors.invalid_value(f"{at}[{i}].hostname", host, "must be a DNS name, not an IP address"))
    for i, condition in enumerate(stored["status"].get("conditions", [])):
        causes += _condition(f"status.conditions[{i}]", condition)
    return causes


def _condition(at, condition):
    """Stricter than kube-apiserver, which leaves Service conditions alone: as API conventions want conditions to be."""
    causes = [errors.required(f"{at}.{field}") for field in ("type", "status", "reason", "lastTransitionTime")
              if not condition.get(field)]
    status = condition.get("status")
    if status and status not in ("True", "False", "Unknown"):
        causes.append(errors.unsupported(f"{at}.status", status, ("True", "False", "Unknown")))
    reason = condition.get("reason")
    if reason and not re.fullmatch(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?", reason):
        causes.append(errors.invalid_value(f"{at}.reason", reason, "a condition reason must start with alphabetic"
                                           " character, optionally followed by a string of alphanumeric characters or"
                                           " '_,:', and must end with an alphanumeric character or '_'"))
    return causes
