"""A project's roles as rules, and what is wrong with a project (spec 2, 14)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.argoproj import AppProject
from argosy.apis.schema import read
from argosy.gitops.projects.roles import InvalidPolicy, parse
from argosy.gitops.projects.validation import problems
from argosy.machinery.objects import JsonObject

GOOD = "p, proj:team:dev, applications, sync, team/*, allow"


def project(**spec: Any) -> AppProject:
    return read(AppProject, {"metadata": {"name": "team"}, "spec": spec})


def role(*policies: str, name: str = "dev", groups: tuple[str, ...] = ()) -> JsonObject:
    return {"name": name, "policies": list(policies), "groups": list(groups)}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("p, proj:team:dev, applications, sync, team/*", "must be of the form"),
        ("g, proj:team:dev, applications, sync, team/*, allow", "must be of the form"),
        ("p, proj:team:ops, applications, sync, team/*, allow", "policy subject must be: 'proj:team:dev'"),
        ("p, proj:other:dev, applications, sync, team/*, allow", "policy subject must be"),
        ("p, proj:team:dev, accounts, get, team/*, allow", "resource must be one of applications"),
        ("p, proj:team:dev, applications, fly, team/*, allow", "invalid action 'fly'"),
        ("p, proj:team:dev, applications, get, other/*, allow", "object must be of the form 'team/*'"),
        ("p, proj:team:dev, applications, get, *, allow", "object must be of the form 'team/*'"),
        ("p, proj:team:dev, applications, get, team/*, maybe", "effect must be: 'allow' or 'deny'"),
    ],
)
def test_a_line_that_reaches_beyond_its_project_or_is_none_is_refused_and_named(line: str, says: str) -> None:
    with pytest.raises(InvalidPolicy, match=says.replace("*", r"\*")):
        parse(line, "team", "dev")
    given = project(roles=[role(line, GOOD)])
    assert any(says in text for text in problems(given))


@pytest.mark.parametrize("action", ["action/apps/Deployment/restart", "update/*", "delete/apps/*", "*", "override"])
def test_fine_grained_actions_are_actions(action: str) -> None:
    assert parse(f"p, proj:team:dev, applications, {action}, team/web, deny", "team", "dev").action == action


WINDOW = {"kind": "allow", "schedule": "0 8 * * *", "duration": "1h", "applications": ["*"]}


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"sourceRepos": ["!*"]}, "spec.sourceRepos: '!*'"),
        ({"sourceRepos": ["a", "a"]}, "source repository 'a' already added"),
        ({"destinations": [{"server": "!*", "namespace": "x"}]}, "spec.destinations: '!*'"),
        ({"destinations": [{"server": "s", "namespace": "x"}] * 2}, "destination 's/x' already added"),
        ({"roles": [role(name="a b")]}, "role 'a b': a name has"),
        ({"roles": [role(), role()]}, "role 'dev' already exists"),
        ({"roles": [role(GOOD, GOOD)]}, "already exists"),
        ({"roles": [role(groups=("a,b",))]}, "group 'a,b'"),
        ({"syncWindows": [{**WINDOW, "kind": "perhaps"}]}, "syncWindows[0].kind: 'perhaps' mismatch"),
        ({"syncWindows": [{**WINDOW, "schedule": "daily"}]}, "cannot parse schedule 'daily'"),
        ({"syncWindows": [{**WINDOW, "duration": "long"}]}, "cannot parse duration 'long'"),
        ({"syncWindows": [{**WINDOW, "timeZone": "Mars/North"}]}, "no time zone 'Mars/North'"),
        ({"syncWindows": [{**WINDOW, "applications": []}]}, "requires one of applications, namespaces or clusters"),
        ({"syncWindows": [WINDOW, {**WINDOW, "manualSync": True}]}, "syncWindows[1]: the window"),
    ],
)
def test_what_is_wrong_with_a_project_names_the_field_and_the_value(spec: JsonObject, says: str) -> None:
    found = problems(project(**spec))
    assert any(says in text for text in found), found


def test_nothing_is_wrong_with_a_good_project() -> None:
    good = project(
        sourceRepos=["*", "!https://git.example/secret"],
        destinations=[{"server": "*", "namespace": "a"}, {"server": "*", "namespace": "!b"}],
        roles=[role(GOOD), role(name="ops-1")],
        syncWindows=[WINDOW, {**WINDOW, "kind": "deny", "timeZone": "Europe/Paris"}],
    )
    assert problems(good) == []
