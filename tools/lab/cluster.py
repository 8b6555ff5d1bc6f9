"""A real Kubernetes control plane for the lab: etcd, kube-apiserver and kube-controller-manager in the namespace
`cluster`, and a real kube-proxy on each node. Written for 1.20, which serves EndpointSlices as v1beta1 only: a custom
resource takes the built-in type's place, serves v1 and v1beta1 of the same objects, and the lab writes the slices."""

import base64
import signal
from pathlib import Path

import yaml

from .kube import Kube, KubeError
from .netns import Namespace
from .pki import Authority
from .process import Processes
from .programs import find
from .topology import API_SERVER, POD_NETWORK

PORT = 6443
ETCD_PORT = 2379
SERVICE_NETWORK = "10.96.0.0/16"
SERVICE_FIRST = "10.96.0.1"
# Nodes and pods are bare objects here, nobody sends heartbeats for them; the slices are the lab's own.
CONTROLLERS = "*,-nodelifecycle,-podgc,-endpointslice,-endpointslicemirroring,-ttl,-nodeipam"

# kube-proxy 1.20 marks what shall be dropped and leaves the dropping to the kubelet, which the lab has not. Without it
# such a connection is accepted by the socket that kube-proxy holds on the node port, and forgotten.
KUBELET_RULES = """*nat
:KUBE-MARK-DROP - [0:0]
-A KUBE-MARK-DROP -j MARK --or-mark 0x8000
COMMIT
*filter
:KUBE-FIREWALL - [0:0]
-A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -j DROP
-I INPUT -j KUBE-FIREWALL
-I OUTPUT -j KUBE-FIREWALL
COMMIT
"""


class RealControlPlane:
    kind = "real"

    def __init__(self, assets: Path, directory: Path, namespace: Namespace, processes: Processes):
        self._assets = assets
        self._directory = directory
        self._namespace = namespace
        self._processes = processes
        self.kubeconfig = directory / "admin.conf"

    def start(self) -> None:
        """Starts, or goes on with the state that `stop` left."""
        authority = self._make_certificates()
        self._start_etcd()
        self._start_api_server(authority)
        self._processes.await_ready("kube-apiserver", self._api_is_ready, 60)
        self._serve_slices()
        self._start_controller_manager(authority)

    def stop(self) -> None:
        """At once: a graceful end of the API server would wait for its watchers first."""
        for name in ("kube-controller-manager", "kube-apiserver", "etcd"):
            self._processes.stop(name, signal.SIGKILL)

    def start_kube_proxy(self, name: str, node: str, namespace: Namespace) -> None:
        namespace.run([find("iptables-restore"), "--noflush", "--wait", "5"], input=KUBELET_RULES)
        self._processes.start(name, [
            self._assets / "kube-proxy", "--kubeconfig", self._directory / "proxy.conf",
            "--hostname-override", node, "--proxy-mode", "iptables", "--cluster-cidr", POD_NETWORK,
            "--conntrack-max-per-core", "0",  # That limit is the machine's; writing it is refused in a namespace.
            "--kube-api-content-type", "application/json",  # A custom resource has no protobuf form.
            "--feature-gates", "EndpointSliceNodeName=true",
            "--iptables-min-sync-period", "0s", "--config-sync-period", "1m",
        ], namespace)

    def _make_certificates(self) -> Authority:
        authority = Authority(self._directory / "pki", "kubernetes-ca")
        authority.sign("apiserver", "/CN=kube-apiserver", [
            "extendedKeyUsage=serverAuth",
            f"subjectAltName=IP:{API_SERVER},IP:127.0.0.1,IP:{SERVICE_FIRST},DNS:kubernetes,DNS:kubernetes.default"])
        for file, name, subject in (("admin", "admin", "/O=system:masters/CN=admin"),
                                    ("kcm", "kcm", "/CN=system:kube-controller-manager"),
                                    ("proxy", "proxy", "/CN=system:kube-proxy")):
            certificate = authority.sign(name, subject, ["extendedKeyUsage=clientAuth"])
            self._write_kubeconfig(file, authority, certificate)
        authority.signing_keys()
        return authority

    def _write_kubeconfig(self, name: str, authority: Authority, certificate: Path) -> None:
        def data(path: Path) -> str:
            return base64.b64encode(path.read_bytes()).decode()
        file = self._directory / f"{name}.conf"
        file.touch(mode=0o600)
        file.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": f"https://{API_SERVER}:{PORT}",
                                                     "certificate-authority-data": data(authority.certificate)}}],
            "users": [{"name": name, "user": {"client-certificate-data": data(certificate),
                                              "client-key-data": data(certificate.with_suffix(".key"))}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
        }), encoding="utf-8")

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PORT + 1}"
        self._processes.start("etcd", [
            self._assets / "etcd", "--name", "lab", "--data-dir", self._directory / "etcd", "--unsafe-no-fsync",
            "--logger", "zap", "--log-level", "error",
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"lab={peer}",
        ], self._namespace)

    def _start_api_server(self, authority: Authority) -> None:
        pki = authority.folder
        self._processes.start("kube-apiserver", [
            self._assets / "kube-apiserver", "--etcd-servers", f"http://127.0.0.1:{ETCD_PORT}",
            "--bind-address", API_SERVER, "--secure-port", PORT,
            "--advertise-address", "192.0.2.10", "--endpoint-reconciler-type", "none",
            "--service-cluster-ip-range", SERVICE_NETWORK, "--service-node-port-range", "30000-32767",
            "--tls-cert-file", pki / "apiserver.crt", "--tls-private-key-file", pki / "apiserver.key",
            "--client-ca-file", pki / "ca.crt", "--authorization-mode", "RBAC",
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", pki / "sa.pub", "--service-account-signing-key-file", pki / "sa.key",
            # Pods are bare objects of the lab: they need no token, and must not wait for one.
            "--disable-admission-plugins", "ServiceAccount",
            "--runtime-config", "discovery.k8s.io/v1beta1=false",
            # What later versions do without being asked.
            "--feature-gates", "MixedProtocolLBService=true,ServiceLBNodePortControl=true",
        ], self._namespace)

    def _start_controller_manager(self, authority: Authority) -> None:
        config, pki = self._directory / "kcm.conf", authority.folder
        self._processes.start("kube-controller-manager", [
            self._assets / "kube-controller-manager", "--kubeconfig", config,
            "--authentication-kubeconfig", config, "--authorization-kubeconfig", config,
            "--bind-address", "127.0.0.1", "--secure-port", "10257", "--port", "0",
            "--cert-dir", self._directory / "kcm", "--leader-elect=false", "--use-service-account-credentials",
            "--service-account-private-key-file", pki / "sa.key", "--root-ca-file", pki / "ca.crt",
            "--controllers", CONTROLLERS,
        ], self._namespace)

    def _api_is_ready(self) -> bool:
        try:
            Kube(self.kubeconfig, self._namespace).request("GET", "/readyz")
            return True
        except (OSError, KubeError):
            return False

    def _serve_slices(self) -> None:
        kube = Kube(self.kubeconfig, self._namespace)
        definition = yaml.safe_load((Path(__file__).parent / "manifests/endpointslice-crd.yaml").read_text("utf-8"))
        if not kube.find("customresourcedefinitions", definition["metadata"]["name"]):
            kube.create("customresourcedefinitions", definition)

        def served() -> bool:
            try:
                return "items" in kube.list("endpointslices")
            except KubeError:
                return False
        self._processes.await_ready("kube-apiserver", served, 30)
