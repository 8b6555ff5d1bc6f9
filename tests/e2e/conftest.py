"""One lab per control plane for all tests; each test gets it tidy, with a running sluiced, as `edge`.

A test runs against the API stand-in; one marked `real_too` also against a real control plane, when KUBEBUILDER_ASSETS
names one. When a test fails, the end of sluiced's log and what it dropped stand in the report."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
for program, place in (("SLUICED", "control/sluiced"), ("SLUICE", "tools/sluice/sluice")):
    if "SLUICE_BUILD" in os.environ:
        os.environ.setdefault(program, str(Path(os.environ["SLUICE_BUILD"]) / place))

from edge import Edge  # noqa: E402
from tools.lab import Lab, LabError  # noqa: E402
from tools.lab.programs import kubernetes_assets  # noqa: E402

PREFIX = f"e2e{os.getpid()}"
_running = {}


def pytest_configure(config):
    config.addinivalue_line("markers", "real_too: also against a real kube-apiserver, if there is one")

    def end(*_):
        pytest.exit("ended by a signal", 130)  # The fixtures still take everything down.
    signal.signal(signal.SIGTERM, end)


def pytest_generate_tests(metafunc):
    if "plane" in metafunc.fixturenames:
        real = kubernetes_assets() and metafunc.definition.get_closest_marker("real_too")
        metafunc.parametrize("plane", ["standin", "real"] if real else ["standin"], indirect=True, scope="session")


def pytest_collection_modifyitems(items):
    for item in items:
        if os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="network namespaces need root"))


@pytest.fixture(scope="session")
def plane(request):
    return request.param


@pytest.fixture(scope="session")
def shared_edge(plane):
    prefix = f"{PREFIX}{plane[0]}-"
    lab = Lab(plane, prefix=prefix)
    try:
        lab.up()
        _running["edge"] = edge = Edge(lab)
        yield edge
        edge.stop_servers()
    finally:
        _running.pop("edge", None)
        lab.down()
    left_behind(prefix)


@pytest.fixture
def edge(shared_edge, request):
    """The lab with the daemon running, no Service, and the pods where DEFAULT_PODS puts them. A test that depends on a
    fixture `workers` gets so many."""
    count = request.getfixturevalue("workers") if "workers" in request.fixturenames else 1
    shared_edge.run(workers=count)
    yield shared_edge
    shared_edge.tidy()


def left_behind(prefix: str) -> None:
    namespaces = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True).stdout
    assert prefix not in namespaces
    for place in (f"/tmp/{prefix}lab", f"/run/dpdk/{prefix}sluiced"):
        assert not Path(place).exists()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    edge = _running.get("edge")
    if report.failed and edge and edge.lab.sluiced:
        report.sections.append(("end of sluiced's log", "\n".join(edge.lab.sluiced.log.splitlines()[-30:])))
        try:
            drops = edge.lab.sluice("show", "drops", check=False, timeout=5)
            report.sections.append(("sluice show drops", drops.stdout + drops.stderr))
        except (LabError, OSError, subprocess.SubprocessError) as error:
            report.sections.append(("sluice show drops", str(error)))
