"""What lasts over a restart, and the program as a process."""

import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

from standin_client import SERVICES, Client

_ROOT = Path(__file__).resolve().parents[2]


def test_kept_objects_come_back_under_a_higher_revision(make_standin):
    first = make_standin(keep=True)
    client = Client(first)
    old = client.create_service(ports=[{"port": 80, "nodePort": 30080}])
    client.create_service("gone")
    client.call("DELETE", SERVICES + "/gone")
    before = client.get(SERVICES)[1]["metadata"]["resourceVersion"]
    watch = client.watch(SERVICES, resourceVersion=before)
    first.stop()
    assert watch.event() is None
    client = Client(make_standin(keep=True))
    after = client.get(SERVICES)[1]
    assert int(after["metadata"]["resourceVersion"]) > int(before)
    assert client.get(SERVICES + "/web")[1] == old and client.get(SERVICES + "/gone")[0] == 404
    taken = {"metadata": {"name": "b"}, "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]}}
    assert client.call("POST", SERVICES, taken)[0] == 422
    resumed = client.watch(SERVICES, resourceVersion=before)
    client.create_service("new")
    assert resumed.names(1) == [("ADDED", "new")]


def test_a_fresh_server_forgets_but_keeps_its_token(make_standin):
    first = make_standin()
    Client(first).create_service()
    first.stop()
    second = make_standin()
    assert second.token == first.token and Client(second).get(SERVICES + "/web")[0] == 404


def test_the_process_serves_tls_and_ends_on_sigterm(tmp_path):
    program = subprocess.Popen(
        [sys.executable, str(_ROOT / "tools/apistandin/__main__.py"), "--dir", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE, text=True)
    try:
        url = re.fullmatch(r"ready: (https://127\.0\.0\.1:\d+)\n", program.stdout.readline())[1]
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
        token = (tmp_path / "admin.token").read_text().strip()
        request = urllib.request.Request(url + "/api/v1/nodes", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, context=context, timeout=5) as answer:
            assert answer.status == 200
        assert url in (tmp_path / "admin.conf").read_text()
        program.send_signal(signal.SIGTERM)
        assert program.wait(5) == 0
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
