"""Laws: patches undo differences, path sets are sets, applying twice changes nothing, arguments stay as they were."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery.patches.jsonpatch import apply_json_patch, create_json_patch
from argosy.machinery.patches.mergepatch import create_merge_patch, create_three_way_merge_patch, merge_patch
from argosy.machinery.patches.strategic import strategic_merge
from argosy.machinery.patches.strategic_create import create_three_way_patch, create_two_way_patch
from argosy.machinery.server_side_apply import fieldset, typed
from argosy.machinery.server_side_apply.apply import LAST_APPLIED, apply
from argosy.machinery.server_side_apply.ownership import track_update
from argosy.machinery.server_side_apply.scale_ownership import entries_for_parent, entries_for_scale
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import dump, load
from tests.machinery.replay import KINDS

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DEPLOYMENT = KINDS["apps", "v1", "deployments"].schema
CONFIG_MAP = KINDS["", "v1", "configmaps"].schema

names = st.sampled_from("abcd")
scalars = st.one_of(st.integers(-3, 3), st.sampled_from(["", "x", "yes", "1e3", "2024-01-01", "a: b", "l1\nl2\n"]))
json_values = st.recursive(
    st.one_of(scalars, st.booleans(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=10,
)
documents = st.dictionaries(names, json_values, max_size=4)


def _unique(items: list[Any], key: str) -> list[Any]:
    return list({item[key]: item for item in items}.values())


env = st.fixed_dictionaries({"name": names, "value": st.sampled_from(["1", "2"])})


def _deployments(smallest: int) -> Any:
    containers = st.fixed_dictionaries(
        {"name": names},
        optional={
            "image": st.sampled_from(["i:1", "i:2"]),
            "args": st.lists(names, max_size=2),
            "env": st.lists(env, min_size=smallest, max_size=3).map(lambda items: _unique(items, "name")),
        },
    )
    return st.fixed_dictionaries(
        {
            "apiVersion": st.just("apps/v1"),
            "kind": st.just("Deployment"),
            "metadata": st.fixed_dictionaries(
                {"name": st.just("d")},
                optional={
                    "labels": st.dictionaries(names, names, max_size=3),
                    "finalizers": st.lists(names, min_size=smallest, max_size=3, unique=True),
                },
            ),
            "spec": st.fixed_dictionaries(
                {
                    "template": st.fixed_dictionaries(
                        {
                            "spec": st.fixed_dictionaries(
                                {
                                    "containers": st.lists(containers, min_size=smallest, max_size=3).map(
                                        lambda items: _unique(items, "name")
                                    )
                                }
                            )
                        }
                    )
                },
                optional={"replicas": st.integers(0, 3)},
            ),
        }
    )


deployments = _deployments(0)
owning = _deployments(1)
"""Without empty lists: nobody owns those, and nobody can give them up."""
paths = st.lists(st.lists(st.sampled_from(["f:a", "f:b", 'k:{"n":1}', "v:1"]), min_size=1, max_size=3).map(tuple))


@given(documents, documents)
def test_a_json_patch_turns_one_document_into_the_other(before: Any, after: Any) -> None:
    kept = copy.deepcopy(before)
    assert apply_json_patch(before, create_json_patch(before, after)) == after
    assert before == kept


@given(documents, documents)
def test_a_merge_patch_turns_one_document_into_the_other(before: Any, after: Any) -> None:
    kept = copy.deepcopy(before)
    assert merge_patch(before, create_merge_patch(before, after)) == after
    assert merge_patch(after, {}) is after
    assert before == kept


@given(documents, documents)
def test_a_three_way_merge_patch_reaches_the_wanted_fields_and_keeps_foreign_ones(before: Any, after: Any) -> None:
    current = {**before, "zz": "foreign"}
    assert merge_patch(current, create_three_way_merge_patch(before, after, current)) == {**after, "zz": "foreign"}


@given(deployments, deployments)
def test_a_strategic_patch_turns_one_object_into_the_other(before: Any, after: Any) -> None:
    kept = copy.deepcopy(before)
    result = strategic_merge(before, create_two_way_patch(before, after, DEPLOYMENT), DEPLOYMENT)
    assert result == after
    assert before == kept
    assert create_two_way_patch(after, after, DEPLOYMENT) == {}


@given(deployments, deployments)
def test_a_three_way_strategic_patch_keeps_what_others_added(before: Any, after: Any) -> None:
    current = copy.deepcopy(before)
    current["metadata"]["annotations"] = {"zz": "foreign"}
    current["spec"]["paused"] = True
    result = strategic_merge(current, create_three_way_patch(before, after, current, DEPLOYMENT), DEPLOYMENT)
    assert result["metadata"]["annotations"] == {"zz": "foreign"}
    assert result["spec"].pop("paused") is True
    del result["metadata"]["annotations"]
    assert result == after


@given(paths, paths)
def test_path_sets_obey_the_algebra_of_sets(left: Any, right: Any) -> None:
    a, b = fieldset.of_paths(left), fieldset.of_paths(right)
    for found, expected in (
        (fieldset.union(a, b), set(left) | set(right)),
        (fieldset.difference(a, b), set(left) - set(right)),
        (fieldset.intersection(a, b), set(left) & set(right)),
    ):
        assert set(fieldset.paths(found)) == expected
        assert fieldset.parse(fieldset.emit(found)) == found
    assert all(fieldset.contains(a, path) is (path in left) for path in [*left, *right])
    assert fieldset.union(a, a) is a
    assert fieldset.difference(a, fieldset.EMPTY) is a


@pytest.mark.parametrize("fields", [1, {"x:a": {}}, {"f:a": 1}, {"k:{": {}}, {"i:x": {}}, {".": {"f:a": {}}}])
def test_what_is_no_fields_v1_is_refused(fields: Any) -> None:
    with pytest.raises(fieldset.FieldSetError):
        fieldset.parse(fields)


def test_keys_of_clients_are_brought_into_one_spelling() -> None:
    assert fieldset.parse({'k:{"b": 1, "a":2}': {}}) == {'k:{"a":2,"b":1}': {}}


@given(deployments, deployments)
def test_two_objects_compare_as_equal_only_if_they_are(before: Any, after: Any) -> None:
    assert typed.compare(before, copy.deepcopy(before), DEPLOYMENT).is_same
    lists = {"finalizers", "containers", "env"}
    if typed.compare(before, after, DEPLOYMENT).is_same:
        assert _unordered(before, lists) == _unordered(after, lists)


def _unordered(value: Any, lists: set[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: sorted(map(repr, (_unordered(i, lists) for i in item))) if key in lists else _unordered(item, lists)
            for key, item in value.items()
        }
    return value


def _applied(live: Any, config: Any, manager: str = "m", *, force: bool = True) -> Any:
    return apply(
        live, config, node=DEPLOYMENT, manager=manager, force=force, subresource="", api_version="apps/v1", now=NOW
    )  # fmt: skip


@given(owning, owning)
def test_applying_twice_changes_nothing_and_dropping_removes_what_was_owned(first: Any, second: Any) -> None:
    kept = copy.deepcopy((first, second))
    live, changed = _applied(None, first)
    assert changed
    again, changed = _applied(live, first)
    assert again is live
    assert not changed
    after, _ = _applied(live, second)
    twice, changed = _applied(after, second)
    assert twice is after
    assert not changed
    wanted = typed.field_set(second, DEPLOYMENT)
    assert fieldset.difference(typed.field_set(after, DEPLOYMENT), fieldset.union(wanted, META)) == {}
    assert (first, second) == kept


META: fieldset.FieldSet = {"f:metadata": {"f:managedFields": {}, "f:name": {}}, "f:spec": {}}


@given(deployments, deployments)
def test_a_second_manager_conflicts_exactly_where_values_differ(first: Any, second: Any) -> None:
    live, _ = _applied(None, first)
    try:
        _applied(live, second, "other", force=False)
    except StatusError as error:
        assert error.code == 409
        forced, _ = _applied(live, second, "other")
        owners = {entry["manager"]: entry["fieldsV1"] for entry in forced["metadata"]["managedFields"]}
        lost = fieldset.difference(live["metadata"]["managedFields"][0]["fieldsV1"], owners.get("m", {}))
        assert sorted(cause.field for cause in error.causes) == sorted(map(fieldset.spelled, fieldset.paths(lost)))


def _config_map(**data: str) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}


def _tracked(old: Any, new: Any, manager: str, **more: Any) -> Any:
    entries = track_update(
        old, new, node=CONFIG_MAP, manager=manager, subresource="", api_version="v1", now=NOW, **more
    )  # fmt: skip
    return {**new, "metadata": {**new["metadata"], "managedFields": entries}}


def test_more_than_ten_updaters_become_ancient_changes() -> None:
    obj = _tracked(None, _config_map(a="0"), "m0")
    for index in range(1, 14):
        data = {**obj["data"], f"k{index}": "1"}
        obj = _tracked(obj, {**obj, "data": data}, f"m{index}")
    managers = [entry["manager"] for entry in obj["metadata"]["managedFields"]]
    assert len(managers) == 10
    assert "ancient-changes" in managers


@pytest.mark.parametrize("cleared", [[], [{}]])
def test_a_client_clears_owners_and_later_updates_do_not_bring_them_back(cleared: Any) -> None:
    obj = _tracked(None, _config_map(a="0"), "m")
    assert obj["metadata"]["managedFields"]
    sent = {**obj, "metadata": {**obj["metadata"], "managedFields": cleared}}
    bare = _tracked(obj, sent, "m")
    assert bare["metadata"]["managedFields"] == []
    assert _tracked(bare, {**bare, "data": {"a": "1"}}, "m")["metadata"]["managedFields"] == []


def test_an_object_without_owners_belongs_to_before_first_apply() -> None:
    live = _config_map(a="1")
    node = CONFIG_MAP
    with pytest.raises(StatusError, match=r'conflict with "before-first-apply" using v1: \.data\.a'):
        apply(live, _config_map(a="2"), node=node, manager="m", force=False, subresource="", api_version="v1", now=NOW)


def test_kubectl_takes_over_what_it_applied_from_the_client_side() -> None:
    live = _tracked(None, _config_map(a="1", b="1"), "kubectl-client-side-apply")
    live["metadata"]["annotations"] = {LAST_APPLIED: '{"data":{"a":"1"}}'}
    more: Any = {"node": CONFIG_MAP, "force": False, "subresource": "", "api_version": "v1", "now": NOW}
    result, _ = apply(live, _config_map(a="2"), manager="kubectl", **more)
    assert result["data"]["a"] == "2"
    assert '"a":"2"' in result["metadata"]["annotations"][LAST_APPLIED]
    with pytest.raises(StatusError, match=r"\.data\.b"):
        apply(live, _config_map(a="2", b="2"), manager="kubectl", **more)
    with pytest.raises(StatusError, match=r"\.data\.a"):
        apply(live, _config_map(a="2"), manager="other", **more)


def test_a_scale_write_takes_the_replicas_of_the_parent() -> None:
    live, _ = _applied(
        None, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 1}}
    )
    parent = live["metadata"]["managedFields"]
    scale = entries_for_scale(parent, ("spec", "replicas"))
    assert [entry["apiVersion"] for entry in scale] == ["autoscaling/v1"]
    written = [{**scale[0], "manager": "hpa", "operation": "Update", "subresource": "scale"}]
    after = entries_for_parent(parent, written, ("spec", "replicas"), "apps/v1")
    assert [(entry["manager"], entry["apiVersion"]) for entry in after] == [("hpa", "apps/v1")]
    config = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": 3}}
    scaled = {**live, "metadata": {**live["metadata"], "managedFields": after}}
    with pytest.raises(StatusError, match=r'conflict with "hpa" with subresource "scale" using apps/v1: \.spec'):
        _applied(scaled, config, "m", force=False)


@given(documents)
def test_dumped_yaml_reads_back_the_same(value: Any) -> None:
    assert load(dump(value)) == value


def test_giving_up_the_last_label_keeps_the_rest_of_the_metadata() -> None:
    config = _config_map(a="1")
    labelled = {**config, "metadata": {"name": "c", "labels": {"x": "y"}}}
    more: Any = {"node": CONFIG_MAP, "force": False, "subresource": "", "api_version": "v1", "now": NOW}
    live, _ = apply(None, labelled, manager="m", **more)
    live["metadata"]["uid"] = "u"
    result, _ = apply(live, config, manager="m", **more)
    assert result["metadata"]["name"] == "c"
    assert result["metadata"]["uid"] == "u"
    assert "labels" not in result["metadata"]
