"""What the demo plays, act by act."""
import re
import subprocess
import threading
import time

from showing import screen
from tools.lab import topology
from tools.lab.apps import BLOG_HOST, DATABASE, DATABASE_PASSWORD, DATABASE_USER, SHOP_HOST
from tools.lab.lab import MANIFESTS
from tools.lab.programs import LabError, find
from tools.lab.sluiced import sluice_command

CONFIGURATION = MANIFESTS.parent / "conf" / "sluiced.yaml.in"
INGRESS = ("ingress-nginx-controller", "ingress-nginx")
RATE, SECONDS = 200, 8  # New connections a second, and for how long a pod's move is watched.


class Acts:
    """One performance in one lab. `play()` raises LabError when it cannot go on."""

    def __init__(self, lab, programs, steps):
        self._lab, self._programs, self._steps = lab, programs, steps
        self._vip = self._dns = ""
        self._figures = []  # (what, figure)
        self.all_well = True

    def play(self):
        for title, act in (("The lab: clients, a router, the appliance, three Kubernetes nodes", self.bring_up),
                           ("sluiced starts in the appliance", self.start),
                           ("A Service of type LoadBalancer appears", self.serve),
                           ("Clients come through the new address", self.visit),
                           ("externalTrafficPolicy: Local: nodes serve in proportion to their pods", self.spread),
                           (f"A pod moves to another node, {RATE} connections a second meanwhile", self.move),
                           ("What the appliance says about it", self.ask)):
            self._steps.begin(title)
            act()

    # --- the acts ---

    def bring_up(self):
        if self._lab.directory.exists():
            screen.say("a lab of this name is there already: it is taken down first")
            self._lab.down()
        self._lab.up()
        record = self._lab.record()
        plane = "a real kube-apiserver" if record["control_plane"] == "real" else "the API stand-in of this project"
        proxy = "kube-proxy" if self._has_kube_proxy() else "node ports by nftables"
        screen.say(f"{plane}, {proxy} on the nodes; real servers as pods:")
        for node in self._lab.nodes:
            pods = ", ".join(pod.name for pod in self._lab.pods.all() if pod.node == node)
            screen.answer(f"{node}  {topology.node_address(node)}  {pods}")

    def start(self):
        began = time.monotonic()
        daemon = self._lab.start_sluiced(CONFIGURATION, self._programs.get("SLUICED"))
        screen.command(f"sluiced --config {daemon.config}")
        daemon.wait_log(r"is read: serving", timeout=20)
        seconds = time.monotonic() - began
        screen.answer("\n".join(line for line in daemon.log.splitlines() if "memory" in line or "serving" in line))
        self._note("sluiced serves after its start", f"{seconds:.2f} s")

    def serve(self):
        lab = self._lab
        with Watch(lab) as watch:
            screen.command("kubectl apply -f tools/lab/manifests/ingress-nginx.yaml")
            lab.apply("ingress-nginx.yaml")
            lab.wait_for(lambda: lab.external_ip(*INGRESS), timeout=10, what="EXTERNAL-IP of ingress-nginx-controller")
            time.sleep(0.3)  # For kubectl's eyes.
        self._vip = lab.external_ip(*INGRESS)
        screen.command("kubectl get services -A --watch")
        screen.answer(watch.rows(INGRESS[0]))
        milliseconds = watch.seconds_to_address(INGRESS[0]) * 1000
        screen.good(f"from <pending> to {self._vip} in {milliseconds:.0f} ms")
        self._note("EXTERNAL-IP from <pending> to the VIP", f"{milliseconds:.0f} ms")
        screen.command("kubectl apply -f tools/lab/manifests/dns.yaml")
        lab.apply("dns.yaml")
        self._dns = lab.wait_for(lambda: lab.external_ip("dns"), timeout=10, what="EXTERNAL-IP of dns")
        screen.command("kubectl get services -A")
        screen.answer(lab.kubectl("get", "services", "-A").stdout)

    def visit(self):
        for command in self.visits():
            self._client(command)
        self._note("HTTP, HTTPS (certificate verified), MariaDB, DNS over UDP and TCP", "all answered")

    def spread(self):
        lab = self._lab
        fresh = lab.add_pod("node2")
        screen.say(f"one more ingress pod, {fresh.name} on node2; then {2 * RATE} connections:")
        result = lab.load("new", f"{self._vip}:80", rate=RATE, seconds=2,
                          source=",".join(topology.CLIENT_ADDRESSES)).result()
        pods = [pod for pod in lab.pods.all() if pod.app == "ingress" and pod.ready and not pod.terminating]
        rows = ["node    pods  their share  answered"]
        for node in lab.nodes:
            count = sum(pod.node == node for pod in pods)
            rows.append(f"{node}   {count:4}  {100 * count / len(pods):9.0f} %  "
                        f"{100 * result['nodes'].get(node, 0) / max(1, result['ok']):6.0f} %")
        screen.answer("\n".join(rows))
        self._judge(result["failed"] == 0, f"{result['ok']} answered, {result['failed']} failed", result)

    def move(self):
        lab = self._lab
        load = lab.load("new", f"{self._vip}:80", rate=RATE, seconds=SECONDS,
                        source=",".join(topology.CLIENT_ADDRESSES))
        time.sleep(1.5)
        screen.say("ingress-1 moves from node1, where it is the only one, to node3:")
        began = time.monotonic()
        fresh = lab.move_pod("ingress-1", "node3")
        screen.answer(f"{fresh.name} serves on node3, ingress-1 drained for a second and ended, "
                      f"{time.monotonic() - began:.1f} s in all")
        result = load.result()
        screen.answer("\n".join(f"{name:<10} answered {count}" for name, count in sorted(result["pods"].items())))
        latency = result["latency_ms"]
        screen.say(f"time of a request: median {latency['median']} ms, 99 % within {latency['p99']} ms, "
                   f"longest {latency['max']} ms")
        text = f"{result['total']} connections, {result['failed']} failed"
        self._judge(result["failed"] == 0, text, result)
        self._note("a pod moved under load", text)

    def ask(self):
        for arguments in (["show", "services"], ["show", "backends"], self._explanation()):
            self._sluice(*arguments)
        wrong = f"curl --max-time 0.5 http://{self._vip}:8080/"
        screen.command(f"{wrong}   # a port that the Service does not have")
        done = self._lab.ns("client").run(["sh", "-c", wrong], check=False)
        screen.answer((done.stdout + done.stderr).strip().splitlines()[-1])
        self._sluice("show", "drops", "--all")

    # --- the end ---

    def summary(self, seconds):
        print("\n" + screen.paint("Summary", "1;36"))
        for what, figure in self._figures:
            screen.say(f"{what:<68} {figure}")
        screen.say(f"{'the whole demo':<68} {seconds:.0f} s")
        if not self.all_well:
            screen.bad("Not everything went as it should: see above.")

    def suggest(self):
        """Commands for playing, ready to be copied."""
        inside = f"sudo ip netns exec {self._lab.ns('client').full}"
        option = "" if self._lab.prefix == "sluice-" else f" --prefix {self._lab.prefix}"
        tool = f"sudo /usr/bin/python3 -m tools.lab{option}"
        sluice = "sudo " + " ".join(sluice_command(self._lab))
        print("\n" + screen.paint("The lab is up. To try", "1;36"))
        for title, lines in (
                ("as a client", [f"{inside} {command}" for command in self.visits()]),
                ("in the cluster", [f"{tool} kubectl get services -A",
                                    f"{tool} kubectl -n {INGRESS[1]} describe service {INGRESS[0]}",
                                    f"{tool} pod add node1", f"{tool} pod roll", f"{tool} status",
                                    f"{tool} kubectl delete service dns", f"{tool} apply dns.yaml"]),
                ("at the appliance", [f"{sluice} show status", f"{sluice} show flows", f"{sluice} show drops",
                                      f"{sluice} {' '.join(self._explanation())}",
                                      f"tail -f {self._lab.processes.log('sluiced')}",
                                      f"{tool} exec node2 -- tcpdump -ni lan -c 20 tcp"])):
            screen.say(f"{title}:")
            screen.answer("\n".join(lines))
        screen.say("the end:")
        screen.answer(f"sudo ./demo --down{option}")

    # --- helpers ---

    def visits(self):
        """What clients ask, as a shell would have it."""
        vip, authority = self._vip, self._lab.certificate_authority
        return [
            f"curl -sS --resolve {SHOP_HOST}:80:{vip} http://{SHOP_HOST}/",
            f"curl -sS --resolve {BLOG_HOST}:443:{vip} --cacert {authority} https://{BLOG_HOST}/",
            f"mariadb -h {vip} -u {DATABASE_USER} -p{DATABASE_PASSWORD} {DATABASE} -e 'select * from greeting'",
            f"dig @{self._dns} lab.example.test A +short",
            f"dig @{self._dns} whoami.example.test TXT +short +tcp",
        ]

    def _has_kube_proxy(self):
        return self._lab.record()["node_proxy"] == "kube-proxy"

    def _explanation(self):
        """Of a connection that the client could make next."""
        return ["explain", "flow", "tcp", f"{topology.CLIENT}:40000", f"{self._vip}:443"]

    def _sluice(self, *arguments):
        screen.command("sluice " + " ".join(arguments))
        screen.answer(self._lab.sluice(*arguments).stdout)

    def _client(self, command):
        screen.command(command)
        done = self._lab.ns("client").run(["sh", "-c", command], timeout=20)
        if not done.stdout.strip():
            raise LabError(f"no answer to: {command}\n{done.stderr}")
        screen.answer(done.stdout, lines_max=6)

    def _judge(self, is_well, text, result):
        (screen.good if is_well else screen.bad)(text)
        if not is_well:
            self.all_well = False
            screen.answer("\n".join(str(failure) for failure in result["first_failures"]), lines_max=5)

    def _note(self, what, figure):
        self._figures.append((what, figure))


class Watch:
    """Sees Services change: as kubectl shows it, and with times."""

    def __init__(self, lab):
        self._lab = lab
        self._lines, self._appeared, self._addressed = [], {}, {}
        self._listed = threading.Event()

    def __enter__(self):
        found = self._lab.kube.list("services")
        version = found["metadata"]["resourceVersion"]
        threading.Thread(target=self._look, args=(version,), daemon=True).start()
        self._kubectl = self._lab.ns("cluster").popen(
            [find("kubectl"), "--kubeconfig", self._lab.kubeconfig, "get", "services", "-A", "--watch"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        self._listed.wait(timeout=10)  # The row of the Service "kubernetes": from now on kubectl watches.
        return self

    def __exit__(self, *_):
        self._kubectl.terminate()
        self._kubectl.wait()

    def rows(self, name):
        """What kubectl has printed of that Service, in columns (it cannot know how wide later rows are)."""
        rows = [re.split(r" {2,}", line) for line in self._lines if "EXTERNAL-IP" in line or name in line]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "\n".join("   ".join(map(str.ljust, row, widths)) for row in rows)

    def seconds_to_address(self, name):
        return self._addressed[name] - self._appeared[name]

    def _read(self):
        for line in self._kubectl.stdout:
            self._lines.append(line.rstrip())
            if re.match(r"default +kubernetes ", line):
                self._listed.set()

    def _look(self, version):
        for _, service in self._lab.kube.watch("services", version, seconds=60):
            now, name = time.monotonic(), service["metadata"].get("name", "")
            self._appeared.setdefault(name, now)
            if service.get("status", {}).get("loadBalancer", {}).get("ingress"):
                self._addressed.setdefault(name, now)
