"""Paths and queries of the Kubernetes API, taken apart."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from . import errors, resources

_API_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]))?/(?P<plural>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>[^/]+))?)?/?")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_TRUE = ("1", "t", "T", "true", "True", "TRUE")


@dataclass
class Request:
    """A request on a resource. `verb` is what RBAC calls it: get, list, watch, create, update, patch, delete,
    deletecollection."""
    verb: str
    resource: resources.Resource
    version: str
    namespace: str | None
    name: str | None
    subresource: str
    query: dict = field(default_factory=dict)

    @property
    def dry_run(self):
        return self.query.get("dryRun") == "All"

    def number(self, name):
        """A query's number; 0 when it is absent."""
        return number_of(self.query, name)

    def flag(self, name):
        return self.query.get(name, "") in _TRUE


def number_of(query, name):
    text = query.get(name) or "0"
    if not text.isdigit():
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def query_of(target):
    return dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))


def path_of(target):
    return urlsplit(target).path


def parse(method, target):
    """The request that a method and a target mean. Throws 404 or 405 where there is none."""
    match = _API_PATH.fullmatch(path_of(target))
    if not match:
        raise errors.no_such_path()
    part = {key: unquote(value) if value else value for key, value in match.groupdict().items()}
    if part["namespace"] and part["plural"] in ("status", "finalize"):  # A namespace's own subresource.
        part |= {"plural": "namespaces", "name": part["namespace"], "namespace": None, "sub": part["plural"]}
    version = part["core"] or part["version"]
    resource = resources.find(part["group"] or "", version, part["plural"])
    subresource = part["sub"] or ""
    if resource is None or (subresource and not _serves(resource, subresource)):
        raise errors.no_such_path()
    if part["namespace"] and not resource.namespaced:
        raise errors.no_such_path()
    query = query_of(target)
    request = Request(_VERBS.get(method, "get"), resource, version, part["namespace"], part["name"], subresource, query)
    _refine_verb(request, method)
    return request


def _serves(resource, subresource):
    return subresource == "status" and resource.status or (
        subresource == "finalize" and resource.kind == "Namespace")


def _refine_verb(request, method):
    if method not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        raise errors.method_not_allowed()
    if request.verb == "get" and not request.subresource:
        if request.flag("watch"):
            request.verb = "watch"
        elif not request.name:
            request.verb = "list"
    if request.verb == "delete" and not request.name:
        request.verb = "deletecollection"
    creates = request.verb == "create"
    if creates == bool(request.name) and request.verb not in ("list", "watch", "deletecollection"):
        raise errors.method_not_allowed()
    if request.resource.namespaced and not request.namespace and creates:
        raise errors.method_not_allowed()
    if request.resource.namespaced and not request.namespace and request.name:
        raise errors.no_such_path()
