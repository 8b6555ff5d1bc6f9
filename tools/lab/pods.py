"""Pods: a namespace on a node's bridge with a real server in it, and its way from start to end."""

import shutil
from dataclasses import asdict
from pathlib import Path

from . import topology
from .apps import APPS, BLOG_HOST, SHOP_HOST, Pod
from .netns import Namespace
from .pki import Authority
from .process import Processes
from .programs import LabError
from .state import State

FIRST_ADDRESS = 10


class Pods:
    """Keeps the pods of one lab in its state; `changed()` is called after each change of what a slice would say."""

    def __init__(self, state: State, processes: Processes, changed):
        self._state = state
        self._processes = processes
        self._changed = changed

    def all(self) -> list[Pod]:
        return [Pod(**entry) for entry in self._state.read()["pods"].values()]

    def get(self, name: str) -> Pod:
        for pod in self.all():
            if pod.name == name:
                return pod
        raise LabError(f"no pod '{name}'; there are: {', '.join(sorted(pod.name for pod in self.all())) or 'none'}")

    def reserve(self, node: str, app: str, name: str | None = None) -> Pod:
        """Gives the pod its name and address; nothing runs yet."""
        if app not in APPS:
            raise LabError(f"no app '{app}'; there are: {', '.join(APPS)}")
        with self._state.change() as record:
            if node not in topology.node_names(record["nodes"]):
                raise LabError(f"no node '{node}'; there are: {', '.join(topology.node_names(record['nodes']))}")
            taken = record["pods"]
            name = name or _fresh_name(app, record)
            if name in taken:
                raise LabError(f"pod '{name}' exists already")
            base = topology.pod_gateway(node).rpartition(".")[0]
            used = {pod["address"] for pod in taken.values()} | set(record.setdefault("addresses_used", []))
            free = [f"{base}.{n}" for n in range(FIRST_ADDRESS, 250) if f"{base}.{n}" not in used]
            if not free:  # Old addresses rest as long as there are others, as a real network plugin does it.
                record["addresses_used"] = []
                in_use = {pod["address"] for pod in taken.values()}
                free = [f"{base}.{n}" for n in range(FIRST_ADDRESS, 250) if f"{base}.{n}" not in in_use]
            pod = Pod(name, app, node, free[0])
            record["addresses_used"].append(pod.address)
            taken[name] = asdict(pod)
            record["namespaces"].append(pod.netns)
        return pod

    def start(self, pod: Pod) -> Pod:
        """Starts a reserved pod and answers once it really serves and its slice says so."""
        app, namespace = APPS[pod.app], self._namespace(pod.netns)
        namespace.create(topology.SYSCTLS["pod"])
        topology.attach_pod(namespace, self._namespace(pod.node), pod.address)
        folder = self._folder(pod)
        folder.mkdir(exist_ok=True)
        app.prepare(folder)
        peers = {other.app: other.address for other in self.all()}
        self._processes.start(f"pod-{pod.name}", app.command(pod, folder, peers, self.certificates().folder), namespace)

        def serves() -> bool:
            with self._namespace(pod.node).entered():
                return app.serves(pod)
        self._processes.await_ready(f"pod-{pod.name}", serves, 20)
        return self._set(pod.name, ready=True, serving=True)

    def drain(self, name: str) -> Pod:
        """What a graceful delete does first: still serving, terminating, no longer ready."""
        return self._set(name, ready=False, terminating=True)

    def end(self, name: str, graceful_seconds: float) -> None:
        """The server is asked to end (and made to, after the grace), then the pod is gone."""
        pod = self.get(name)
        self._processes.stop(f"pod-{name}", APPS[pod.app].graceful, graceful_seconds)
        self._remove(pod)

    def crash(self, name: str) -> None:
        """The server is gone at once; the pod stays, neither ready nor serving, as a kubelet would report it."""
        self._processes.stop(f"pod-{name}", patience=0)
        self._set(name, ready=False, serving=False)

    def certificates(self) -> Authority:
        """The lab's own authority: `ca.crt` for clients, `ingress.crt` for both host names."""
        with self._state.lock("pki"):
            authority = Authority(self._state.directory / "pki", "lab-ca")
            authority.sign("ingress", f"/CN={SHOP_HOST}", [
                "extendedKeyUsage=serverAuth", f"subjectAltName=DNS:{SHOP_HOST},DNS:{BLOG_HOST}"])
        return authority

    def _remove(self, pod: Pod) -> None:
        with self._state.change() as record:
            record["pods"].pop(pod.name, None)
        self._changed()
        self._namespace(pod.netns).delete()
        shutil.rmtree(self._folder(pod), ignore_errors=True)
        with self._state.change() as record:
            record["namespaces"].remove(pod.netns)

    def _set(self, name: str, **conditions: bool) -> Pod:
        self.get(name)  # Says so if there is none.
        with self._state.change() as record:
            record["pods"][name].update(conditions)
            pod = Pod(**record["pods"][name])
        self._changed()
        return pod

    def _namespace(self, name: str) -> Namespace:
        return Namespace(self._state.prefix, name)

    def _folder(self, pod: Pod) -> Path:
        return self._state.directory / "pods" / pod.name


def _fresh_name(app: str, record: dict) -> str:
    """A name that no pod has had before, so that what a test counts by name is never ambiguous."""
    numbers = record.setdefault("last_number", {})
    numbers[app] = numbers.get(app, 0) + 1
    name = f"{app}-{numbers[app]}"
    return _fresh_name(app, record) if name in record["pods"] else name
