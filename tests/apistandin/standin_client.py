"""A client for tests: plain http.client, JSON in and out."""

import http.client
import json
import time
from urllib.parse import urlencode, urlsplit

SERVICES = "/api/v1/namespaces/default/services"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
_PATCHES = {"strategic": "application/strategic-merge-patch+json", "merge": "application/merge-patch+json",
            "json": "application/json-patch+json", "apply": "application/apply-patch+yaml"}


class Client:
    def __init__(self, standin):
        self.host = urlsplit(standin.url).netloc
        self.token = standin.token
        self.headers = {}

    def call(self, method, path, body=None, kind="application/json"):
        """Returns (code, document)."""
        connection = http.client.HTTPConnection(self.host, timeout=5)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, "User-Agent": "test"} | self.headers
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        response = connection.getresponse()
        text = response.read()
        self.headers_of_last = dict(response.getheaders())
        connection.close()
        return response.status, json.loads(text) if text.startswith(b"{") else text.decode()

    def get(self, path, **query):
        return self.call("GET", path + ("?" + urlencode(query) if query else ""))

    def patch(self, path, body, kind="strategic"):
        return self.call("PATCH", path, body, _PATCHES[kind])

    def create(self, path, name, **fields):
        """Creates an object and returns it."""
        metadata = {"name": name} | fields.pop("metadata", {})
        code, made = self.call("POST", path, {"metadata": metadata} | fields)
        assert code == 201, made
        return made

    def create_service(self, name="web", metadata=None, **spec):
        spec = {"type": "LoadBalancer", "ports": [{"name": "http", "port": 80}]} | spec
        return self.create(SERVICES, name, metadata=metadata or {}, spec=spec)

    def faults(self, **wishes):
        code, answer = self.call("POST", "/standin/faults", wishes)
        assert code == 200, answer

    def watch(self, path, **query):
        return WatchStream(self, path, {"watch": "1"} | query)


class WatchStream:
    """The events of a watch."""

    def __init__(self, client, path, query):
        self._connection = http.client.HTTPConnection(client.host, timeout=5)
        self._connection.request("GET", f"{path}?{urlencode(query)}",
                                 headers={"Authorization": f"Bearer {client.token}"} | client.headers)
        self.response = self._connection.getresponse()
        self.code = self.response.status

    def line(self):
        return self.response.readline().decode()

    def event(self):
        """The next (type, object), or None at the end."""
        line = self.line()
        if not line:
            return None
        event = json.loads(line)
        return event["type"], event["object"]

    def names(self, count):
        """(type, name) of the next events."""
        return [(kind, stored["metadata"]["name"]) for kind, stored in (self.event() for _ in range(count))]

    def close(self):
        self._connection.close()


def eventually(check, seconds=5):
    """The first true value of `check`; fails when there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("did not happen in time")
