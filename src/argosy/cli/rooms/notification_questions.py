"""Answers what notifications ask about repositories, with the credentials of the object's project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from argosy.cli.rooms.loading import Context
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.text import yaml
from argosy.machinery.text.yaml import YamlError
from argosy.notify.ports import AppDetails, Commit, CommitMetadata, Details, Unknown
from argosy.notify.subjects import APPLICATIONS
from argosy.render.detect import detect
from argosy.runtime.engine import Answerer
from argosy.sources.port import NotFound, Rejected, SourceError, Tree


class Repositories:
    def __init__(self, context: Context) -> None:
        self._context = context

    def answerers(self) -> dict[type[Question[Any]], Answerer]:
        return {
            CommitMetadata: Answerer(answer=self.commit, lane=lambda question: question.url, per_lane=2),
            AppDetails: Answerer(answer=self.details, lane=lambda question: question.namespace, per_lane=2),
        }

    async def commit(self, question: CommitMetadata) -> Commit | Unknown:
        from argosy.sources.git.commits import commit_info

        doors = self._context.doors
        credentials = doors.credentials(question.url, question.project)
        try:
            found = await self._context.clock.external(
                commit_info(doors.git, question.url, question.revision, credentials)
            )
        except (NotFound, Rejected) as error:
            return Unknown(str(error))
        return Commit(message=found.message, author=found.author, date=found.date, tags=found.tags)

    async def details(self, question: AppDetails) -> Details | Unknown:
        key = Key(question.namespace, question.name)
        app = self._context.caches.cache(APPLICATIONS).get(key)
        spec = (app or {}).get("spec") or {}
        source = next(iter(spec.get("sources") or ()), None) or spec.get("source")
        if not source:
            return Unknown("the Application has no source")
        try:
            tree = await self._context.clock.external(self._tree(source, str(spec.get("project") or "default")))
        except (SourceError, YamlError) as error:
            return Unknown(str(error))
        return details_of(tree, source)

    async def _tree(self, source: JsonObject, project: str) -> Tree:
        doors, url, revision = self._context.doors, str(source["repoURL"]), str(source.get("targetRevision") or "")
        credentials = doors.credentials(url, project)
        if chart := source.get("chart"):
            version = await doors.charts.resolve(url, str(chart), revision, credentials)
            return await doors.charts.tree(url, str(chart), version, credentials)
        return await doors.git.tree(url, await doors.git.resolve(url, revision, credentials), credentials)


def details_of(tree: Tree, source: JsonObject) -> Details:
    """Reads from a source's tree; unreadable values are omitted."""
    path = "" if source.get("chart") else str(source.get("path") or "").strip("./")
    names = [entry.name for entry in tree.list(path)]
    tool = detect(source, names, {})
    if tool != "Helm":
        images = ((source.get("kustomize") or {}).get("images") or ()) if tool == "Kustomize" else ()
        return Details(type=tool, images=tuple(map(str, images)))
    helm = source.get("helm") or {}
    values = _read(tree, path, "values.yaml") if "values.yaml" in names else ""
    parameters = dict(_flat("", yaml.load(values) if values else {}))
    for given in helm.get("valueFiles") or ():
        if given in names:
            parameters |= dict(_flat("", yaml.load(_read(tree, path, str(given)))))
    parameters |= {str(one.get("name")): str(one.get("value") or "") for one in helm.get("parameters") or ()}
    return Details(
        type=tool,
        name=str(helm.get("releaseName") or ""),
        value_files=tuple(name for name in names if "values" in name and name.endswith((".yaml", ".yml"))),
        values=values,
        parameters=tuple({"name": name, "value": value} for name, value in sorted(parameters.items())),
        file_parameters=tuple(helm.get("fileParameters") or ()),
    )


def _read(tree: Tree, path: str, name: str) -> str:
    return tree.read(str(PurePosixPath(path) / name), limit=1024 * 1024).decode("utf-8", "replace")


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Maps `a.b[0].c` to the scalar's text, in the notation of Helm's `--set`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), item)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _flat(f"{prefix}[{at}]", item)
    elif value is not None:
        yield prefix, str(value).lower() if isinstance(value, bool) else str(value)
