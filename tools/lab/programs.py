"""What the lab needs on the machine, and which Debian package has it."""

import os
import shutil
from pathlib import Path

PACKAGE_OF = {
    "conntrack": "conntrack",
    "dig": "bind9-dnsutils",
    "dnsmasq": "dnsmasq-base",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "kubectl": "kubernetes-client",
    "mariadb": "mariadb-client-core",
    "mariadb-install-db": "mariadb-server-core",
    "mariadbd": "mariadb-server-core",
    "nft": "nftables",
    "nginx": "nginx",
    "openssl": "openssl",
    "ping": "iputils-ping",
}
STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
# Debian keeps daemons in sbin, which the PATH of a sudo or cron job may lack.
SEARCH_PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
CONTROL_PLANE_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "etcd")


class LabError(Exception):
    """Something a person can act on; its text is the whole message."""


def kubernetes_assets() -> Path | None:
    """The folder of a real control plane's programs, by the ecosystem's convention, or None."""
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    folder = Path(named)
    if named and all(os.access(folder / name, os.X_OK) for name in CONTROL_PLANE_PROGRAMS):
        return folder
    return None


def find(program: str) -> str:
    """The full path of a program; Kubernetes' own ones are preferred from KUBEBUILDER_ASSETS."""
    assets = kubernetes_assets()
    if assets and os.access(assets / program, os.X_OK):
        return str(assets / program)
    path = shutil.which(program, path=SEARCH_PATH)
    if path is None:
        raise LabError(f"{program} is not installed (Debian package {PACKAGE_OF.get(program, program)})")
    return path


def missing_packages(kube_proxy: bool) -> list[str]:
    """Every package that is missing, sorted, so that one apt-get call mends it."""
    needed = dict(PACKAGE_OF)
    if kube_proxy:
        needed["iptables"] = "iptables"  # kube-proxy's iptables mode
    missing = {package for program, package in needed.items() if not shutil.which(program, path=SEARCH_PATH)}
    if not STREAM_MODULE.exists():
        missing.add("libnginx-mod-stream")
    try:
        import yaml  # noqa: F401
    except ImportError:
        missing.add("python3-yaml")
    return sorted(missing)


def require(kube_proxy: bool) -> None:
    """Refuses clearly when the lab cannot be brought up here."""
    problems = []
    if os.geteuid() != 0:
        problems.append("it must run as root (network namespaces)")
    missing = missing_packages(kube_proxy)
    if missing:
        problems.append("missing packages, install them by: apt-get install " + " ".join(missing))
    if problems:
        raise LabError("the lab cannot start: " + "; ".join(problems))
