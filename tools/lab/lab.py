"""The lab: everything around the appliance, in network namespaces. See topology.py for the picture.

    with Lab() as lab:
        lab.apply("ingress-nginx.yaml")
        lab.start_sluiced(text)
        lab.wait_for(lambda: lab.external_ip("ingress-nginx-controller", "ingress-nginx"))
"""

import http.client
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml

from . import kube as kube_module
from . import slices, topology
from .apps import Pod
from .bring_up import DEFAULT_PODS, Wish, build
from .cluster import RealControlPlane
from .kube import Kube, KubeError
from .load import Load
from .netns import Namespace
from .pods import Pods
from .process import Processes, end_all, start_time
from .programs import LabError, find, require
from .sluiced import Sluiced, remove_runtime_files, sluice_command
from .standin import StandinControlPlane
from .state import State

MANIFESTS = Path(__file__).parent / "manifests"


class Lab:
    """One lab. `Lab(prefix)` alone touches nothing; a lab that another process brought up is found by its prefix."""

    def __init__(self, control_plane: str = "auto", nodes: int = 3, prefix: str = "sluice-", pods=DEFAULT_PODS,
                 node_proxy: str = "auto"):
        """control_plane: auto, real, standin. node_proxy: auto (kube-proxy if the plane is real), kube-proxy, own. An
        old kube-proxy drops new connections to a node whose pods all drain; `own` lets them in, as later ones do."""
        if not prefix or not prefix.replace("-", "").isalnum():
            raise LabError(f"prefix '{prefix}': letters, digits and dashes")
        self._wish = Wish(control_plane, node_proxy, nodes, tuple(pods))
        self._state = State(prefix)
        self._kube: Kube | None = None
        self.processes = Processes(self._state)
        self.pods = Pods(self._state, self.processes, self.sync_slices)
        self.sluiced: Sluiced | None = None

    # --- life ---

    def __enter__(self):
        self.up()
        return self

    def __exit__(self, *_):
        self.down()

    def up(self) -> "Lab":
        """Brings up what is not up yet; a half-made lab is removed first. On failure nothing is left behind."""
        if self._state.exists():
            if self.is_up():
                return self
            self.down()
        require(kube_proxy=self._wish.chosen_proxy() == "kube-proxy")
        self._state.create()
        try:
            build(self, self._state, self._wish)
        except BaseException:
            self.down(keep_logs=True)
            raise
        return self

    def down(self, keep_logs: bool = False) -> None:
        """Ends and removes everything that the record names, and whatever still runs in the lab's namespaces."""
        kept = self._state.directory.with_name(self._state.directory.name + "-failed")
        shutil.rmtree(kept, ignore_errors=True)
        if not self._state.exists():
            return
        record = self._state.read()
        self.processes.stop_all(patience=3)
        namespaces = [self.ns(name) for name in record["namespaces"]]
        # Children of ours, and what a test or a person has started inside.
        inside = [pid for namespace in namespaces if namespace.exists() for pid in namespace.pids()]
        strays = [(pid, started) for pid in inside if pid != os.getpid() and (started := start_time(pid)) is not None]
        end_all(strays, patience=1)
        for namespace in namespaces:
            namespace.delete()
        remove_runtime_files(self._state.prefix)
        if keep_logs:
            shutil.copytree(self._state.directory / "log", kept)
        shutil.rmtree(self._state.directory)
        self._kube = None

    def is_up(self) -> bool:
        return self._state.exists() and self._state.read().get("complete", False)

    # --- parts ---

    @property
    def prefix(self) -> str:
        return self._state.prefix

    def ns(self, name: str) -> Namespace:
        """client, router, appliance, lan, cluster, node1 …, or a pod's name."""
        if self._state.exists() and name in (pods := self._state.read()["pods"]):
            name = Pod(**pods[name]).netns
        return Namespace(self._state.prefix, name)

    @property
    def directory(self) -> Path:
        return self._state.directory

    def record(self) -> dict:
        """The lab's own record of itself (state.py); LabError when it is not up."""
        return self._state.read()

    @property
    def nodes(self) -> list[str]:
        return topology.node_names(self._state.read()["nodes"])

    @property
    def kubeconfig(self) -> Path:
        """For programs inside `appliance`, `cluster` or a node; the API server is not reachable from elsewhere."""
        return self._state.directory / "cluster" / "admin.conf"

    @property
    def certificate_authority(self) -> Path:
        """What a client must trust to accept the ingress controller's certificate."""
        return self._state.directory / "pki" / "ca.crt"

    @property
    def kube(self) -> Kube:
        if self._kube is None:
            self._kube = Kube(self.kubeconfig, self.ns("cluster"))
        return self._kube

    @property
    def control_plane(self):
        """The kind that this lab runs."""
        record = self._state.read()
        folder, namespace = self._state.directory / "cluster", self.ns("cluster")
        if record["control_plane"] == "real":
            return RealControlPlane(Path(record["assets"]), folder, namespace, self.processes)
        return StandinControlPlane(folder, namespace, self.processes)

    def stop_control_plane(self) -> None:
        """An outage of the API server; nodes and pods go on."""
        self.control_plane.stop()

    def start_control_plane(self) -> None:
        """Back again with the state of before."""
        self.control_plane.start()
        self.sync_slices()

    def cut_api_server(self) -> None:
        """The appliance gets no answer from the API server any more, not even a refusal; everybody else does."""
        self.ns("cluster").run([find("nft"), "-f", "-"], input=topology.API_SERVER_IS_SILENT)

    def mend_api_server(self) -> None:
        self.ns("cluster").run([find("nft"), "delete", "table", "ip", "silent"])

    def start_node_proxy(self, node: str) -> None:
        """kube-proxy, or node_proxy.py when there is none or it was asked for."""
        name, namespace = f"node-proxy-{node}", self.ns(node)
        if self._state.read()["node_proxy"] == "kube-proxy":
            self.control_plane.start_kube_proxy(name, node, namespace)
            return
        self.processes.start(name, [sys.executable, "-m", "tools.lab.node_proxy", "--node", node,
                                    "--kubeconfig", self.kubeconfig], namespace)

    def stop_node_proxy(self, node: str) -> None:
        """Its health ports close; the rules that it has written stay, as after a crash."""
        self.processes.stop(f"node-proxy-{node}")

    # --- cluster ---

    def sync_slices(self) -> None:
        """Writes the EndpointSlices now. Before the API server is up, or while it is out, there is nothing to write to:
        the slices follow when it is back, as a real cluster's would."""
        if not self._state.read().get("complete"):
            if not self.processes.alive("slices"):
                return
        for attempts_left in (2, 1, 0):
            try:
                slices.sync(self._state, self.kube)
                return
            except (OSError, http.client.HTTPException, KubeError):
                if not self._api_should_answer():
                    return
                if not attempts_left:
                    raise
                time.sleep(0.05)  # Somebody has removed or made an object between our look and our change.

    def _api_should_answer(self) -> bool:
        return self.processes.alive("kube-apiserver") or self.processes.alive("apistandin")

    def apply(self, manifest: str | Path) -> list[dict]:
        """Applies a YAML file (a bare name is looked for in the lab's manifests), and has its slices written."""
        path = Path(manifest)
        if not path.exists():
            path = MANIFESTS / path.name
        answers = []
        for document in filter(None, yaml.safe_load_all(path.read_text(encoding="utf-8"))):
            namespace = document["metadata"].get("namespace", "default")
            answers.append(self.kube.apply(kube_module.resource_of(document), document, namespace))
        self.sync_slices()
        return answers

    def external_ip(self, service: str, namespace: str = "default") -> str | None:
        """The first address in the Service's status, or None while it is pending."""
        found = self.kube.find("services", service, namespace) or {}
        ingress = found.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
        return ingress[0].get("ip")

    def kubectl(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return self.ns("cluster").run([find("kubectl"), "--kubeconfig", self.kubeconfig, *arguments], **options)

    wait_for = staticmethod(kube_module.wait_for)

    # --- pods ---

    def add_pod(self, node: str, app: str = "ingress", name: str | None = None) -> Pod:
        """Answers once the pod serves and its EndpointSlice says so."""
        return self.pods.start(self.pods.reserve(node, app, name))

    def stop_pod(self, name: str, drain: float = 1.0, grace: float = 5.0) -> None:
        """A graceful end: terminating for `drain` seconds but serving, then asked to end, forced after `grace`."""
        self.pods.drain(name)
        time.sleep(drain)
        self.pods.end(name, grace)

    def move_pod(self, name: str, node: str, drain: float = 1.0, grace: float = 5.0) -> Pod:
        """A rolling move: the new one serves before the old one drains. Answers the new one (it has a new name)."""
        fresh = self.add_pod(node, self.pods.get(name).app)
        self.stop_pod(name, drain, grace)
        return fresh

    def roll(self, app: str = "ingress", drain: float = 1.0) -> list[Pod]:
        """Replaces every pod of an app on its own node, one after the other, as a rolling update does."""
        return [self.move_pod(pod.name, pod.node, drain) for pod in self.pods.all() if pod.app == app]

    # --- appliance and clients ---

    def start_sluiced(self, config: str | Path, binary: str | Path | None = None, arguments=()) -> Sluiced:
        """Starts the daemon in the appliance. `config`: a Path, or text; @NAMES@ in it are filled (sluiced.py)."""
        self.sluiced = Sluiced(self, config, binary, list(arguments))
        self.sluiced.start()
        return self.sluiced

    def sluice(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        """Runs the command line tool in the appliance, against the lab's daemon; options as for Namespace.run."""
        return self.ns("appliance").run([*sluice_command(self), *arguments], **options)

    def load(self, kind: str, target: str, **settings) -> Load:
        """Starts `load.py` in the client: `lab.load("new", "203.0.113.64:80", rate=200, seconds=5).result()`."""
        return Load(self.ns("client"), kind, target, settings)
