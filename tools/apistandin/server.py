"""The stand-in as a whole, for a process of its own or inside a test:

    with Standin(Settings(folder=str(tmp_path))) as standin:
        subprocess.run(["kubectl", "--kubeconfig", standin.kubeconfig, "get", "svc"])
"""

import os
import socket
import ssl
import threading
from dataclasses import dataclass
from http.server import ThreadingHTTPServer

from . import certificates
from .allocator import Allocator
from .endpoints_controller import EndpointsController
from .errors import ApiError
from .faults import Faults, RequestLog
from .handler import Handler
from .journal import Journal
from .operations import Operations
from .resources import BY_PLURAL
from .store import Store


@dataclass
class Settings:
    """Port 0 takes any free one. `networks` are the CIDRs of Services, at most one a family."""
    folder: str
    bind: str = "127.0.0.1"
    port: int = 0
    plain: bool = False
    keep: bool = False
    node_ports: tuple = (30000, 32767)
    networks: tuple = ("10.96.0.0/16",)
    history: int = 10000
    bookmark_interval: float = 60.0
    watch_list: str = "on"
    endpoints_controller: bool = False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address, standin, tls):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.standin, self.tls = standin, tls
        self._connections, self._lock = set(), threading.Lock()
        super().__init__(address, Handler)

    def process_request(self, request, client_address):
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def replace_connection(self, old, new):
        """TLS moves a connection into a socket of its own; None when that has ended."""
        with self._lock:
            self._connections.discard(old)
            if new:
                self._connections.add(new)

    def handle_error(self, request, client_address):
        """A connection that breaks is the client's business."""

    def server_bind(self):
        super(ThreadingHTTPServer, self).server_bind()  # Without looking the host's name up.

    def cut_connections(self):
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # Below TLS, which the handler's thread uses.
            except OSError:
                pass


class Standin:
    def __init__(self, settings):
        self.settings = settings
        os.makedirs(settings.folder, exist_ok=True)
        self._journal = Journal(os.path.join(settings.folder, "objects.jsonl")) if settings.keep else None
        self.store = Store(settings.history, self._journal)
        allocator = Allocator(self.store, *settings.node_ports, settings.networks)
        self.operations = Operations(self.store, allocator)
        self.faults = Faults(settings.bookmark_interval, settings.watch_list)
        self.requests = RequestLog()
        self.stopping = False
        self.old_tokens = set()
        self._ca = None
        self._threads = []
        tls = None if settings.plain else self._tls()
        self._server = _Server((settings.bind, settings.port), self, tls)
        self.token = certificates.load_token(settings.folder) or certificates.write_token(
            settings.folder, self.url, self._ca)
        certificates.write_kubeconfig(settings.folder, self.url, self._ca, self.token)
        self._make_first_objects(str(allocator.first_addresses()[0]))

    def _tls(self):
        self._ca, certificate, key = certificates.make_certificates(self.settings.folder, self.settings.bind)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    @property
    def url(self):
        host, port = self._server.server_address[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        return f"http{'' if self.settings.plain else 's'}://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def kubeconfig(self):
        return os.path.join(self.settings.folder, "admin.conf")

    @property
    def ca(self):
        """The path of the CA's certificate; None without TLS."""
        return self._ca

    def rotate_token(self):
        self.old_tokens.add(self.token)
        self.token = certificates.write_token(self.settings.folder, self.url, self._ca)

    def _make_first_objects(self, address):
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            self._make("namespaces", None, {"metadata": {"name": name}})
        self._make("services", "default", {
            "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"clusterIP": address, "ports": [
                {"name": "https", "port": 443, "targetPort": self._server.server_address[1]}]}})

    def _make(self, plural, namespace, body):
        try:
            self.operations.create(BY_PLURAL[plural], namespace, body, False)
        except ApiError as error:
            if error.code != 409:
                raise

    def start(self):
        """Returns when connections are taken."""
        self._run(lambda: self._server.serve_forever(poll_interval=0.05))
        self._run(self._sweep)
        if self.settings.endpoints_controller:
            self._run(EndpointsController(self).run)
        return self

    def _run(self, work):
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _sweep(self):
        while not self.stopping:
            with self.store.lock:
                self.store.lock.wait(0.5)
            if not self.stopping:
                self.operations.sweep()

    def stop(self):
        """Cuts all connections; what is on disk can be started again."""
        self.stopping = True
        with self.store.lock:
            self.store.lock.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        for thread in self._threads:
            thread.join(2)
        with self.store.lock:
            if self._journal:
                self._journal.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
