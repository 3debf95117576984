"""What `argocd-cm` says about kinds: two spellings, wildcards, and what cannot be read."""

from __future__ import annotations

import pytest

from argosy.gitops.control_plane.customizations import Customizations, customizations_of
from argosy.gitops.control_plane.settings import settings_of

KEY = "resource.customizations"
ACTIONS = "discovery.lua: return {}\ndefinitions:\n- name: bump\n  action.lua: return obj\n"


def health(config: dict[str, str], group: str = "g", kind: str = "K") -> str:
    found = customizations_of(config).health(group, kind)
    return found.text if found else ""


@pytest.mark.parametrize(
    ("config", "group", "kind", "found"),
    [
        ({KEY: "g/K: {health.lua: map}"}, "g", "K", "map"),
        ({KEY: "K: {health.lua: map}"}, "", "K", "map"),
        ({KEY: "K: {health.lua: map}"}, "g", "K", ""),
        ({f"{KEY}.health.g_K": "split"}, "g", "K", "split"),
        ({f"{KEY}.health.K": "split"}, "", "K", "split"),
        ({f"{KEY}.health._K": "odd"}, "", "K", ""),
        ({KEY: "g/K: {health.lua: map}", f"{KEY}.health.g_K": "split"}, "g", "K", "split"),
        ({KEY: "'*.g/*': {health.lua: wild}"}, "a.g", "K", "wild"),
        ({KEY: "'*.g/*': {health.lua: wild}\na.g/K: {health.lua: exact}"}, "a.g", "K", "exact"),
        ({KEY: "'*/K': {health.lua: second}\n'*.g/*': {health.lua: first}"}, "a.g", "K", "first"),
        ({KEY: "a.g/K: {actions: ''}\n'*.g/*': {health.lua: wild}"}, "a.g", "K", "wild"),
        ({f"{KEY}.health.all": "all"}, "g", "K", "all"),
        ({f"{KEY}.health.all": "all"}, "", "K", ""),
        ({f"{KEY}.health.all": "all", f"{KEY}.health.g_K": "exact"}, "g", "K", "exact"),
    ],
)
def test_which_check_judges_a_kind(config: dict[str, str], group: str, kind: str, found: str) -> None:
    assert health(config, group, kind) == found


def test_split_keys_win_field_by_field() -> None:
    config = {KEY: "g/K: {health.lua: map, health.lua.useOpenLibs: true}", f"{KEY}.health.g_K": "split"}
    found = customizations_of(config).health("g", "K")
    assert found is not None
    assert (found.text, found.open_libraries) == ("split", True)


@pytest.mark.parametrize(("text", "is_open"), [("true", True), ("1", True), ("false", False), ("T", True)])
def test_open_libraries_are_a_truth(text: str, is_open: bool) -> None:
    found = customizations_of({f"{KEY}.health.g_K": "x", f"{KEY}.useOpenLibs.g_K": text}).health("g", "K")
    assert found is not None
    assert found.open_libraries is is_open


def test_what_a_verdict_depends_on_changes_the_digest() -> None:
    configs = [
        {f"{KEY}.health.g_K": "x"},
        {f"{KEY}.health.g_K": "y"},
        {f"{KEY}.health.g_K": "x", f"{KEY}.useOpenLibs.g_K": "true"},
    ]
    found = [customizations_of(config).health("g", "K") for config in configs]
    assert len({script.digest for script in found if script}) == 3
    assert customizations_of(configs[0]).health("g", "K") == found[0]


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        (f"{KEY}.health.a_b_c", "return {}", "resource.customizations.health.a_b_c: must end with <group>_<kind>"),
        (f"{KEY}.health.", "return {}", "resource.customizations.health.: must end with <group>_<kind>"),
        (f"{KEY}.useOpenLibs.a_b", "maybe", "resource.customizations.useOpenLibs.a_b: must be true or false"),
        (f"{KEY}.helth.a_b", "return {}", "helth is not one of health, useOpenLibs, actions, ignoreDifferences"),
        (f"{KEY}.actions.a_b", "[1]", "resource.customizations.actions.a_b: must be a mapping"),
        (f"{KEY}.actions.a_b", "definitions: [{name: x}]", "definitions must be a list of mappings with a name and"),
        (f"{KEY}.actions.a_b", "{", "resource.customizations.actions.a_b: "),
        (KEY, "[1]", "resource.customizations: must be a mapping"),
        (KEY, "a/b: text", "resource.customizations: a/b: must be a mapping"),
        (KEY, "a/b: {health.lua: [1]}", "a/b: health.lua: must be text"),
    ],
)
def test_what_cannot_be_read_is_reported_and_the_rest_counts(key: str, text: str, problem: str) -> None:
    config = {key: text, f"{KEY}.health.g_K": "good"}
    found = customizations_of(config)
    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert health(config) == "good"
    assert settings_of(config).customizations.problems == found.problems


def test_one_bad_entry_of_the_map_leaves_the_others() -> None:
    config = {KEY: "a/b: text\ng/K: {health.lua: good}"}
    assert health(config) == "good"
    assert len(customizations_of(config).problems) == 1


def test_keys_that_say_something_else_are_no_problem() -> None:
    names = ("ignoreDifferences", "ignoreResourceUpdates", "knownTypeFields")
    found = customizations_of({f"{KEY}.{name}.a_b_c": "{}" for name in names})
    assert found == Customizations()


def test_actions_are_a_discovery_and_scripts_by_name() -> None:
    for config in (
        {f"{KEY}.actions.g_K": ACTIONS + "mergeBuiltinActions: true"},
        {KEY: f"g/K:\n  actions: |\n    {ACTIONS.replace(chr(10), chr(10) + '    ')}mergeBuiltinActions: true"},
    ):
        found = customizations_of(config).actions("g", "K")
        assert found is not None
        assert (found.discovery, found.definitions) == ("return {}", {"bump": "return obj"})
        assert found.merges_shipped


def test_actions_that_cannot_be_read_do_not_bring_the_shipped_ones_back() -> None:
    found = customizations_of({f"{KEY}.actions.g_K": "["}).actions("g", "K")
    assert found is not None
    assert found.broken
