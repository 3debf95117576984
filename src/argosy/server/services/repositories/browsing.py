"""The contents of a repository: refs, charts, directories that can become an Application, and their values."""

from __future__ import annotations

from typing import Any, Final

import yaml

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.render.detect import KUSTOMIZATION_NAMES, detect
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import denied, invalid, not_found, unknown
from argosy.server.services.applications.access import target_of
from argosy.server.services.repositories import secrets
from argosy.server.services.repositories.connecting import Connecting
from argosy.server.services.repositories.repositories import target_of as repository_target
from argosy.server.services.repositories.store import Store
from argosy.sources.port import Credentials, NotFound, SourceError, Tree

DEPTH: Final = 12
DIRECTORIES: Final = 5_000


class Browsing:
    def __init__(self, context: ServerContext, connecting: Connecting) -> None:
        self._context, self._connecting = context, connecting
        self._store = Store(context, secrets.REPOSITORY)

    async def refs(self, call: Call) -> JsonObject:
        repository = self._repository(call, str(call.request.get("repo") or ""))
        try:
            found = await self._context.outside.git.refs(repository["repo"], self._credentials(repository))
        except SourceError as error:
            raise unknown(str(error)) from None
        names = found.commits
        return {
            "branches": sorted(name.removeprefix("refs/heads/") for name in names if name.startswith("refs/heads/")),
            "tags": sorted(name.removeprefix("refs/tags/") for name in names if name.startswith("refs/tags/")),
        }

    async def oci_tags(self, call: Call) -> JsonObject:
        repository = self._repository(call, str(call.request.get("repo") or ""))
        try:
            tags = await self._context.outside.charts.tags(repository["repo"], self._credentials(repository))
        except SourceError as error:
            raise unknown(str(error)) from None
        return {"tags": sorted(tags)}

    async def charts(self, call: Call) -> JsonObject:
        repository = self._repository(call, str(call.request.get("repo") or ""))
        try:
            found = await self._context.outside.charts.listed(repository["repo"], self._credentials(repository))
        except SourceError as error:
            raise unknown(str(error)) from None
        return {"items": [{"name": name, "versions": versions} for name, versions in sorted(found.items())]}

    async def apps(self, call: Call) -> JsonObject:
        request = call.request
        project, name = str(request.get("appProject") or ""), str(request.get("appName") or "")
        repository = self._repository(call, str(request.get("repo") or ""))
        target = f"{project}/{name}"
        if not call.may("applications", "create", target) and not call.may("applications", "update", target):
            raise denied()
        self._check_project(repository["repo"], project)
        tree = await self._tree(repository["repo"], {"targetRevision": request.get("revision") or ""}, project)
        found = directories(tree, self._context.engine.plane.settings.render)
        return {"items": [{"path": path, "type": kind} for path, kind in sorted(found.items())]}

    async def details(self, call: Call) -> JsonObject:
        request = call.request
        source = request.get("source")
        if not isinstance(source, dict):
            call.checked = True
            raise invalid("missing payload in request")
        url, project = str(source.get("repoURL") or ""), str(request.get("appProject") or "")
        self._repository(call, url)
        await self._check_application(call, source)
        self._check_project(url, project)
        tree = await self._tree(url, source, project)
        return details(tree, source, self._context.engine.plane.settings.render)

    async def _check_application(self, call: Call, source: JsonObject) -> None:
        """For a new Application: needs the right to create it; for an existing one: only its own sources."""
        request = call.request
        namespace, _, name = str(request.get("appName") or "").rpartition("/")
        namespace, project = namespace or self._context.namespace, str(request.get("appProject") or "")
        target = target_of(self._context, project, namespace, name)
        found = [
            app for app in self._context.gitops.plane.applications.list(namespace) if app["metadata"]["name"] == name
        ]
        # Upstream uses the bare name of an Application without a project, which no policy matches.
        target = target if project else name
        call.permit("applications", "get", target)
        if not found:
            call.permit("applications", "create", target)
            return
        app = found[0]
        if str((app.get("spec") or {}).get("project") or "default") != project:
            raise denied()
        spec, history = app.get("spec") or {}, (app.get("status") or {}).get("history") or ()
        known = [spec.get("source"), *(spec.get("sources") or ())]
        for entry in history:
            known += [entry.get("source"), *(entry.get("sources") or ())]
        if source not in [item for item in known if item]:
            raise denied()

    def _check_project(self, url: str, project: str) -> None:
        from argosy.gitops.projects.permissions import permits_source

        permits = self._context.gitops.plane.effective(project)
        if permits is None:
            raise not_found(f'error getting app project "{project}": appproject.argoproj.io "{project}" not found')
        if not permits_source(permits, url):
            raise denied(f"repository '{url}' not permitted in project '{project}'")

    def _repository(self, call: Call, url: str) -> JsonObject:
        """A known repository, or one without credentials. Raises ApiError if the caller may not see it."""
        project = str(call.request.get("appProject") or "")
        found = self._store.find(url, project) or self._store.find(url, "") or self._store.find(url)
        repository = secrets.repository_json(found[0]) if found else {"repo": url}
        if not call.may("repositories", "get", repository_target(repository)):
            # With the request's own spelling: the answer reveals neither existence nor project.
            raise call.refusal("repositories", "get", f"{project}/{url}" if project else url)
        return repository

    def _credentials(self, repository: JsonObject) -> Credentials:
        return self._context.gitops.plane.credentials.credentials(
            repository["repo"], str(repository.get("project") or "")
        )

    async def _tree(self, url: str, source: JsonObject, project: str) -> Tree:
        outside = self._context.outside
        book = self._context.gitops.plane.credentials
        credentials = book.credentials(url, project)
        revision = str(source.get("targetRevision") or "")
        try:
            if chart := str(source.get("chart") or ""):
                version = await outside.charts.resolve(url, chart, revision, credentials)
                tree: Tree = await outside.charts.tree(url, chart, version, credentials)
                return tree
            commit = await outside.git.resolve(url, revision, credentials)
            found: Tree = await outside.git.tree(url, commit, credentials)
            return found  # a Protocol's attribute is not typed
        except SourceError as error:
            raise unknown(str(error)) from None


def directories(tree: Tree, settings: Any) -> dict[str, str]:
    """Paths, and the tool that each belongs to."""
    found: dict[str, str] = {}
    front = [""]
    for _ in range(DEPTH):
        following: list[str] = []
        for path in front:
            entries = tree.list(path)
            names = [entry.name for entry in entries if entry.kind != "dir"]
            if any(name in KUSTOMIZATION_NAMES or name == "Chart.yaml" for name in names):
                found[path or "."] = detect({}, names, settings)
            below = [f"{path}/{entry.name}".strip("/") for entry in entries if entry.kind == "dir"]
            following += [item for item in below if not item.rpartition("/")[2].startswith(".")]
        front = following[: DIRECTORIES - len(found)]
        if not front:
            break
    return found


def details(tree: Tree, source: JsonObject, settings: Any) -> JsonObject:
    """The details of a source for forms. Raises ApiError if the path does not exist."""
    path = "" if source.get("chart") else str(source.get("path") or "").strip("/")
    path = "" if path == "." else path
    entry = tree.stat(path)
    if entry is None or entry.kind != "dir":
        raise unknown(f"{path}: app path does not exist")
    names = [item.name for item in tree.list(path) if item.kind != "dir"]
    kind = detect(source, names, settings)
    if kind == "Helm":
        return {"type": kind, "helm": _helm(tree, path, names, source)}
    if kind == "Kustomize":
        return {"type": kind, "kustomize": {"images": _images(tree, path, names)}}
    return {"type": kind, "directory": {}} if kind == "Directory" else {"type": kind}


def _helm(tree: Tree, path: str, names: list[str], source: JsonObject) -> JsonObject:
    files = sorted(name for name in names if name.endswith((".yaml", ".yml")) and "values" in name)
    text, values = "", {}
    if "values.yaml" in names:
        text = tree.read(f"{path}/values.yaml".strip("/")).decode(errors="replace")
        values = _loaded(text)
    chosen = ((source.get("helm") or {}).get("valueFiles")) or ()
    for name in chosen:
        try:
            values = _merged(values, _loaded(tree.read(f"{path}/{name}".strip("/")).decode(errors="replace")))
        except (NotFound, SourceError):
            continue
    parameters = [{"name": name, "value": value} for name, value in sorted(_flat(values).items())]
    return {"valueFiles": files, "parameters": parameters, "values": text}


def _loaded(text: str) -> JsonObject:
    try:
        found = load(text.encode())
    except YamlError:
        return {}
    return found if isinstance(found, dict) else {}


def _merged(one: JsonObject, other: JsonObject) -> JsonObject:
    found = dict(one)
    for key, value in other.items():
        before = found.get(key)
        found[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def _flat(values: Any, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(values, dict):
        for key, value in values.items():
            name = str(key).replace(".", "\\.")
            found |= _flat(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(values, list):
        for at, value in enumerate(values):
            found |= _flat(value, f"{prefix}[{at}]")
    elif values is not None:
        found[prefix] = str(values).lower() if isinstance(values, bool) else str(values)
    return found


def _images(tree: Tree, path: str, names: list[str]) -> list[str]:
    name = next((item for item in names if item in KUSTOMIZATION_NAMES), "")
    text = tree.read(f"{path}/{name}".strip("/")).decode(errors="replace") if name else ""
    try:
        found = yaml.load(text, Loader=yaml.CSafeLoader) or {}  # the safe loader, in C
    except yaml.YAMLError:
        return []
    images = []
    for image in (found.get("images") if isinstance(found, dict) else None) or ():
        base = str(image.get("newName") or image.get("name") or "")
        tail = f"@{image['digest']}" if image.get("digest") else f":{image['newTag']}" if image.get("newTag") else ""
        images.append(f"{base}{tail}")
    return sorted(images)
