"""What is not about objects: which API there is, its version, its health, its (nearly empty) OpenAPI document."""

from . import errors, resources

VERSION = {"major": "1", "minor": "32", "gitVersion": "v1.32.0-standin", "gitCommit": "", "gitTreeState": "clean",
           "buildDate": "2024-12-11T00:00:00Z", "goVersion": "", "compiler": "", "platform": "linux/amd64"}
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_PUBLIC = ("/healthz", "/livez", "/readyz", "/version")


def is_public(path):
    """Whether it is told without a token."""
    return path.rstrip("/") in _PUBLIC


def answer(path, accept):
    """(content type, body) of a path outside the resources, where a dict is to be sent as JSON; None if it is none."""
    path = path.rstrip("/") or "/"
    if path in ("/healthz", "/livez", "/readyz"):
        return "text/plain; charset=utf-8", "ok"
    if path == "/openapi/v2":
        return _openapi(accept)
    body = _document(path)
    return ("application/json", body) if body else None


def _document(path):
    if path == "/version":
        return VERSION
    if path == "/":
        return {"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/readyz", "/version"]}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        return {"kind": "APIGroupList", "apiVersion": "v1",
                "groups": [_group(name, versions) for name, versions in resources.groups().items()]}
    steps = path.strip("/").split("/")
    if steps == ["api", "v1"]:
        return _resource_list("", "v1")
    if steps[0] == "apis" and len(steps) == 2 and steps[1] in resources.groups():
        return {"kind": "APIGroup", "apiVersion": "v1"} | _group(steps[1], resources.groups()[steps[1]])
    if steps[0] == "apis" and len(steps) == 3 and resources.of_version(steps[1], steps[2]):
        return _resource_list(steps[1], steps[2])
    return None


def _group(name, versions):
    each = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": each, "preferredVersion": each[0]}


def _resource_list(group, version):
    told = []
    for resource in resources.of_version(group, version):
        one = {"name": resource.plural, "singularName": resource.kind.lower(), "namespaced": resource.namespaced,
               "kind": resource.kind, "verbs": _VERBS}
        if resource.short_names:
            one["shortNames"] = list(resource.short_names)
        if resource.categories:
            one["categories"] = list(resource.categories)
        told.append(one)
        if resource.status:
            told.append({"name": f"{resource.plural}/status", "singularName": "", "namespaced": resource.namespaced,
                         "kind": resource.kind, "verbs": ["get", "patch", "update"]})
    return {"kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": f"{group}/{version}" if group else version, "resources": told}


def _openapi(accept):
    """A document without definitions, so that kubectl finds nothing to validate against and goes on. As protobuf
    it is an empty message."""
    if "json" in (accept or "json"):
        return "application/json", {"swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.32.0"},
                                    "paths": {}, "definitions": {}}
    if "proto-openapi" not in accept:
        raise errors.not_acceptable()
    return "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", ""
