"""The real servers that run as pods. An app says which labels and ports its pods have, writes their configuration, and
tells how to start them, how to ask them to end, and whether they serve."""

import signal
import socket
import string
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from .programs import STREAM_MODULE, find
from .topology import pod_address6

SHOP_HOST = "shop.example.test"
BLOG_HOST = "blog.example.test"
DATABASE_USER, DATABASE_PASSWORD, DATABASE = "lab", "lab", "lab"
CONFIGURATION = Path(__file__).parent / "conf"


@dataclass
class Pod:
    """One pod; its conditions are those that its EndpointSlice shows."""
    name: str
    app: str
    node: str
    address: str
    ready: bool = False
    serving: bool = False
    terminating: bool = False

    @property
    def address6(self) -> str:
        return pod_address6(self.address)

    @property
    def netns(self) -> str:
        return f"{self.node}-{self.name}"


@dataclass
class App:
    namespace: str
    labels: dict[str, str]
    ports: dict[str, tuple[int, str]]  # targetPort name → (number, protocol)
    # (pod, its directory, addresses of other apps' pods, certificates) → command line
    command: Callable[[Pod, Path, dict[str, str], Path], list]
    # (pod) → bool, called in a namespace that reaches the pod
    serves: Callable[[Pod], bool]
    graceful: signal.Signals = signal.SIGTERM
    prepare: Callable[[Path], None] = field(default=lambda folder: None)


def _fill(template: str, folder: Path, values: dict[str, str]) -> Path:
    text = string.Template((CONFIGURATION / template).read_text(encoding="utf-8")).safe_substitute(values)
    file = folder / template.removesuffix(".in")
    file.write_text(text, encoding="utf-8")
    return file


def _nginx(template: str, pod: Pod, folder: Path, values: dict[str, str]) -> list:
    common = {"pod": pod.name, "node": pod.node, "address": pod.address, "address6": pod.address6,
              "folder": str(folder), "stream_module": str(STREAM_MODULE)}
    file = _fill(template, folder, common | values)
    return [find("nginx"), "-c", file, "-p", folder, "-e", folder / "error.log", "-g", "daemon off;"]


def _ingress(pod: Pod, folder: Path, peers: dict[str, str], certificates: Path) -> list:
    return _nginx("ingress.conf.in", pod, folder, {
        "shop": peers.get("shop", "127.0.0.1"), "blog": peers.get("blog", "127.0.0.1"),
        "mariadb": peers.get("mariadb", "127.0.0.1"), "shop_host": SHOP_HOST, "blog_host": BLOG_HOST,
        "certificate": str(certificates / "ingress.crt"), "key": str(certificates / "ingress.key")})


def _web(pod: Pod, folder: Path, peers: dict[str, str], certificates: Path) -> list:
    return _nginx("web.conf.in", pod, folder, {"site": pod.app})


def _prepare_mariadb(folder: Path) -> None:
    data = folder / "data"
    if not data.exists():
        subprocess.run([find("mariadb-install-db"), "--no-defaults", "--user=root", f"--datadir={data}",
                        "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
                        "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def _mariadb(pod: Pod, folder: Path, peers: dict[str, str], certificates: Path) -> list:
    start = _fill("mariadb.sql.in", folder, {"pod": pod.name, "node": pod.node, "user": DATABASE_USER,
                                             "password": DATABASE_PASSWORD, "database": DATABASE})
    return [find("mariadbd"), "--no-defaults", "--user=root", f"--datadir={folder / 'data'}",
            f"--socket={folder / 'db.sock'}", f"--pid-file={folder / 'db.pid'}", f"--init-file={start}",
            f"--bind-address={pod.address}", "--port=3306", "--skip-networking=0", "--skip-name-resolve",
            "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M", "--innodb-flush-log-at-trx-commit=0",
            "--key-buffer-size=1M", "--aria-pagecache-buffer-size=1M", "--performance-schema=off",
            "--max-connections=50", "--innodb-use-native-aio=0", f"--tmpdir={folder}"]


def _dns(pod: Pod, folder: Path, peers: dict[str, str], certificates: Path) -> list:
    return [find("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--no-hosts",
            "--no-resolv", "--bind-interfaces", f"--listen-address={pod.address}", f"--listen-address={pod.address6}",
            f"--pid-file={folder / 'dns.pid'}",
            "--host-record=lab.example.test,192.0.2.53", f"--txt-record=whoami.example.test,{pod.name},{pod.node}"]


def _accepts(address: str, *ports: int) -> bool:
    try:
        for port in ports:
            socket.create_connection((address, port), timeout=0.5).close()
        return True
    except OSError:
        return False


def _greets(address: str, port: int) -> bool:
    """MariaDB speaks first; a listening socket alone does not say that it is up."""
    try:
        with socket.create_connection((address, port), timeout=0.5) as connection:
            return len(connection.recv(5)) == 5
    except OSError:
        return False


def _resolves(address: str) -> bool:
    name = b"".join(bytes([len(label)]) + label for label in (b"lab", b"example", b"test")) + b"\0"
    query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.2)
        try:
            asker.sendto(query, (address, 53))
            return asker.recv(512)[:2] == query[:2]
        except OSError:
            return False


APPS = {
    "shop": App("default", {"app": "shop"}, {"http": (80, "TCP")}, _web, lambda pod: _accepts(pod.address, 80),
                signal.SIGQUIT),
    "blog": App("default", {"app": "blog"}, {"http": (80, "TCP")}, _web, lambda pod: _accepts(pod.address, 80),
                signal.SIGQUIT),
    "mariadb": App("default", {"app": "mariadb"}, {"mysql": (3306, "TCP")}, _mariadb,
                   lambda pod: _greets(pod.address, 3306), prepare=_prepare_mariadb),
    "dns": App("default", {"app": "dns"}, {"dns-udp": (53, "UDP"), "dns-tcp": (53, "TCP")}, _dns,
               lambda pod: _resolves(pod.address)),
    "ingress": App("ingress-nginx",
                   {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"},
                   {"http": (80, "TCP"), "https": (443, "TCP"), "tcp-3306": (3306, "TCP")}, _ingress,
                   lambda pod: _accepts(pod.address, 80, 443, 3306), signal.SIGQUIT),
}
