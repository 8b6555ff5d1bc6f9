"""The stand-in's own endpoints, which no Kubernetes has: faults, the request log, objects past all validation.

    GET, POST, DELETE /standin/faults        show, set, clear (see faults.py; README.md lists them)
    GET, DELETE       /standin/requests      what was asked, and how often
    PUT, DELETE       /standin/raw/<path>    stores or removes an object as it is
"""

from . import errors, requests


def answer(standin, method, target, body):
    """The document to answer with. Throws ApiError."""
    path = requests.path_of(target).removeprefix("/standin").rstrip("/")
    if path.startswith("/raw/"):
        return _raw(standin, method, path.removeprefix("/raw"), body)
    run = _TABLE.get((method, path))
    if not run:
        raise errors.no_such_path()
    return run(standin, body)


def _set_faults(standin, wishes):
    if not isinstance(wishes, dict):
        raise errors.bad_request("faults: expected an object")
    wishes = dict(wishes)
    if wishes.pop("clear", False):
        _clear_faults(standin, None)
    with standin.store.lock:
        if wishes.pop("expire_watches", False):
            standin.store.expire()
        if wishes.pop("rotate_token", False):
            standin.rotate_token()
        if "uid_mismatch" in wishes:
            standin.operations.uid_mismatch = int(wishes.pop("uid_mismatch"))
        if "wipe_status" in wishes:
            standin.operations.set_status_wiped(bool(wishes.pop("wipe_status")))
        standin.faults.set(wishes)
        standin.store.lock.notify_all()
    if wishes:
        raise errors.bad_request(f"faults: unknown {sorted(wishes)}")
    return standin.faults.show()


def _clear_faults(standin, _):
    with standin.store.lock:
        standin.faults.clear()
        standin.operations.uid_mismatch = 409
        standin.operations.set_status_wiped(True)
        standin.store.lock.notify_all()
    return standin.faults.show()


def _clear_requests(standin, _):
    standin.requests.clear()
    return standin.requests.show()


_TABLE = {
    ("GET", "/faults"): lambda standin, _: standin.faults.show(),
    ("POST", "/faults"): _set_faults,
    ("DELETE", "/faults"): _clear_faults,
    ("GET", "/requests"): lambda standin, _: standin.requests.show(),
    ("DELETE", "/requests"): _clear_requests,
}


def _raw(standin, method, path, body):
    request = requests.parse("PUT", path)
    resource, key = request.resource, (request.namespace or "", request.name)
    with standin.store.lock:
        if method == "DELETE":
            if standin.store.get(resource.plural, key) is None:
                raise errors.not_found(resource, request.name)
            return standin.store.commit(resource.plural, key, None)
        if method != "PUT" or not isinstance(body, dict):
            raise errors.method_not_allowed()
        stored = {"kind": resource.kind, "apiVersion": resource.api_version()} | body
        stored["metadata"] = dict(stored.get("metadata") or {})
        stored["metadata"].setdefault("name", request.name)
        if request.namespace:
            stored["metadata"].setdefault("namespace", request.namespace)
        return standin.store.commit(resource.plural, key, stored)
