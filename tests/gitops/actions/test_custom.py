"""Users' actions, run by real workers: before and along with the shipped ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.gitops.actions import Action, ActionError, Impact
from argosy.gitops.actions.custom import discover, impacts_of, run
from argosy.gitops.control_plane.customizations import customizations_of
from argosy.render.lua.evaluator import LuaWorkers
from argosy.runtime.clock import RealClock

NOW = datetime(2026, 8, 1, 9, 30, 5, tzinfo=UTC)
WEB: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "default", "annotations": {}},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "a", "resources": {}, "args": []}]}}},
    "status": {},
}
ACTIONS = """
discovery.lua: |
  return {
    ["bump"] = {iconClass = "fa", displayName = "Bump it", params = {{name = "by"}}},
    ["off"] = {["disabled"] = obj.spec.replicas == 2},
    ["plain"] = {},
  }
definitions:
- name: bump
  action.lua: |
    local os = require("os")
    obj.metadata.annotations["bumped"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
    obj.spec.replicas = obj.spec.replicas + tonumber(actionParams["by"] or "1")
    return obj
- name: job
  action.lua: |
    local job = {apiVersion = "batch/v1", kind = "Job", metadata = {name = "made", namespace = "default"}}
    return {{operation = "create", resource = job}, {operation = "patch", resource = obj}}
- name: other
  action.lua: |
    obj.metadata.name = "y"
    return obj
- name: refusing
  action.lua: error("not today", 0)
- name: mute
  action.lua: return nil
- name: restart
  action.lua: |
    obj.metadata.labels = {restarted = "mine"}
    return obj
"""


@pytest.fixture(scope="module")
def lua() -> Iterator[LuaWorkers]:
    with LuaWorkers(RealClock(), size=1) as made:
        yield made


def offered(lua: LuaWorkers, actions: str) -> dict[str, Action]:
    told = customizations_of({"resource.customizations.actions.apps_Deployment": actions})
    found = asyncio.run(discover(told, WEB, NOW, lua))
    assert [action.name for action in found] == sorted(action.name for action in found)
    return {action.name: action for action in found}


def acted(lua: LuaWorkers, name: str, actions: str = ACTIONS, **parameters: str) -> list[Impact]:
    told = customizations_of({"resource.customizations.actions.apps_Deployment": actions})
    return asyncio.run(run(told, WEB, name, parameters, NOW, lua))


def test_a_users_actions_replace_the_shipped_ones(lua: LuaWorkers) -> None:
    found = offered(lua, ACTIONS)
    assert sorted(found) == ["bump", "off", "plain"]
    assert found["bump"].as_json() == {
        "name": "bump",
        "iconClass": "fa",
        "displayName": "Bump it",
        "params": [{"name": "by"}],
    }
    assert [found[name].disabled for name in ("bump", "off", "plain")] == [False, True, False]


def test_a_users_actions_join_the_shipped_ones_when_configured(lua: LuaWorkers) -> None:
    merging = ACTIONS + "mergeBuiltinActions: true\n"
    assert {"bump", "plain", "scale", "restart"} <= set(offered(lua, merging))
    [impact] = acted(lua, "restart", merging)
    assert impact.resource["metadata"]["labels"] == {"restarted": "mine"}
    [impact] = acted(lua, "scale", merging, replicas="5")
    assert impact.resource["spec"]["replicas"] == 5


def test_without_customization_the_shipped_ones_are_offered(lua: LuaWorkers) -> None:
    told = customizations_of({})
    assert "restart" in [action.name for action in asyncio.run(discover(told, WEB, NOW, lua))]
    assert asyncio.run(run(told, WEB, "restart", None, NOW, lua))


def test_the_changed_object_is_a_patch_and_empty_tables_are_what_they_were(lua: LuaWorkers) -> None:
    [impact] = acted(lua, "bump", by="3")
    assert impact.operation == "patch"
    assert impact.resource == {
        **WEB,
        "metadata": {**WEB["metadata"], "annotations": {"bumped": "2026-08-01T09:30:05Z"}},
        "spec": {**WEB["spec"], "replicas": 5},
    }


def test_a_list_creates_and_patches(lua: LuaWorkers) -> None:
    created, patched = acted(lua, "job")
    assert (created.operation, created.resource["kind"]) == ("create", "Job")
    assert (patched.operation, patched.resource) == ("patch", WEB)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("other", "a patch may only change apps/Deployment/default/web, not apps/Deployment/default/y"),
        ("refusing", "not today"),
        ("mute", "expect table output from Lua script, not nil"),
        ("gone", "Deployment has no action 'gone'; it has: bump, job, mute, other, refusing, restart"),
    ],
)
def test_what_an_action_cannot_do_is_reported(lua: LuaWorkers, name: str, text: str) -> None:
    with pytest.raises(ActionError) as raised:
        acted(lua, name)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        ("discovery.lua: return 1", "expect table output from Lua script, not number"),
        ("discovery.lua: return {'a'}", "must return a table of actions by name"),
        ("discovery.lua: error('no', 0)", "no"),
        ("[", "the actions of Deployment cannot be read: resource.customizations.actions.apps_Deployment"),
    ],
)
def test_a_discovery_that_fails_is_reported(lua: LuaWorkers, actions: str, text: str) -> None:
    with pytest.raises(ActionError) as raised:
        offered(lua, actions)
    assert text in str(raised.value)


def test_an_empty_discovery_offers_nothing(lua: LuaWorkers) -> None:
    assert offered(lua, "discovery.lua: return {}") == {}
    assert acted(lua, "bump", "definitions: [{name: bump, action.lua: 'return {}'}]") == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["x"], "each operation of an action must be a table"),
        ([{"operation": "delete", "resource": WEB}], "unsupported operation 'delete'"),
        ([{"operation": "patch"}], "each operation of an action must be a table"),
        (
            [{"operation": "create", "resource": {"kind": "Job"}}],
            "must be an object with apiVersion, kind and metadata",
        ),
        ({"a": 1}, "must be an object with apiVersion, kind and metadata"),
    ],
)
def test_operations_are_checked(value: Any, text: str) -> None:
    with pytest.raises(ActionError, match=text):
        impacts_of(value, WEB)
