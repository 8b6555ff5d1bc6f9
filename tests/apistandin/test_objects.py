"""Reading and writing objects: preconditions, finalizers, namespaces, lists."""

import pytest

from standin_client import SERVICES, eventually

_NODES = "/api/v1/nodes"


def test_a_request_without_a_valid_token_is_unauthorized(client):
    client.token = "wrong"
    code, status = client.get(_NODES)
    assert (code, status["reason"]) == (401, "Unauthorized")
    assert client.get("/readyz") == (200, "ok")


def test_a_created_object_gets_identity_and_a_rising_revision(client):
    first, second = client.create(_NODES, "n1"), client.create(_NODES, "n2")
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    assert int(first["metadata"]["resourceVersion"]) < int(second["metadata"]["resourceVersion"])
    code, status = client.call("POST", _NODES, {"metadata": {"name": "n1"}})
    assert (code, status["reason"]) == (409, "AlreadyExists")


def test_generate_name_makes_a_name(client):
    made = client.create("/api/v1/namespaces/default/configmaps", "", metadata={"name": "", "generateName": "c-"})
    assert made["metadata"]["name"].startswith("c-") and len(made["metadata"]["name"]) == 7


def test_what_is_not_there_is_not_found(client):
    code, status = client.get(SERVICES + "/none")
    assert (code, status["message"]) == (404, 'services "none" not found')
    assert client.get("/api/v1/pineapples")[0] == 404
    assert client.call("POST", "/api/v1/namespaces/none/services", {"metadata": {"name": "a"}})[0] == 404


def test_an_update_of_an_old_version_is_a_conflict(client):
    old = client.create(_NODES, "n1")
    changed = old | {"metadata": old["metadata"] | {"labels": {"a": "b"}}}
    assert client.call("PUT", _NODES + "/n1", changed)[0] == 200
    code, status = client.call("PUT", _NODES + "/n1", old)
    assert (code, status["reason"]) == (409, "Conflict")
    assert client.patch(_NODES + "/n1", {"metadata": {"resourceVersion": "1", "labels": {}}})[0] == 409


def test_an_update_that_changes_nothing_keeps_the_revision(client):
    old = client.create(_NODES, "n1")
    code, same = client.call("PUT", _NODES + "/n1", old)
    assert (code, same) == (200, old)


@pytest.mark.parametrize("mode", [409, 422])
def test_a_patch_with_the_uid_of_another_object_is_refused(client, mode):
    made = client.create_service()
    client.faults(uid_mismatch=mode)
    code, _ = client.patch(SERVICES + "/web/status", {"metadata": {"uid": "other"}})
    assert code == mode
    assert client.patch(SERVICES + "/web/status", {"metadata": {"uid": made["metadata"]["uid"]}})[0] == 200


def test_a_deletion_waits_for_finalizers_and_takes_no_new_ones(client):
    client.create_service(metadata={"finalizers": ["a.io/x", "b.io/y"]})
    code, deleting = client.call("DELETE", SERVICES + "/web")
    assert code == 200 and deleting["metadata"]["deletionTimestamp"]
    code, status = client.patch(SERVICES + "/web", {"metadata": {"finalizers": ["c.io/z"]}})
    assert code == 422 and "no new finalizers" in status["message"]
    removal = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.io/x"],
                            "$setElementOrder/finalizers": ["b.io/y"]}}
    code, left = client.patch(SERVICES + "/web/status", removal)
    assert (code, left["metadata"]["finalizers"]) == (200, ["b.io/y"])
    assert client.patch(SERVICES + "/web", {"metadata": {"finalizers": None}}, "merge")[0] == 200
    assert client.get(SERVICES + "/web")[0] == 404


def test_a_finalizer_needs_a_qualified_name(client):
    client.create_service()
    code, status = client.patch(SERVICES + "/web", {"metadata": {"finalizers": ["bad"]}})
    assert code == 422 and status["details"]["causes"][0]["field"] == "metadata.finalizers[0]"


def test_a_deletion_checks_its_preconditions(client):
    client.create_service()
    code, _ = client.call("DELETE", SERVICES + "/web", {"preconditions": {"uid": "other"}})
    assert code == 409
    code, status = client.call("DELETE", SERVICES + "/web")
    assert (code, status["status"]) == (200, "Success")


def test_a_namespace_goes_when_what_is_in_it_is_gone(client):
    client.create("/api/v1/namespaces", "team")
    services = "/api/v1/namespaces/team/services"
    client.create(services, "web", metadata={"finalizers": ["a.io/x"]}, spec={"ports": [{"port": 80}]})
    client.create(services, "other", spec={"ports": [{"port": 80}]})
    assert client.call("DELETE", "/api/v1/namespaces/team")[1]["status"]["phase"] == "Terminating"
    assert client.get(services + "/other")[0] == 404
    assert client.call("POST", services, {"metadata": {"name": "new"}, "spec": {"ports": [{"port": 1}]}})[0] == 403
    client.patch(services + "/web", {"metadata": {"finalizers": None}}, "merge")
    assert client.get("/api/v1/namespaces/team")[0] == 404


def test_what_an_object_owns_goes_with_it(client):
    owner = client.create_service()
    reference = {"apiVersion": "v1", "kind": "Service", "name": "web", "uid": owner["metadata"]["uid"]}
    maps = "/api/v1/namespaces/default/configmaps"
    client.create(maps, "owned", metadata={"ownerReferences": [reference]})
    client.call("DELETE", SERVICES + "/web")
    assert client.get(maps + "/owned")[0] == 404


def test_a_pod_with_a_grace_period_ends_after_it(client):
    pods = "/api/v1/namespaces/default/pods"
    client.create(pods, "p", spec={"containers": [{"name": "c", "image": "i"}]})
    assert client.call("DELETE", pods + "/p", {"gracePeriodSeconds": 1})[1]["metadata"]["deletionTimestamp"]
    assert client.get(pods + "/p")[0] == 200
    eventually(lambda: client.get(pods + "/p")[0] == 404)


def test_the_main_resource_leaves_status_and_status_leaves_the_rest(client):
    client.create(_NODES, "n1", spec={"podCIDR": "10.1.0.0/24"})
    status = {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}
    node = client.patch(_NODES + "/n1/status", {"spec": {"unschedulable": True}, "status": status})[1]
    assert node["status"] == status and "unschedulable" not in node["spec"]
    node = client.patch(_NODES + "/n1", {"spec": {"unschedulable": True}, "status": {"addresses": None}})[1]
    assert node["status"] == status and node["spec"]["unschedulable"]


def test_a_dry_run_stores_nothing(client):
    code, _ = client.call("POST", _NODES + "?dryRun=All", {"metadata": {"name": "n1"}})
    assert code == 201 and client.get(_NODES + "/n1")[0] == 404


def test_lists_select_by_label_and_field(client):
    client.create(_NODES, "a", metadata={"labels": {"zone": "x", "old": ""}})
    client.create(_NODES, "b", metadata={"labels": {"zone": "y"}})
    client.create(_NODES, "c")

    def names(**query):
        return [item["metadata"]["name"] for item in client.get(_NODES, **query)[1]["items"]]
    assert names(labelSelector="zone") == ["a", "b"]
    assert names(labelSelector="zone in (x, z),old") == ["a"]
    assert names(labelSelector="zone notin (x)") == ["b", "c"]
    assert names(labelSelector="!zone") == ["c"]
    assert names(labelSelector="zone!=x,zone") == ["b"]
    assert names(fieldSelector="metadata.name=b") == ["b"]
    assert client.get(_NODES, fieldSelector="spec.nope=b")[0] == 400
    assert client.get(_NODES, labelSelector="(((")[0] == 400


def test_pages_show_one_revision_until_it_is_forgotten(client):
    for name in "abcd":
        client.create(_NODES, name)
    first = client.get(_NODES, limit=2)[1]
    client.call("DELETE", _NODES + "/d")
    second = client.get(_NODES, **{"limit": 2, "continue": first["metadata"]["continue"]})[1]
    assert [item["metadata"]["name"] for item in first["items"] + second["items"]] == list("abcd")
    assert first["metadata"]["remainingItemCount"] == 2 and "continue" not in second["metadata"]
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    client.faults(expire_watches=True)
    code, status = client.get(_NODES, **{"continue": first["metadata"]["continue"]})
    assert (code, status["reason"]) == (410, "Expired")
    rest = client.get(_NODES, **{"continue": status["metadata"]["continue"]})[1]
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]


def test_a_list_from_the_future_is_refused_with_retry_after(client):
    code, status = client.get(_NODES, resourceVersion="99999999999999999")
    assert (code, client.headers_of_last["Retry-After"]) == (504, "1")
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_both_versions_of_endpoint_slices_show_the_same_slice(client):
    path = "/apis/discovery.k8s.io/{}/namespaces/default/endpointslices"
    client.create(path.format("v1beta1"), "s", addressType="IPv4", ports=[{"port": 80}], endpoints=[
        {"addresses": ["10.0.0.1"], "topology": {"kubernetes.io/hostname": "n1"}}])
    new, old = client.get(path.format("v1") + "/s")[1], client.get(path.format("v1beta1") + "/s")[1]
    assert new["endpoints"][0]["nodeName"] == "n1" and new["apiVersion"] == "discovery.k8s.io/v1"
    assert old["endpoints"][0]["topology"] == {"kubernetes.io/hostname": "n1"}
    assert old["apiVersion"] == "discovery.k8s.io/v1beta1" and old["metadata"] == new["metadata"]


def test_server_side_apply_is_not_served(client):
    client.create_service()
    assert client.patch(SERVICES + "/web", {}, "apply")[0] == 415
