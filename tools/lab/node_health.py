"""A node's health ports as kube-proxy answers them: a healthCheckNodePort for each `Local` Service, and 10256."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROXY_PORT = 10256


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET6  # "::" takes IPv4 as well.
    request_queue_size = 64

    def __init__(self, port: int, answer):
        self.answer = answer  # () → (status code, JSON body, headers)
        super().__init__(("::", port), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        """The port is closed at once; the thread ends in its own time. Its poll holds on to the socket until then, so
        that closing alone would keep the port taken: shutdown() frees it."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.server_close()
        threading.Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        code, body, headers = self.server.answer(self.path)
        data = json.dumps(body).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff",
                            "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *_) -> None:
        """Probes come several times a second: not logged."""


class HealthServers:
    """Opens and closes health ports as Services come and go."""

    def __init__(self):
        self._servers: dict[int, _Server] = {}
        self._local: dict[int, tuple[str, str, int]] = {}
        self._updated = time.time()
        self._proxy = _Server(PROXY_PORT, self._proxy_answer)

    def update(self, local: dict[int, tuple[str, str, int]]) -> bool:
        """`local`: port → (namespace, name, number of ready local endpoints). False if a port is still another's: to be
        tried again soon."""
        self._local, self._updated = local, time.time()
        for port in set(self._servers) - set(local):
            self._servers.pop(port).close()
        for port in set(local) - set(self._servers):
            try:
                self._servers[port] = _Server(port, lambda path, port=port: self._service_answer(port))
            except OSError as error:
                print(f"health port {port}: trying again: {error}", flush=True)
        return set(self._servers) == set(local)

    def _service_answer(self, port: int) -> tuple[int, dict, dict]:
        namespace, name, count = self._local.get(port, ("", "", 0))
        body = {"service": {"namespace": namespace, "name": name}, "localEndpoints": count, "serviceProxyHealthy": True}
        return (200 if count else 503), body, {"X-Load-Balancing-Endpoint-Weight": str(count)}

    def _proxy_answer(self, path: str) -> tuple[int, dict, dict]:
        if path.partition("?")[0] not in ("/healthz", "/livez"):
            return 404, {}, {}
        return 200, {"lastUpdated": _text(self._updated), "currentTime": _text(time.time()), "nodeEligible": True,
                     "healthy": True}, {}


def _text(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(moment))
