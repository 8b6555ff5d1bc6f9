"""The three kinds of patches, without a server."""

import pytest

from tools.apistandin.errors import ApiError
from tools.apistandin.patches import json_patch, merge_patch, strategic_patch


def test_a_merge_patch_removes_nulls_and_replaces_lists():
    old = {"a": 1, "b": {"c": 2, "d": 3}, "l": [1, 2]}
    assert merge_patch(old, {"a": None, "b": {"c": None, "e": 4}, "l": [3]}) == {"b": {"d": 3, "e": 4}, "l": [3]}


def test_a_strategic_patch_adds_to_finalizers_and_takes_from_them():
    old = {"metadata": {"finalizers": ["a", "b"]}}
    added = strategic_patch("Service", old, {"metadata": {"finalizers": ["c"]}})
    assert added["metadata"]["finalizers"] == ["c", "a", "b"]
    patch = {"metadata": {"$setElementOrder/finalizers": ["c", "a"], "$deleteFromPrimitiveList/finalizers": ["b"]}}
    assert strategic_patch("Service", added, patch)["metadata"]["finalizers"] == ["c", "a"]
    assert old == {"metadata": {"finalizers": ["a", "b"]}}


def test_a_strategic_patch_merges_conditions_by_type_and_ports_by_port():
    old = {"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 443, "name": "b"}]},
           "status": {"conditions": [{"type": "X", "status": "True", "reason": "R"}]}}
    new = strategic_patch("Service", old, {
        "spec": {"ports": [{"port": 443, "name": "c"}, {"$patch": "delete", "port": 80}]},
        "status": {"conditions": [{"type": "X", "status": "False"}, {"type": "Y", "status": "True"}]}})
    assert new["spec"]["ports"] == [{"port": 443, "name": "c"}]
    assert new["status"]["conditions"] == [{"type": "X", "status": "False", "reason": "R"},
                                           {"type": "Y", "status": "True"}]


def test_a_strategic_patch_replaces_ingress_as_a_whole():
    old = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]}}}
    new = strategic_patch("Service", old, {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.3"}]}}})
    assert new["status"]["loadBalancer"]["ingress"] == [{"ip": "192.0.2.3"}]


def test_a_strategic_patch_can_replace_lists_and_maps():
    old = {"metadata": {"labels": {"a": "b"}}, "status": {"conditions": [{"type": "X"}]}}
    new = strategic_patch("Node", old, {"metadata": {"labels": {"$patch": "replace", "c": "d"}},
                                        "status": {"conditions": [{"$patch": "replace"}, {"type": "Z"}]}})
    assert new == {"metadata": {"labels": {"c": "d"}}, "status": {"conditions": [{"type": "Z"}]}}


def test_a_merged_list_needs_its_key():
    with pytest.raises(ApiError) as refused:
        strategic_patch("Service", {}, {"spec": {"ports": [{"name": "a"}]}})
    assert refused.value.code == 400


def test_a_json_patch_runs_its_operations_in_order():
    old = {"a": {"b~/c": 1}, "l": [1, 3]}
    new = json_patch(old, [
        {"op": "test", "path": "/a/b~0~1c", "value": 1}, {"op": "add", "path": "/l/1", "value": 2},
        {"op": "add", "path": "/l/-", "value": 4}, {"op": "remove", "path": "/a/b~0~1c"},
        {"op": "copy", "from": "/l/0", "path": "/first"}, {"op": "replace", "path": "/first", "value": 9},
        {"op": "move", "from": "/l", "path": "/a/list"}])
    assert new == {"a": {"list": [1, 2, 3, 4]}, "first": 9}


@pytest.mark.parametrize("operation", [
    {"op": "test", "path": "/a", "value": 2}, {"op": "remove", "path": "/none"}, {"op": "nope", "path": "/a"},
    {"op": "add", "path": "/l/7", "value": 1}])
def test_a_json_patch_that_does_not_fit_is_refused(operation):
    with pytest.raises(ApiError) as refused:
        json_patch({"a": 1, "l": []}, [operation])
    assert refused.value.code == 422
