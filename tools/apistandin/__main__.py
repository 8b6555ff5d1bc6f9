"""python3 -m tools.apistandin --dir DIR [options]: runs the stand-in until SIGTERM or SIGINT."""

import sys

if not __package__:  # Run by its path: its own folder must not shadow modules of the standard library.
    sys.path[0] = __file__.rsplit("/tools/", 1)[0] if "/tools/" in __file__ else "."
    __package__ = "tools.apistandin"  # pylint: disable=redefined-builtin

import argparse  # noqa: E402
import signal  # noqa: E402
import threading  # noqa: E402

from tools.apistandin.server import Settings, Standin  # noqa: E402


def _port_range(text):
    first, dash, last = text.partition("-")
    if not dash or not 0 < int(first) <= int(last) < 65536:
        raise argparse.ArgumentTypeError(f"expected FIRST-LAST, got '{text}'")
    return int(first), int(last)


def settings_of(arguments):
    parser = argparse.ArgumentParser(prog="apistandin", description="A stand-in for kube-apiserver.")
    parser.add_argument("--dir", required=True, help="where admin.conf, admin.token, ca.crt and kept objects are")
    parser.add_argument("--bind", default="127.0.0.1", metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--plain", action="store_true", help="HTTP instead of HTTPS")
    parser.add_argument("--keep", action="store_true", help="keep the objects in DIR across restarts")
    parser.add_argument("--node-ports", type=_port_range, default=(30000, 32767), metavar="FIRST-LAST")
    parser.add_argument("--service-cidr", default="10.96.0.0/16", metavar="CIDR[,CIDR]",
                        help="two of different families make the cluster dual-stack")
    parser.add_argument("--history", type=int, default=10000, help="changes of a resource that watches can resume from")
    parser.add_argument("--bookmark-interval", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--watch-list", choices=("on", "refuse", "ignore"), default="on",
                        help="what to make of sendInitialEvents: refuse with 422, or ignore as old servers do")
    parser.add_argument("--endpoints-controller", action="store_true", help="make EndpointSlices of Pods")
    given = parser.parse_args(arguments)
    return Settings(
        folder=given.dir, bind=given.bind, port=given.port, plain=given.plain, keep=given.keep,
        node_ports=given.node_ports, networks=tuple(given.service_cidr.split(",")), history=given.history,
        bookmark_interval=given.bookmark_interval, watch_list=given.watch_list,
        endpoints_controller=given.endpoints_controller)


def main(arguments=None):
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    with Standin(settings_of(arguments)) as standin:
        print(f"ready: {standin.url}", flush=True)
        ends.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
