"""Between API versions of one resource. Only EndpointSlice has two: v1 is stored, v1beta1 is a view of it."""

_HOSTNAME, _ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def to_version(resource, version, stored):
    """The object as that version tells it; the stored object itself where they are the same."""
    if version == resource.versions[0]:
        return stored
    endpoints = stored.get("endpoints")
    endpoints = [_to_v1beta1(one) for one in endpoints] if isinstance(endpoints, list) else endpoints
    return stored | {"apiVersion": resource.api_version(version), "endpoints": endpoints}


def to_stored(resource, version, told):
    if version == resource.versions[0] or not isinstance(told, dict):
        return told
    endpoints = told.get("endpoints")
    endpoints = [_from_v1beta1(one) for one in endpoints] if isinstance(endpoints, list) else endpoints
    if told.get("apiVersion") == resource.api_version(version):
        told = told | {"apiVersion": resource.api_version()}
    return told | {"endpoints": endpoints}


def _to_v1beta1(endpoint):
    if not isinstance(endpoint, dict):
        return endpoint
    topology = dict(endpoint.get("deprecatedTopology", {}))
    for label, field in ((_HOSTNAME, "nodeName"), (_ZONE, "zone")):
        if endpoint.get(field):
            topology[label] = endpoint[field]
    rest = {key: value for key, value in endpoint.items() if key not in ("deprecatedTopology", "zone")}
    return rest | ({"topology": topology} if topology else {})


def _from_v1beta1(endpoint):
    if not isinstance(endpoint, dict):
        return endpoint
    rest = dict(endpoint)
    topology = dict(rest.pop("topology", None) or {})
    node, zone = topology.pop(_HOSTNAME, None), topology.pop(_ZONE, None)
    if node and not rest.get("nodeName"):
        rest["nodeName"] = node
    if zone:
        rest["zone"] = zone
    return rest | ({"deprecatedTopology": topology} if topology else {})
