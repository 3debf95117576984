"""Every method and every endpoint against every kind of caller: what it shows or does is what is written down.

Complete by construction: a method that is not in `rights_matrix.txt` fails the test. Rewrite it, and read what changed,
with: REWRITE=1 pytest tests/server/test_rights_matrix.py
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bcrypt

from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.server.api import PREFIX, router
from argosy.server.api.applications.rows import ApplicationRows
from argosy.server.dispatch import Asked
from argosy.server.errors import ApiError, Code
from argosy.server.messages import each_of
from argosy.server.schema.facts import methods
from tests.kit.argocd_server import SECRETS, Api, argocd_server

FILE = Path(__file__).parent / "rights_matrix.txt"
CALLERS = ("none", "nobody", "reader", "other", "team", "admin")
"""No sign-in; a sign-in without roles; who may read one project; all rights in another; all in this one; everything."""
POLICY = """
p, role:reader, applications, get, team/*, allow
p, role:reader, applicationsets, get, team/*, allow
p, role:reader, projects, get, team, allow
p, role:reader, repositories, get, team/*, allow
p, role:reader, clusters, get, team/*, allow
p, role:reader, logs, get, team/*, allow
p, role:reader, write-repositories, get, team/*, allow
p, role:reader, objects, get, argoproj.io/*/argocd/mine, allow
p, role:team, applications, *, team/*, allow
p, role:team, applicationsets, *, team/*, allow
p, role:team, projects, *, team, allow
p, role:team, repositories, *, team/*, allow
p, role:team, clusters, *, team/*, allow
p, role:team, logs, *, team/*, allow
p, role:team, write-repositories, *, team/*, allow
p, role:team, objects, *, argoproj.io/*/argocd/mine, allow
p, role:team, exec, *, team/*, allow
p, role:other, applications, *, other/*, allow
p, role:other, applicationsets, *, other/*, allow
p, role:other, projects, *, other, allow
p, role:other, repositories, *, other/*, allow
p, role:other, clusters, *, other/*, allow
p, role:other, logs, *, other/*, allow
p, role:other, objects, *, argoproj.io/*/other/*, allow
g, reader, role:reader
g, team, role:team
g, other, role:other
"""
URL = "https://git.invalid/team/mine.git"
SERVER = "https://team.cluster.invalid"
APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
SETS = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
PASSWORD = "a-password"
SILENT_SECONDS = 2.0


def application(name: str = "mine") -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "annotations": {"argocd.argoproj.io/skip-reconcile": "true"},
        },
        "spec": {
            "project": "team",
            "source": {"repoURL": URL, "path": "a"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "a"},
        },
    }


def application_set(name: str = "mine") -> JsonObject:
    template = {"metadata": {"name": "x-{{x}}"}, "spec": application()["spec"]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"generators": [{"list": {"elements": []}}], "template": template},
    }


def project(name: str) -> JsonObject:
    spec = {"sourceRepos": ["https://git.invalid/*"], "destinations": [{"server": "*", "namespace": "*"}]}
    metadata = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


def secret(name: str, kind: str, /, **data: str) -> JsonObject:
    labels = {"argocd.argoproj.io/secret-type": kind}
    ours = {"managed-by": "argocd.argoproj.io"}  # else a deletion takes the label alone
    metadata = {"name": name, "namespace": "argocd", "labels": labels, "annotations": ours}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {**data, "project": "team"}}


def rollout() -> JsonObject:
    labels = {"app": "mine"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, "strategy": {"canary": {}}}
    metadata = {"name": "mine", "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": spec}


FIXTURES = (
    (ROLLOUTS, rollout()),
    (PROJECTS, project("team")),
    (PROJECTS, project("other")),
    (APPLICATIONS, application()),
    (SETS, application_set()),
    (SECRETS, secret("repo-mine", "repository", url=URL, password="canary")),
    (SECRETS, secret("write-mine", "repository-write", url=URL, password="canary")),
    (SECRETS, secret("cluster-mine", "cluster", server=SERVER, name="mine", config="{}")),
)
COMMON = {
    "name": "mine",
    "appName": "mine",
    "applicationName": "mine",
    "project": "team",
    "appProject": "team",
    "role": "r",
    "repo": URL,
    "url": "https://git.invalid/team",
    "keyID": "0123456789ABCDEF",
    "id": "x",
    "resourceName": "c",
    "kind": "ConfigMap",
    "version": "v1",
    "revision": "0" * 40,
    "action": "restart",
    "podName": "p",
}
REQUESTS: Mapping[str, JsonObject] = {
    "account.AccountService/CanI": {"resource": "applications", "action": "get", "subresource": "team/mine"},
    "account.AccountService/GetAccount": {"name": "team"},
    "account.AccountService/CreateToken": {"name": "team"},
    "account.AccountService/DeleteToken": {"name": "team", "id": "x"},
    "account.AccountService/UpdatePassword": {"name": "team", "currentPassword": "x", "newPassword": "longer-one"},
    "application.ApplicationService/Create": {"application": application("new")},
    "application.ApplicationService/Update": {"application": application()},
    "application.ApplicationService/UpdateSpec": {"name": "mine", "spec": application()["spec"]},
    "application.ApplicationService/Patch": {"name": "mine", "patch": "[]", "patchType": "json"},
    "application.ApplicationService/Get": {"name": "mine", "project": ["team"]},
    "application.ApplicationService/List": {},
    "application.ApplicationService/Watch": {},
    "application.ApplicationService/GetManifestsWithFiles": {"query": {"name": "mine", "checksum": "x"}},
    "applicationset.ApplicationSetService/List": {},
    "applicationset.ApplicationSetService/Watch": {"name": "mine"},
    "applicationset.ApplicationSetService/Create": {"applicationset": application_set("new")},
    "applicationset.ApplicationSetService/Generate": {"applicationSet": application_set()},
    "cluster.ClusterService/List": {},
    "cluster.ClusterService/Create": {"cluster": {"server": "https://new.invalid", "project": "team", "config": {}}},
    "cluster.ClusterService/Update": {"cluster": {"server": SERVER, "name": "mine", "project": "team", "config": {}}},
    **{
        f"cluster.ClusterService/{name}": {"server": SERVER, "id": {"type": "server", "value": SERVER}}
        for name in ("Get", "Delete", "InvalidateCache", "RotateAuth")
    },
    "project.ProjectService/Create": {"project": project("new")},
    "project.ProjectService/Update": {"project": project("team")},
    "project.ProjectService/List": {},
    "project.ProjectService/CreateToken": {"project": "team", "role": "r"},
    "project.ProjectService/DeleteToken": {"project": "team", "role": "r", "iat": 1},
    **{
        f"project.ProjectService/{name}": {"name": "team"}
        for name in ("Get", "Delete", "GetDetailedProject", "GetGlobalProjects", "GetSyncWindowsState", "ListEvents")
    },
    "project.ProjectService/ListLinks": {"name": "team"},
    **{
        f"repository.RepositoryService/{name}": {"repo": {"repo": "https://git.invalid/new.git", "project": "team"}}
        for name in ("Create", "CreateRepository", "CreateWriteRepository")
    },
    **{
        f"repository.RepositoryService/{name}": {"repo": {"repo": URL, "project": "team"}}
        for name in ("Update", "UpdateRepository", "UpdateWriteRepository")
    },
    "repository.RepositoryService/GetAppDetails": {
        "source": {"repoURL": URL, "path": "a"},
        "appName": "mine",
        "appProject": "team",
    },
    **{
        f"repocreds.RepoCredsService/{verb}{kind}RepositoryCredentials": {"creds": {"url": "https://git.invalid/x"}}
        for verb in ("Create", "Update")
        for kind in ("", "Write")
    },
    "session.SessionService/Create": {"username": "team", "password": "wrong"},
    "certificate.CertificateService/CreateCertificate": {"certificates": {"items": []}},
    "gpgkey.GPGKeyService/Create": {"publickey": {"keyData": "x"}},
}


BODIES: Mapping[str, JsonObject] = {
    "/stages/argocd/mine/promote": {"freight": "f"},
    "/stages/argocd/mine/approve": {"freight": "f"},
    "/stages/argocd/mine/promote-downstream": {"freight": "f"},
    "/warehouses/argocd/mine/freight": {"alias": "", "chosen": {}},
    "/rollouts/argocd/mine/set-image": {"container": "*", "image": "x:1"},
    "/applicationsets/argocd/mine/preview": {"spec": {"generators": [], "template": {"spec": {"project": "team"}}}},
    "/rights": {"rights": []},
    "/sealing/verify": {"sealedSecret": {"metadata": {"name": "mine", "namespace": "argocd"}}},
    "/sealing/reseal": {"sealedSecret": {"metadata": {"name": "mine", "namespace": "argocd"}}},
    "/sealing/keys": {"bits": 2048, "hours": 0},
    "/sealing/keys/backup": {"recipient": "nobody"},
    "/sealing/keys/restore": {"keys": []},
    "/views": {"project": "team", "name": "mine", "to": "/applications"},
}


async def restore(api: Api) -> None:
    """What a caller with rights has taken away is there again, and the server has seen it."""
    for resource, obj in FIXTURES:
        try:
            await api.create(resource, obj)
        except StatusError as error:
            if not error.is_already_exists:
                raise
    for name, field, wanted in (
        ("repository.RepositoryService/ListRepositories", "repo", URL),
        ("cluster.ClusterService/List", "server", SERVER),
        ("project.ProjectService/List", "metadata", "team"),
    ):
        for _ in range(400):
            asked = Asked(methods()[name], {}, {"authorization": f"Bearer {api.token}"}, "127.0.0.1")
            items = (await api.server.dispatcher.unary(asked))[0].get("items") or ()
            if any(wanted in (item[field], (item.get("metadata") or {}).get("name")) for item in items):
                break
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
        else:
            raise AssertionError(f"{name} does not show {wanted}: {items}")


async def tokens(api: Api) -> dict[str, str]:
    names = CALLERS[1:-1]
    await api.configure("argocd-cm", {f"accounts.{name}": "login, apiKey" for name in names})
    await api.configure("argocd-rbac-cm", {"policy.csv": POLICY})
    await api.configure("argocd-cmd-params-cm", {"hydrator.enabled": "true"})
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await api.secret("argocd-secret", {f"accounts.{name}.password": hashed for name in names})
    found = {"none": "", "admin": api.token}
    for name in names:
        for _ in range(200):
            status, answer = await api.call(
                "POST", "/api/v1/session", {"username": name, "password": PASSWORD}, token=""
            )
            if status == 200:
                found[name] = answer["token"]
                break
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
    return found


async def called(api: Api, name: str, request: JsonObject, token: str) -> tuple[str, str]:
    """What comes of a call, in a word; and the text of a refusal."""
    method, dispatcher = methods()[name], api.server.dispatcher
    headers = {"authorization": f"Bearer {token}"} if token else {}
    asked = Asked(method, json.loads(json.dumps(request)), headers, "127.0.0.1")
    try:
        if not method.server_stream:
            found: Any = (await asyncio.wait_for(dispatcher.unary(asked), 30))[0]
        else:
            messages = dispatcher.stream(asked)
            try:
                found = await asyncio.wait_for(anext(messages, None), SILENT_SECONDS)
            finally:
                await messages.aclose()
    except TimeoutError:
        return "silent", ""
    except ApiError as error:
        words = {Code.UNAUTHENTICATED: "unauthenticated", Code.PERMISSION_DENIED: "denied", Code.NOT_FOUND: "absent"}
        return words.get(error.code, "allowed"), error.message
    shown = each_of(found) if found is not None else ()
    return ("empty" if not any(item.get("items", True) for item in shown) else "allowed"), ""


def request_of(name: str) -> JsonObject:
    return REQUESTS.get(name, COMMON)


def test_every_method_shows_and_does_what_is_written_down(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with argocd_server(tmp_path) as api:
            by = await tokens(api)
            lines = []
            for name in sorted(methods()):
                await restore(api)
                words = list[str]()
                for caller in CALLERS:
                    is_gone = "/Delete" in name and "allowed" in words
                    words.append("gone" if is_gone else (await called(api, name, request_of(name), by[caller]))[0])
                lines.append(" ".join([name, *words]))
            lines += await endpoints(api, by)
            return lines

    found = [" ".join(["method", *CALLERS]), *asyncio.run(scenario())]
    text = "\n".join(found) + "\n"
    if os.environ.get("REWRITE"):
        FILE.write_text(text)
    assert text == FILE.read_text()


async def endpoints(api: Api, by: Mapping[str, str]) -> list[str]:
    """Argosy's own API, over the wire."""
    lines = []
    await restore(api)
    for endpoint in router(api.server.context, ApplicationRows(api.server.context)).endpoints:
        path = endpoint.path.replace("{namespace}", "argocd").replace("{name}", "mine").replace("{project}", "team")
        words = []
        for caller in CALLERS:
            if endpoint.stream is not None:
                words.append(await opened(api, f"{PREFIX}{path}", by[caller]))
                continue
            body = None if endpoint.method == "GET" else BODIES.get(path, {})
            status, answer = await api.call(endpoint.method, f"{PREFIX}{path}", body, token=by[caller])
            word = {401: "unauthenticated", 403: "denied", 404: "absent"}.get(status, "allowed")
            is_empty = status == 200 and isinstance(answer, dict) and answer.get("total") == 0
            words.append("empty" if is_empty else word)
        lines.append(" ".join([f"{endpoint.method}:{endpoint.path}", *words]))
    return lines


async def opened(api: Api, path: str, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with api.http.get(f"{api.server.url}{path}", headers=headers) as answer:
        if answer.status != 200:
            return {401: "unauthenticated", 403: "denied", 404: "absent"}.get(answer.status, "allowed")
        first = b""
        while b"\n\n" not in first:
            first += await answer.content.readany()
    document = json.loads(first.partition(b"data: ")[2].partition(b"\n")[0])
    return "empty" if document.get("total") == 0 else "allowed"


def test_what_one_may_not_see_answers_as_what_is_not_there(tmp_path: Path) -> None:
    """Security rule 10: the same code and the same words."""

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            by = await tokens(api)
            await restore(api)
            for name in sorted(methods()):
                present = request_of(name)
                absent = json.loads(json.dumps(present).replace("mine", "gone"))
                if absent == present or "/Create" in name or name.startswith("session."):
                    continue
                for caller in ("nobody", "other"):
                    one = await called(api, name, present, by[caller])
                    two = await called(api, name, absent, by[caller])
                    assert one[0] == two[0], f"{name} as {caller}: {one} and {two}"
                    assert one[1].replace("mine", "gone") == two[1].replace("mine", "gone"), f"{name} as {caller}"

    asyncio.run(scenario())
