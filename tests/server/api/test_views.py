"""Views that a project shares: for who may see it, by who may change it, and nothing hostile in them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.server.api.views import (
    LONGEST_ADDRESS,
    LONGEST_NAME,
    MOST,
    Views,
    checked,
    read_views,
    stored_name,
    with_view,
)
from argosy.server.errors import ApiError
from tests.kit.argocd_server import Api, argocd_server

PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
PLACE = "/api/argosy/v1/views"


def view(**change: Any) -> JsonObject:
    return {"project": "a", "name": "mine", "to": "/applications?sync=OutOfSync", **change}


async def answered(api: Api, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    status, found = await api.call(method, path, body if body is not None else {}, token=token or api.token)
    return status, found.get("views", found)


async def signed_in(api: Api, name: str) -> str:
    from argosy.machinery.objects import Key
    from argosy.server.configuration import decoded

    secrets = Resource("", "v1", "secrets", "Secret")
    found = await api.cluster.client.get(requests.Get(secrets, Key("argocd", "argocd-initial-admin-secret")))
    password = {"currentPassword": str(decoded(found)["password"]), "name": name, "newPassword": "a-password-of-hers"}
    async with asyncio.timeout(60):
        while (await api.call("PUT", "/api/v1/account/password", password))[0] != 200:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    return await api.sign_in(name, "a-password-of-hers")


def test_a_project_shares_views_with_who_may_see_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"accounts.alice": "login"})
            await api.configure("argocd-rbac-cm", {"policy.csv": "p, alice, projects, get, a, allow"})
            for name in ("a", "b"):
                metadata = {"name": name, "namespace": "argocd"}
                obj = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": {}}
                await api.create(PROJECTS, obj)
            alice = await signed_in(api, "alice")
            async with asyncio.timeout(60):
                while (await answered(api, "POST", PLACE, view()))[0] != 200:  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            assert (await answered(api, "POST", PLACE, view(project="b", name="other")))[0] == 200
            saved = {**view(), "by": "admin"}

            assert await answered(api, "GET", PLACE, token=alice) == (200, [saved])
            refused = await answered(api, "POST", PLACE, view(name="hers"), token=alice)
            assert refused[0] == 403, refused
            assert (await answered(api, "DELETE", f"{PLACE}/a/mine", token=alice))[0] == 403
            hidden = [
                await answered(api, "POST", PLACE, view(project=project), token=alice) for project in ("b", "absent")
            ]
            assert hidden[0] == hidden[1], "what one may not see answers as what is not there"

            replaced = view(to="/applications?sync=Synced")
            assert [
                one["to"] for one in (await answered(api, "POST", PLACE, replaced))[1] if one["project"] == "a"
            ] == ["/applications?sync=Synced"]
            assert (await answered(api, "DELETE", f"{PLACE}/a/none"))[0] == 404
            assert (await answered(api, "DELETE", f"{PLACE}/a/mine"))[0] == 200
            assert await answered(api, "GET", PLACE, token=alice) == (200, [])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " "},
        {"name": "x" * 61},
        {"name": "a\nb"},
        {"to": "https://evil.example/"},
        {"to": "//evil.example/"},
        {"to": "/\\evil.example"},
        {"to": "javascript:alert(1)"},
        {"to": "/" + "x" * 2000},
        {"to": "/a\r\nb"},
    ],
)
def test_what_is_no_address_of_the_page_is_refused_by_its_field(change: dict[str, str]) -> None:
    with pytest.raises(ApiError, match=rf"body\.{next(iter(change))}"):
        checked(view(**change))  # type: ignore[arg-type]


def test_of_what_is_stored_only_views_are_read() -> None:
    stored = [view(), {"name": 1, "to": "/x"}, {"name": "n", "to": "//evil"}, None, "x"]
    assert read_views("a", json.dumps(stored)) == [{**view(), "by": ""}]
    for broken in ("", "{", "{}", "1", "null"):
        assert read_views("a", broken) == []


def test_a_project_has_a_limited_number_of_views() -> None:
    kept = [{**view(name=f"v{number}"), "by": ""} for number in range(MOST)]
    with pytest.raises(ApiError, match="100 at most"):
        with_view(kept, {**view(name="more"), "by": ""})  # type: ignore[arg-type, typeddict-item]
    assert len(with_view(kept, {**view(name="v1"), "by": ""})) == MOST  # type: ignore[arg-type, typeddict-item]


class TwoReplicas:
    """A client; the other replica makes the ConfigMap between our look and our write, with a view of its own."""

    def __init__(self, *, always_conflicts: bool = False) -> None:
        self.stored: JsonObject | None = None
        self.asked = list[str]()
        self._always_conflicts = always_conflicts

    async def get(self, request: requests.Get) -> JsonObject:
        self.asked.append("get")
        if self.stored is None:
            raise StatusError(404, "NotFound", "there is none")
        return self.stored

    async def write(self, request: requests.Write) -> JsonObject:
        self.asked.append(request.verb)
        if request.verb == "create":
            theirs = json.dumps([{"name": "theirs", "to": "/applications", "by": "bob"}])
            self.stored = {"metadata": {"resourceVersion": "7"}, "data": {"views": theirs}}
            raise StatusError(409, "AlreadyExists", "it is there already")
        if self._always_conflicts:
            raise StatusError(409, "Conflict", "changed")
        assert isinstance(request.body, dict)
        assert request.body["metadata"]["resourceVersion"] == "7"
        self.stored = {"metadata": {"resourceVersion": "8"}, "data": request.body["data"]}
        return self.stored


def written(client: TwoReplicas) -> None:
    owner = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "a", "uid": "u"}}
    configuration = SimpleNamespace(project=lambda name: owner, config_object=lambda name: client.stored)
    context: Any = SimpleNamespace(client=client, namespace="argocd", configuration=configuration, clock=None)
    made: Any = {**view(), "by": "admin"}
    asyncio.run(Views(context).write("a", lambda kept: with_view(kept, made)))


def test_a_view_is_saved_though_another_replica_made_the_config_map_a_moment_ago_and_its_view_stays() -> None:
    client = TwoReplicas()
    written(client)
    assert client.asked == ["get", "create", "get", "patch"]
    assert client.stored is not None
    assert [one["name"] for one in read_views("a", client.stored["data"]["views"])] == ["mine", "theirs"]


def test_a_writer_that_is_always_too_late_gets_an_error() -> None:
    with pytest.raises(ApiError, match="being changed by others"):
        written(TwoReplicas(always_conflicts=True))


def test_all_views_of_a_project_fit_into_one_object_whatever_other_projects_have() -> None:
    longest: Any = {
        "project": "a",
        "name": "n" * LONGEST_NAME,
        "to": "/" + "x" * (LONGEST_ADDRESS - 1),
        "by": "b" * 253,
    }
    assert len(json.dumps([{**longest, "name": f"{number:0>60}"} for number in range(MOST)])) < 1024 * 1024
    names = {stored_name(project) for project in ("a", "b", "a.b", "p" * 253, "p" * 252 + "q")}
    assert len(names) == 5
    assert max(map(len, names)) <= 253
