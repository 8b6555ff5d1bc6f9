"""The lab's command line: `python3 -m tools.lab up`, then `exec`, `pod`, `kubectl`, and `down` in the end."""

import argparse
import signal
import subprocess
import sys

from .apps import APPS
from .lab import Lab
from .netns import Namespace
from .programs import LabError, find


def main() -> int:
    options = parse(sys.argv[1:])
    lab = Lab(control_plane=getattr(options, "control_plane", "auto"), nodes=getattr(options, "nodes", 3),
              prefix=options.prefix, node_proxy=getattr(options, "node_proxy", "auto"))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `status | head` ends quietly.
    try:
        return options.action(lab, options) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
    except PermissionError as error:
        print(f"lab: {error}: it must run as root", file=sys.stderr)
    return 1


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m tools.lab", description="the lab in network namespaces")
    parser.add_argument("--prefix", default="sluice-", help="of every name; several labs can live side by side")
    actions = parser.add_subparsers(dest="verb", required=True)

    up = actions.add_parser("up", help="bring the lab up (nothing happens when it is)")
    up.add_argument("--control-plane", choices=("auto", "real", "standin"), default="auto",
                    help="real: needs KUBEBUILDER_ASSETS; auto: real if that is set")
    up.add_argument("--node-proxy", choices=("auto", "own", "kube-proxy"), default="auto")
    up.add_argument("--nodes", type=int, default=3)
    up.set_defaults(action=_up)
    actions.add_parser("down", help="remove all of it").set_defaults(action=lambda lab, _: lab.down())
    actions.add_parser("status", help="what is there").set_defaults(action=_status)

    execute = actions.add_parser("exec", help="run a program in a namespace: exec client -- curl …")
    execute.add_argument("namespace", help="client, router, appliance, cluster, node1 …, or a pod")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    execute.set_defaults(action=_exec)
    foreign = {"add_help": False, "prefix_chars": "\0"}  # Their options are theirs, also before the first word.
    kubectl = actions.add_parser("kubectl", help="kubectl for the lab's cluster", **foreign)
    kubectl.add_argument("arguments", nargs=argparse.REMAINDER)
    kubectl.set_defaults(action=_kubectl)
    sluice = actions.add_parser("sluice", help="the sluice program, against the lab's daemon", **foreign)
    sluice.add_argument("arguments", nargs=argparse.REMAINDER)
    sluice.set_defaults(action=_sluice)
    apply = actions.add_parser("apply", help="apply a manifest: a file, or a name of tools/lab/manifests")
    apply.add_argument("manifest")
    apply.set_defaults(action=lambda lab, options: lab.apply(options.manifest) and None)

    pod = actions.add_parser("pod", help="add, stop, move or roll pods").add_subparsers(dest="pod", required=True)
    add = pod.add_parser("add")
    add.add_argument("node")
    add.add_argument("app", choices=sorted(APPS), nargs="?", default="ingress")
    add.set_defaults(action=lambda lab, options: print(lab.add_pod(options.node, options.app).name))
    stop, move = pod.add_parser("stop"), pod.add_parser("move")
    for action in (stop, move):
        action.add_argument("name")
        action.add_argument("--drain", type=float, default=1.0, help="seconds terminating but still serving")
    roll = pod.add_parser("roll", help="replace every pod of an app, one after the other")
    roll.add_argument("app", choices=sorted(APPS), nargs="?", default="ingress")
    roll.set_defaults(action=lambda lab, options: print(*(pod.name for pod in lab.roll(options.app))))
    stop.set_defaults(action=lambda lab, options: lab.stop_pod(options.name, options.drain))
    move.add_argument("node")
    move.set_defaults(action=lambda lab, options: print(lab.move_pod(options.name, options.node, options.drain).name))
    return parser.parse_args(arguments)


def _up(lab: Lab, options: argparse.Namespace) -> None:
    lab.up()
    _status(lab, options)


def _status(lab: Lab, options: argparse.Namespace) -> None:
    record = lab.record()
    print(f"lab {options.prefix}: {record['control_plane']} control plane, {record['nodes']} nodes "
          f"({record['node_proxy']} node proxy), "
          f"directory {lab.directory}, kubeconfig {lab.kubeconfig}")
    for pod in lab.pods.all():
        state = "terminating" if pod.terminating else "ready" if pod.ready else "not ready"
        print(f"  pod {pod.name:<14} {pod.node}  {pod.address:<14} {state}")
    for name in record["processes"]:
        print(f"  process {name:<26} {lab.processes.pid(name) or 'ended'}")


def _exec(lab: Lab, options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise LabError("exec: which program?")
    return _interactive(lab.ns(options.namespace), command)


def _kubectl(lab: Lab, options: argparse.Namespace) -> int:
    return _interactive(lab.ns("cluster"), [find("kubectl"), "--kubeconfig", lab.kubeconfig, *options.arguments])


def _sluice(lab: Lab, options: argparse.Namespace) -> int:
    return lab.sluice(*options.arguments, check=False, stdout=None, stderr=None).returncode


def _interactive(namespace: Namespace, command: list) -> int:
    if not namespace.exists():
        raise LabError(f"no namespace {namespace.full}")
    return subprocess.run(namespace.command(command)).returncode


if __name__ == "__main__":
    sys.exit(main())
