"""The control plane without Kubernetes' programs: the project's own API stand-in."""

import sys
from pathlib import Path

from .netns import Namespace
from .process import Processes
from .topology import API_SERVER

PORT = 6443
SERVICE_NETWORKS = "10.96.0.0/16,fd00:96::/108"


class StandinControlPlane:
    kind = "standin"

    def __init__(self, directory: Path, namespace: Namespace, processes: Processes):
        self._directory = directory
        self._namespace = namespace
        self._processes = processes
        self.kubeconfig = directory / "admin.conf"

    def start(self) -> None:
        """Starts, or goes on with the state that `stop` left."""
        log = self._processes.log("apistandin")
        seen = log.stat().st_size if log.exists() else 0
        self._processes.start("apistandin", [
            sys.executable, "-m", "tools.apistandin", "--bind", API_SERVER, "--port", PORT,
            "--dir", self._directory, "--keep", "--service-cidr", SERVICE_NETWORKS], self._namespace)
        self._processes.await_ready("apistandin", lambda: b"ready:" in log.read_bytes()[seen:], 15)

    def stop(self) -> None:
        self._processes.stop("apistandin")
