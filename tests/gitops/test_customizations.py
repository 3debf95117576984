"""Users' health checks and actions from the settings, before and beside the shipped ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.gitops.actions import ActionError
from argosy.gitops.actions.custom import customized_discover, customized_run
from argosy.gitops.customizations import CustomizationError, customizations_of
from argosy.gitops.health.custom import customized_health

NOW = datetime(2026, 8, 1, tzinfo=UTC)
KEY = "resource.customizations"
ISSUER: dict[str, Any] = {"apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": {"name": "x"}, "status": {}}
ACTIONS = """
discovery.lua: |
  return {["bump"] = {iconClass = "fa"}, ["off"] = {disabled = true}}
definitions:
- name: bump
  action.lua: |
    obj.metadata.labels = {bumped = "yes"}
    return obj
- name: other
  action.lua: |
    obj.metadata.name = "y"
    return obj
"""


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("return {status='Suspended', message='mine'}", ("Suspended", "mine")),
        ("return {status='Fine'}", ("Unknown", "Lua returned an invalid health status")),
        ("return {}", None),
        ("return nil", None),
        ("return 1", ("Unknown", "expect table output from Lua script, not number")),
        ("error('no', 0)", ("Unknown", "no")),
    ],
)
def test_a_users_check_decides(script: str, found: tuple[str, str] | None) -> None:
    told = customizations_of({f"{KEY}.health.cert-manager.io_Issuer": script})
    assert customized_health(told, ISSUER, NOW) == found


def test_exact_before_wildcard_and_split_keys_before_the_map() -> None:
    config = {
        KEY: "cert-manager.io/Issuer: {health.lua: \"return {status='Degraded'}\"}",
        f"{KEY}.health.*.io_*": "return {status='Suspended'}",
    }
    assert customized_health(customizations_of(config), ISSUER, NOW) == ("Degraded", "")
    config[f"{KEY}.health.cert-manager.io_Issuer"] = "return {status='Healthy'}"
    assert customized_health(customizations_of(config), ISSUER, NOW) == ("Healthy", "")


def test_two_underscores_are_refused() -> None:
    with pytest.raises(CustomizationError, match="one _ at most"):
        customizations_of({f"{KEY}.health.a_b_c": "return {}"})


def test_a_users_actions_replace_the_shipped_ones() -> None:
    told = customizations_of({f"{KEY}.actions.cert-manager.io_Issuer": ACTIONS})
    assert [(action.name, action.disabled) for action in customized_discover(told, ISSUER, NOW)] == [
        ("bump", False),
        ("off", True),
    ]
    [impact] = customized_run(told, ISSUER, "bump", None, NOW)
    assert impact.resource["metadata"] == {"name": "x", "labels": {"bumped": "yes"}}
    assert impact.resource["status"] == {}


def test_a_patch_may_only_change_the_object_itself() -> None:
    told = customizations_of({f"{KEY}.actions.cert-manager.io_Issuer": ACTIONS})
    with pytest.raises(ActionError, match="may only change"):
        customized_run(told, ISSUER, "other", None, NOW)
