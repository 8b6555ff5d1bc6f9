"""A small client for the Kubernetes REST API: what a test needs, over one kept-alive TLS connection per thread. It can
live outside the lab: its sockets are made inside the namespace that reaches the API server."""

import base64
import contextlib
import http.client
import json
import ssl
import threading
import time
import urllib.parse
from pathlib import Path

import yaml

from .netns import Namespace
from .programs import LabError

# Where each kind lives: (path prefix, kind, belongs to a Kubernetes namespace).
RESOURCES = {
    "namespaces": ("/api/v1", "Namespace", False),
    "nodes": ("/api/v1", "Node", False),
    "services": ("/api/v1", "Service", True),
    "pods": ("/api/v1", "Pod", True),
    "events": ("/api/v1", "Event", True),
    "endpointslices": ("/apis/discovery.k8s.io/v1", "EndpointSlice", True),
    "leases": ("/apis/coordination.k8s.io/v1", "Lease", True),
    "customresourcedefinitions": ("/apis/apiextensions.k8s.io/v1", "CustomResourceDefinition", False),
}
PATCH_TYPES = {"merge": "merge-patch", "strategic": "strategic-merge-patch", "json": "json-patch"}


class KubeError(LabError):
    """The API server refused; `code` is its HTTP status."""

    def __init__(self, code: int, method: str, path: str, message: str):
        super().__init__(f"{method} {path}: {code} {message}")
        self.code = code


class Kube:
    """Names are `kube.get("services", "dns", namespace="default")`; objects are plain dictionaries."""

    def __init__(self, kubeconfig: Path, namespace: Namespace | None = None):
        self._netns = namespace
        self._local = threading.local()
        config = yaml.safe_load(Path(kubeconfig).read_text(encoding="utf-8"))
        server = urllib.parse.urlsplit(config["clusters"][0]["cluster"]["server"])
        self._host, self._port = server.hostname, server.port
        self._tls = _tls_context(config, Path(kubeconfig)) if server.scheme == "https" else None
        user = config["users"][0]["user"] if config.get("users") else {}
        self._headers = {"Accept": "application/json"}
        if "token" in user:
            self._headers["Authorization"] = "Bearer " + user["token"]

    def get(self, resource: str, name: str, namespace: str = "default") -> dict:
        return self.request("GET", self.path(resource, name, namespace))

    def find(self, resource: str, name: str, namespace: str = "default") -> dict | None:
        """Like `get`, but None when there is none."""
        try:
            return self.get(resource, name, namespace)
        except KubeError as error:
            if error.code == 404:
                return None
            raise

    def list(self, resource: str, namespace: str | None = None, **query) -> dict:
        """The whole list object; without a namespace, over all of them."""
        return self.request("GET", self.path(resource, None, namespace), query=query)

    def create(self, resource: str, body: dict, namespace: str = "default") -> dict:
        return self.request("POST", self.path(resource, None, namespace), body)

    def replace(self, resource: str, name: str, body: dict, namespace: str = "default") -> dict:
        return self.request("PUT", self.path(resource, name, namespace), body)

    def patch(self, resource: str, name: str, body, namespace: str = "default", subresource: str = "",
              kind: str = "merge") -> dict:
        path = self.path(resource, name, namespace) + (f"/{subresource}" if subresource else "")
        return self.request("PATCH", path, body, content=f"application/{PATCH_TYPES[kind]}+json")

    def delete(self, resource: str, name: str, namespace: str = "default",
               grace_seconds: int | None = None) -> dict | None:
        """None when it was not there."""
        query = None if grace_seconds is None else {"gracePeriodSeconds": str(grace_seconds)}
        try:
            return self.request("DELETE", self.path(resource, name, namespace), query=query)
        except KubeError as error:
            if error.code == 404:
                return None
            raise

    def apply(self, resource: str, body: dict, namespace: str = "default") -> dict:
        """Creates it, or merges it into what is there."""
        name = body["metadata"]["name"]
        try:
            return self.create(resource, body, namespace)
        except KubeError as error:
            if error.code != 409:
                raise
        return self.patch(resource, name, body, namespace)

    def watch(self, resource: str, resource_version: str, namespace: str | None = None, seconds: int = 300):
        """Yields (type, object) until the server ends the watch; bookmarks included, an ERROR event raises."""
        query = {"watch": "1", "resourceVersion": resource_version, "allowWatchBookmarks": "true",
                 "timeoutSeconds": str(seconds)}
        path = self.path(resource, None, namespace) + "?" + urllib.parse.urlencode(query)
        connection = self._connect(timeout=seconds + 30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=self._headers)
            response = connection.getresponse()
            if response.status != 200:
                raise KubeError(response.status, "WATCH", path, response.read().decode()[:300])
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise KubeError(status.get("code", 500), "WATCH", path, status.get("message", ""))
                yield event["type"], event["object"]

    def request(self, method: str, path: str, body=None, query: dict | None = None,
                content: str = "application/json") -> dict:
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = self._headers | ({"Content-Type": content} if body is not None else {})
        data = json.dumps(body) if body is not None else None
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            try:
                if fresh:
                    connection = self._local.connection = self._connect(timeout=30)
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                answer = response.read()
                break
            except (OSError, http.client.HTTPException):
                self._local.connection = None
                # A kept-alive connection that has gone stale is worth one fresh try.
                if fresh or attempt == 2:
                    raise
        if response.status >= 300:
            raise KubeError(response.status, method, path, _message(answer))
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(answer)
        return {"text": answer.decode()}

    def path(self, resource: str, name: str | None, namespace: str | None) -> str:
        prefix, _, namespaced = RESOURCES[resource]
        middle = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{prefix}{middle}/{resource}" + (f"/{name}" if name else "")

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if self._tls:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        with self._netns.entered() if self._netns else contextlib.nullcontext():
            connection.connect()
        return connection


def resource_of(document: dict) -> str:
    """The plural of a manifest's kind."""
    for plural, (_, kind, _) in RESOURCES.items():
        if document.get("kind") == kind:
            return plural
    raise LabError(f"manifest of an unknown kind: {document.get('kind')}")


def wait_for(function, timeout: float = 10, what: str = "", interval: float = 0.02):
    """The first true answer of `function()`; LabError when there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        answer = function()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise LabError(f"not within {timeout:g} s: {what or getattr(function, '__doc__', None) or function}")
        time.sleep(interval)


def _message(answer: bytes) -> str:
    try:
        return json.loads(answer).get("message", "")
    except (json.JSONDecodeError, AttributeError):
        return answer.decode(errors="replace")[:300]


def _tls_context(config: dict, beside: Path) -> ssl.SSLContext:
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif "certificate-authority-data" in cluster:
        context.load_verify_locations(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    elif "certificate-authority" in cluster:
        context.load_verify_locations(beside.parent / cluster["certificate-authority"])
    if "client-certificate-data" in user:  # The ssl module takes them from a file only.
        pair = beside.with_suffix(".pem")
        text = base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"])
        if not pair.exists() or pair.read_bytes() != text:
            pair.touch(mode=0o600)
            pair.write_bytes(text)
        context.load_cert_chain(pair)
    elif "client-certificate" in user:
        context.load_cert_chain(beside.parent / user["client-certificate"], beside.parent / user["client-key"])
    return context
