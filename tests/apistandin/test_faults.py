"""Faults on request, the log of requests, and raw objects."""

import http.client
import json
import time

import pytest

from standin_client import SERVICES

_NODES = "/api/v1/nodes"


def test_expiring_watches_end_with_410_and_the_history_is_gone(client):
    start = client.get(_NODES)[1]["metadata"]["resourceVersion"]
    watch = client.watch(_NODES, resourceVersion=start)
    client.faults(expire_watches=True)
    kind, status = watch.event()
    assert (kind, status["code"]) == ("ERROR", 410) and watch.event() is None
    assert client.watch(_NODES, resourceVersion=start).event()[0] == "ERROR"


def test_dropped_watches_are_cut_within_a_line(client):
    watch = client.watch(_NODES)
    client.faults(drop_watches=True)
    with pytest.raises((http.client.IncompleteRead, ConnectionError, json.JSONDecodeError)):
        while watch.event():
            pass
    assert client.watch(_NODES).code == 200


def test_events_can_come_twice_and_in_the_wrong_order(client):
    watch = client.watch(_NODES)
    client.faults(duplicate_events=True)
    client.create(_NODES, "a")
    assert watch.names(2) == [("ADDED", "a")] * 2
    client.faults(duplicate_events=False, reorder_events=True, stall_watches=True)
    client.create(_NODES, "b")
    client.create(_NODES, "c")
    client.faults(stall_watches=False)
    assert watch.names(2) == [("ADDED", "c"), ("ADDED", "b")]


def test_a_line_of_garbage_reaches_watches(client):
    watch = client.watch(_NODES)
    client.faults(garbage_line="{nonsense")
    assert watch.line() == "{nonsense\n"


def test_requests_fail_as_often_as_told(client):
    client.create_service()
    client.faults(fail={"verb": "patch", "resource": "services", "code": 429, "times": 2, "retry_after": 3})
    assert client.get(SERVICES + "/web")[0] == 200
    for _ in range(2):
        assert client.patch(SERVICES + "/web", {})[0] == 429
        assert client.headers_of_last["Retry-After"] == "3"
    assert client.patch(SERVICES + "/web", {})[0] == 200


def test_a_write_can_be_done_and_its_answer_lost(client):
    client.faults(fail={"verb": "create", "resource": "nodes", "applied": True, "reset": True})
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        client.create(_NODES, "n1")
    assert client.get(_NODES + "/n1")[0] == 200


def test_answers_can_be_slow(client):
    client.faults(delay_ms=100)
    start = time.monotonic()
    client.get(_NODES)
    assert time.monotonic() - start >= 0.1
    assert client.call("DELETE", "/standin/faults")[1]["delay_ms"] == 0


def test_a_token_can_be_rotated(client, standin):
    client.faults(rotate_token=True)
    assert client.get(_NODES)[0] == 401
    client.token = standin.token
    assert client.get(_NODES)[0] == 200


def test_an_unknown_fault_is_refused(client):
    assert client.call("POST", "/standin/faults", {"explode": True})[0] == 400


def test_requests_are_counted(client):
    client.create_service()
    client.call("DELETE", "/standin/requests")
    client.patch(SERVICES + "/web/status", {"metadata": {"labels": {"a": "b"}}})
    client.get(SERVICES + "/web")
    log = client.get("/standin/requests")[1]
    assert log["total"] == 2
    assert {"verb": "patch", "resource": "services", "subresource": "status", "code": 200, "userAgent": "test",
            "count": 1} in log["counts"]
    assert [entry["verb"] for entry in log["recent"]] == ["patch", "get"]


def test_raw_objects_reach_watches_as_they_are(client):
    watch = client.watch(SERVICES, resourceVersion=client.get(SERVICES)[1]["metadata"]["resourceVersion"])
    code, _ = client.call("PUT", "/standin/raw" + SERVICES + "/odd", {"spec": {"ports": "none", "type": 7}})
    assert code == 200
    kind, odd = watch.event()
    assert kind == "ADDED" and odd["spec"] == {"ports": "none", "type": 7}
    client.headers = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    rows = client.get(SERVICES)[1]["rows"]
    assert [row["cells"][0] for row in rows] == ["kubernetes", "odd"]
    client.headers = {}
    client.create_service()
    assert client.patch(SERVICES + "/odd", {"metadata": {"labels": {"a": "b"}}})[0] in (400, 500)
    assert client.call("DELETE", "/standin/raw" + SERVICES + "/odd")[0] == 200
    assert client.get(SERVICES + "/odd")[0] == 404
