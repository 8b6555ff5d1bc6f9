"""Watches: what they tell, in which order, from which revision, and how they end."""

import pytest

from standin_client import SERVICES, Client

_NODES = "/api/v1/nodes"


def _revision(client):
    return client.get(_NODES)[1]["metadata"]["resourceVersion"]


def test_a_watch_tells_every_change_after_its_revision(client):
    client.create(_NODES, "before")
    watch = client.watch(_NODES, resourceVersion=_revision(client))
    client.create(_NODES, "n1")
    client.patch(_NODES + "/n1", {"metadata": {"labels": {"a": "b"}}})
    client.call("DELETE", _NODES + "/n1")
    events = [watch.event() for _ in range(3)]
    assert [kind for kind, _ in events] == ["ADDED", "MODIFIED", "DELETED"]
    revisions = [int(stored["metadata"]["resourceVersion"]) for _, stored in events]
    assert revisions == sorted(set(revisions)) and events[0][1]["kind"] == "Node"


def test_a_watch_resumes_in_the_middle(client):
    start = client.create(_NODES, "a")["metadata"]["resourceVersion"]
    client.create(_NODES, "b")
    assert client.watch(_NODES, resourceVersion=start).names(1) == [("ADDED", "b")]


@pytest.mark.parametrize("query", [{}, {"resourceVersion": "0"}])
def test_a_watch_without_a_revision_starts_with_all_objects(client, query):
    client.create(_NODES, "b")
    client.create(_NODES, "a")
    watch = client.watch(_NODES, **query)
    client.create(_NODES, "c")
    assert watch.names(3) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


def test_an_object_enters_and_leaves_the_view_of_a_selector(client):
    client.create(_NODES, "n1")
    watch = client.watch(_NODES, resourceVersion=_revision(client), labelSelector="in=yes")
    client.create(_NODES, "other")
    client.patch(_NODES + "/n1", {"metadata": {"labels": {"in": "yes"}}})
    client.patch(_NODES + "/n1", {"metadata": {"labels": {"in": "no"}}})
    assert watch.names(2) == [("ADDED", "n1"), ("DELETED", "n1")]


def test_a_watch_of_one_namespace_hears_of_no_other(client):
    client.create("/api/v1/namespaces", "team")
    watch = client.watch(SERVICES, resourceVersion=_revision(client))
    client.create("/api/v1/namespaces/team/services", "a", spec={"ports": [{"port": 1}]})
    client.create_service("b")
    assert watch.names(1) == [("ADDED", "b")]


def test_the_last_finalizer_going_is_told_as_the_deletion(client):
    client.create_service(metadata={"finalizers": ["a.io/x"]})
    watch = client.watch(SERVICES, resourceVersion=_revision(client))
    client.call("DELETE", SERVICES + "/web")
    client.patch(SERVICES + "/web", {"metadata": {"finalizers": None}}, "merge")
    first, last = watch.event(), watch.event()
    assert first[0] == "MODIFIED" and first[1]["metadata"]["deletionTimestamp"]
    assert last[0] == "DELETED" and "finalizers" not in last[1]["metadata"]


def test_a_watch_ends_cleanly_at_its_timeout(client):
    watch = client.watch(_NODES, resourceVersion=_revision(client), timeoutSeconds=1)
    assert watch.event() is None


def test_a_revision_that_is_forgotten_gets_410_as_an_event_or_as_the_status(make_standin):
    client = Client(make_standin(history=2))
    start = _revision(client)
    for name in "abc":
        client.create(_NODES, name)
    kind, status = client.watch(_NODES, resourceVersion=start).event()
    assert (kind, status["code"], status["reason"]) == ("ERROR", 410, "Expired")
    client.faults(expired_as_status=True)
    assert client.watch(_NODES, resourceVersion=start).code == 410


def test_bookmarks_tell_the_revision_of_a_quiet_watch(make_standin):
    client = Client(make_standin(bookmark_interval=0.05))
    watch = client.watch(_NODES, resourceVersion=_revision(client), allowWatchBookmarks="true")
    client.create_service()
    now = _revision(client)
    seen = [watch.event() for _ in range(3)]
    assert {kind for kind, _ in seen} == {"BOOKMARK"} and seen[0][1]["kind"] == "Node"
    assert seen[-1][1]["metadata"]["resourceVersion"] == now


def test_a_streaming_list_ends_with_a_marked_bookmark(client):
    client.create(_NODES, "a")
    watch = client.watch(_NODES, sendInitialEvents="true", resourceVersionMatch="NotOlderThan",
                         allowWatchBookmarks="true")
    assert watch.names(1) == [("ADDED", "a")]
    kind, bookmark = watch.event()
    assert kind == "BOOKMARK" and bookmark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark["metadata"]["resourceVersion"] == _revision(client)
    client.create(_NODES, "b")
    assert watch.names(1) == [("ADDED", "b")]


def test_a_streaming_list_is_refused_by_a_server_without_it(make_standin):
    client = Client(make_standin(watch_list="refuse"))
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    assert client.watch(_NODES, **query).code == 422
    client.faults(watch_list="ignore")
    client.create(_NODES, "a")
    watch = client.watch(_NODES, timeoutSeconds=1, **query)
    assert watch.names(1) == [("ADDED", "a")] and watch.event() is None


def test_the_older_version_of_slices_is_watched_as_such(client):
    path = "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices"
    watch = client.watch(path)
    client.create(path, "s", addressType="IPv4", endpoints=[])
    assert watch.event()[1]["apiVersion"] == "discovery.k8s.io/v1beta1"
