"""The three kinds of patches: strategic merge, merge patch
(RFC 7386) and JSON patch (RFC 6902). All return a new document and leave their input alone."""

import copy

from .errors import ApiError, bad_request

# Lists of objects that strategic patches merge, by their key; None marks lists of plain values that they add to. Lists
# that are not named here are replaced as a whole, status.loadBalancer.ingress among them. From the patchStrategy tags
# of k8s.io/api.
_METADATA = {"metadata.finalizers": None, "metadata.ownerReferences": "uid"}
_CONTAINER = {"ports": "containerPort", "env": "name", "volumeMounts": "mountPath", "volumeDevices": "devicePath"}
_POD = {"spec.volumes": "name", "spec.imagePullSecrets": "name", "spec.hostAliases": "ip",
        "status.conditions": "type", "status.podIPs": "ip"}
for _kind in ("containers", "initContainers", "ephemeralContainers"):
    _POD[f"spec.{_kind}"] = "name"
    _POD.update({f"spec.{_kind}.{field}": key for field, key in _CONTAINER.items()})
_MERGED_LISTS = {
    "Service": {"spec.ports": "port", "status.conditions": "type"},
    "Node": {"status.addresses": "type", "status.conditions": "type", "spec.podCIDRs": None},
    "Namespace": {"status.conditions": "type"},
    "ServiceAccount": {"secrets": "name"},
    "Pod": _POD,
}
_DELETE, _ORDER, _RETAIN = "$deleteFromPrimitiveList/", "$setElementOrder/", "$retainKeys"


def merge_patch(document, patch):
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def strategic_patch(kind, document, patch):
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch must be an object")
    return _merge_map(_METADATA | _MERGED_LISTS.get(kind, {}), "", document, patch)


def _merge_map(lists, path, document, patch):
    directive = patch.get("$patch")
    if directive == "replace":
        return {key: copy.deepcopy(value) for key, value in patch.items() if key != "$patch"}
    if directive == "delete":
        return {}
    merged = dict(document) if isinstance(document, dict) else {}
    if _RETAIN in patch:
        merged = {key: value for key, value in merged.items() if key in patch[_RETAIN]}
    for key, value in patch.items():
        if key in ("$patch", _RETAIN) or key.startswith((_DELETE, _ORDER)):
            continue
        at = f"{path}.{key}" if path else key
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merge_map(lists, at, merged.get(key), value)
        elif isinstance(value, list) and at in lists:
            merged[key] = _merge_list(lists, at, merged.get(key) or [], value)
        else:
            merged[key] = copy.deepcopy(value)
    _apply_list_directives(lists, path, document if isinstance(document, dict) else {}, merged, patch)
    return merged


def _apply_list_directives(lists, path, live, merged, patch):
    for directive, value in patch.items():
        if directive.startswith(_DELETE):
            key = directive.removeprefix(_DELETE)
            merged[key] = [one for one in merged.get(key) or [] if one not in value]
    for directive, order in patch.items():
        key = directive.removeprefix(_ORDER)
        if directive.startswith(_ORDER) and isinstance(merged.get(key), list):
            merge_key = lists.get(f"{path}.{key}" if path else key)
            merged[key] = _in_order(merged[key], order, live.get(key) or [], merge_key)


def _in_order(items, order, live, merge_key):
    """What the patch names stands in the patch's order. What it does not name goes before the first named item that it
    stood before in the live list, or to the end (mergeSortedSlice of apimachinery's strategicpatch)."""
    def identity(item):
        return item.get(merge_key) if merge_key and isinstance(item, dict) else item
    wanted, before = [identity(one) for one in order], [identity(one) for one in live]
    named = sorted((item for item in items if identity(item) in wanted), key=lambda i: wanted.index(identity(i)))
    others = [item for item in items if identity(item) not in wanted]
    merged = []
    while named and others:
        left, right = identity(others[0]), identity(named[0])
        first = left in before and right in before and before.index(left) < before.index(right)
        merged.append((others if first else named).pop(0))
    return merged + named + others


def _merge_list(lists, path, items, patch):
    if any(isinstance(one, dict) and one.get("$patch") == "replace" for one in patch):
        return [copy.deepcopy(one) for one in patch if one.get("$patch") != "replace"]
    merge_key = lists[path]
    merged = list(items)
    for one in patch:
        if merge_key is None:
            if one not in merged:
                merged.append(one)
            continue
        if not isinstance(one, dict) or merge_key not in one:
            raise bad_request(f"map: {one} does not contain declared merge key: {merge_key}")
        at = next((i for i, item in enumerate(merged) if item.get(merge_key) == one[merge_key]), None)
        if _is_deletion(one):
            merged = [item for item in merged if item.get(merge_key) != one[merge_key]]
        elif at is None:
            merged.append(_merge_map(lists, path, {}, one))
        else:
            merged[at] = _merge_map(lists, path, merged[at], one)
    return _in_order(merged, [one for one in patch if not _is_deletion(one)], items, merge_key)


def _is_deletion(one):
    return isinstance(one, dict) and one.get("$patch") == "delete"


def json_patch(document, operations):
    if not isinstance(operations, list):
        raise bad_request("a JSON patch must be a list of operations")
    root = {"": copy.deepcopy(document)}
    try:
        for operation in operations:
            _apply_operation(root, operation)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {error}",
                       {}) from None
    return root[""]


def _apply_operation(root, operation):
    kind, path = operation["op"], operation["path"]
    if kind == "test":
        if _read(root, path) != operation["value"]:
            raise ValueError(f"testing value {path} failed")
    elif kind == "remove":
        _remove(root, path)
    elif kind == "add":
        _add(root, path, copy.deepcopy(operation["value"]))
    elif kind == "replace":
        _remove(root, path)
        _add(root, path, copy.deepcopy(operation["value"]))
    elif kind in ("move", "copy"):
        value = copy.deepcopy(_read(root, operation["from"]))
        if kind == "move":
            _remove(root, operation["from"])
        _add(root, path, value)
    else:
        raise ValueError(f"unexpected kind: {kind}")


def _parent(root, path):
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")]
    parent = root
    for step in steps[:-1]:
        parent = parent[int(step)] if isinstance(parent, list) else parent[step]
    return parent, steps[-1]


def _read(root, path):
    parent, last = _parent(root, path)
    return parent[int(last)] if isinstance(parent, list) else parent[last]


def _remove(root, path):
    parent, last = _parent(root, path)
    del parent[int(last) if isinstance(parent, list) else last]


def _add(root, path, value):
    parent, last = _parent(root, path)
    if isinstance(parent, list):
        at = len(parent) if last == "-" else int(last)
        if not 0 <= at <= len(parent):
            raise IndexError(f"index {last} is out of bounds")
        parent.insert(at, value)
    else:
        parent[last] = value
