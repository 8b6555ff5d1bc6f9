"""Fields and types of the kinds that our own programs write, so that their mistakes are found.

A value of the wrong type is refused with 400, and an unknown field is dropped, as by the decoder of kube-apiserver.
Kinds that are not named here pass as they are.
"""

from .errors import bad_request

_STRING, _INTEGER, _BOOLEAN, _INTEGER_OR_STRING = "string", "integer", "boolean", "integer or string"
_STRINGS = [_STRING]
_MAP = {"*": _STRING}
_OBJECT = {"**": True}  # Anything.
_REFERENCE = {field: _STRING for field in (
    "apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")}
_CONDITION = {field: _STRING for field in ("type", "status", "reason", "message", "lastTransitionTime")} | {
    "observedGeneration": _INTEGER}
_ENDPOINT = {
    "addresses": _STRINGS, "conditions": {"ready": _BOOLEAN, "serving": _BOOLEAN, "terminating": _BOOLEAN},
    "hostname": _STRING, "targetRef": _REFERENCE, "deprecatedTopology": _MAP, "nodeName": _STRING, "zone": _STRING,
    "hints": _OBJECT}

_SERVICE_SPEC = {
    "ports": [{"name": _STRING, "protocol": _STRING, "appProtocol": _STRING, "port": _INTEGER,
               "targetPort": _INTEGER_OR_STRING, "nodePort": _INTEGER}],
    "selector": _MAP, "clusterIP": _STRING, "clusterIPs": _STRINGS, "type": _STRING, "externalIPs": _STRINGS,
    "sessionAffinity": _STRING, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": _INTEGER}},
    "loadBalancerIP": _STRING, "loadBalancerSourceRanges": _STRINGS, "externalName": _STRING,
    "externalTrafficPolicy": _STRING, "internalTrafficPolicy": _STRING, "healthCheckNodePort": _INTEGER,
    "publishNotReadyAddresses": _BOOLEAN, "ipFamilies": _STRINGS, "ipFamilyPolicy": _STRING,
    "allocateLoadBalancerNodePorts": _BOOLEAN, "loadBalancerClass": _STRING, "trafficDistribution": _STRING}
_SERVICE_STATUS = {
    "loadBalancer": {"ingress": [{"ip": _STRING, "hostname": _STRING, "ipMode": _STRING, "ports": [
        {"port": _INTEGER, "protocol": _STRING, "error": _STRING}]}]},
    "conditions": [_CONDITION]}

_KINDS = {
    "Service": {"spec": _SERVICE_SPEC, "status": _SERVICE_STATUS},
    "EndpointSlice": {
        "addressType": _STRING, "endpoints": [_ENDPOINT],
        "ports": [{"name": _STRING, "protocol": _STRING, "port": _INTEGER, "appProtocol": _STRING}]},
    "Event": {
        "involvedObject": _REFERENCE, "related": _REFERENCE, "reason": _STRING, "message": _STRING,
        "source": {"component": _STRING, "host": _STRING}, "firstTimestamp": _STRING, "lastTimestamp": _STRING,
        "count": _INTEGER, "type": _STRING, "eventTime": _STRING, "action": _STRING,
        "series": {"count": _INTEGER, "lastObservedTime": _STRING},
        "reportingComponent": _STRING, "reportingInstance": _STRING},
    "Lease": {"spec": {
        "holderIdentity": _STRING, "leaseDurationSeconds": _INTEGER, "acquireTime": _STRING, "renewTime": _STRING,
        "leaseTransitions": _INTEGER, "strategy": _STRING, "preferredHolder": _STRING}},
}
_SHARED = {"kind": _STRING, "apiVersion": _STRING, "metadata": _OBJECT}


def _is(kind, value):
    number = isinstance(value, int) and not isinstance(value, bool)
    return {_STRING: isinstance(value, str), _INTEGER: number, _BOOLEAN: isinstance(value, bool),
            _INTEGER_OR_STRING: number or isinstance(value, str)}[kind]


def _conform(kind, shape, path, value):
    if isinstance(shape, str):
        if not _is(shape, value):
            raise bad_request(f"{kind} cannot be handled as a {kind}: json: cannot unmarshal {_name_of(value)} into"
                              f" field {path} of type {shape}")
        return value
    if not isinstance(value, list if isinstance(shape, list) else dict):
        raise bad_request(f"{kind} cannot be handled as a {kind}: json: cannot unmarshal {_name_of(value)} into field"
                          f" {path}")
    if isinstance(shape, list):
        return [_conform(kind, shape[0], f"{path}[{i}]", one) for i, one in enumerate(value)]
    if "**" in shape:
        return value
    if "*" in shape:
        return {key: _conform(kind, shape["*"], f"{path}.{key}", one) for key, one in value.items()}
    return {key: _conform(kind, shape[key], f"{path}.{key}", one) for key, one in value.items() if key in shape}


def _name_of(value):
    return {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}[type(value)]


def conform(kind, stored):
    """Changes the object in place."""
    if kind in _KINDS:
        whole = _conform(kind, _KINDS[kind] | _SHARED, kind, stored)
        stored.clear()
        stored.update(whole)
