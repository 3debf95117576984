"""Computes what an ApplicationSet would do with the controllers' code and the caller's rights, or without a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.generate import schema_of
from argosy.cli.failing import CommandError, Exit
from argosy.cli.outside import Doors, Git, Outside
from argosy.cli.process import ControlPlane
from argosy.cli.rooms.applicationsets import generators
from argosy.expr.gotemplate import GoTemplates
from argosy.gitops.applicationsets.adapters import GitReader
from argosy.gitops.applicationsets.desired_applications import Unusable, asked_of, desired
from argosy.gitops.applicationsets.dry_run import Previewer
from argosy.gitops.applicationsets.generator_context import Doors as GeneratorDoors
from argosy.gitops.applicationsets.hosting import WebHosting
from argosy.gitops.applicationsets.hosting.plugin_service import PluginServices
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.gitops.applicationsets.preview import Preview
from argosy.gitops.applicationsets.reconcile import Problem
from argosy.gitops.comparison.jq.evaluation import JqEvaluation, NotAnswered
from argosy.machinery.objects import JsonObject
from argosy.machinery.structural import compile_schema, prune, validate
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.supervisor import Supervisor
from argosy.sources.credentials import CredentialBook
from argosy.sources.directory import directory_tree
from argosy.sources.port import Credentials, Further, GitRemote, Tree

T = TypeVar("T")
NO_CLUSTER = "what is in a cluster cannot be read with --offline"
WORK_TREE = "0" * 40
"""The revision that is reported for a directory instead of a commit."""


class LocalGit:
    """Serves some repositories from local directories and fetches the others."""

    def __init__(self, remote: GitRemote, directories: Mapping[str, Path]) -> None:
        self._remote = remote
        self._directories = directories

    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        if url in self._directories:
            return WORK_TREE
        return await self._remote.resolve(url, revision, credentials, tag_prefix=tag_prefix, max_age=max_age)

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        if url in self._directories:
            return directory_tree(self._directories[url])
        return await self._remote.tree(url, commit, credentials, further=further)


class NoCluster:
    """A client without any objects, for use without a cluster."""

    def secret(self, namespace: str, name: str) -> JsonObject | None:
        raise GeneratorError(f"Secret {namespace}/{name}: {NO_CLUSTER}")

    def config_map(self, namespace: str, name: str) -> JsonObject | None:
        raise GeneratorError(f"ConfigMap {namespace}/{name}: {NO_CLUSTER}")

    def clusters(self) -> NoReturn:
        raise GeneratorError(f"clusters: {NO_CLUSTER}")

    async def decisions(self, *asked: str) -> NoReturn:
        raise GeneratorError(f"clusterDecisionResource: {NO_CLUSTER}")


def checked(appset: JsonObject) -> JsonObject:
    """Defaults and validates the set like the API server. Raises CommandError if it is invalid."""
    schema = compile_schema(schema_of(ApplicationSet))
    kept, unknown = prune(schema, appset)
    problems = [f"unknown field {path!r}" for path in unknown]
    problems += [f"{cause.field}: {cause.message}" for cause in validate(schema, kept)]
    if problems:
        raise CommandError(f"{appset['metadata']['name']}: {'; '.join(problems)}", Exit.CALL_FAILED)
    return kept


async def online(
    client: HttpClient, clock: Clock, sets: Sequence[JsonObject], outside: Outside, directories: Mapping[str, Path]
) -> list[Preview]:
    """Compares with the Applications that exist. Raises CommandError with a generator's error."""

    async def work(found: Previewer) -> list[Preview | Unusable | NotAnswered]:
        return [await _as_value(found.preview(appset)) for appset in sets]

    return [one for one in await _previewing(client, clock, outside, directories, work) if isinstance(one, Preview)]


async def generated(
    client: HttpClient, clock: Clock, sets: Sequence[JsonObject], outside: Outside, directories: Mapping[str, Path]
) -> list[JsonObject]:
    """The Applications that the sets want. Raises CommandError with a generator's error."""

    async def work(found: Previewer) -> list[list[JsonObject] | Unusable | NotAnswered]:
        return [await _as_value(found.generated(appset)) for appset in sets]

    made = await _previewing(client, clock, outside, directories, work)
    return [app for one in made if isinstance(one, list) for app in one]


async def _previewing(
    client: HttpClient,
    clock: Clock,
    outside: Outside,
    directories: Mapping[str, Path],
    work: Callable[[Previewer], Awaitable[Sequence[T]]],
) -> Sequence[T]:
    """Runs `work` with filled caches. Raises CommandError for an error among what it gives."""
    rng = SystemRng()
    plane = ControlPlane(client, clock, rng, outside)
    git = LocalGit(Git(plane.doors), directories)
    asked = generators(client, plane.caches, git, plane.doors, clock, rng, outside.namespace)
    found = Previewer(plane.caches, asked, JqEvaluation(plane.jq), outside.namespace)
    try:
        async with Supervisor(clock, rng) as parts:
            parts.add("caches", plane.caches.run)
            await found.wait_synced()
            made = await work(found)
    finally:
        await plane.close()
    _check(made)
    return made


async def offline(
    clock: Clock, sets: Sequence[JsonObject], outside: Outside, directories: Mapping[str, Path]
) -> list[Preview]:
    """Reports everything as created: without a cluster, neither existing Applications nor projects are known."""
    book = CredentialBook([], [])
    doors = Doors(outside, clock, book.credentials, lambda url, project: True)
    try:
        git = GitReader(LocalGit(Git(doors), directories), book)
        hosting, plugins = WebHosting(doors.egress, clock), PluginServices(doors.egress, clock)
        given = GeneratorDoors(git=git, hosting=hosting, plugins=plugins, objects=NoCluster())
        templates = GoTemplates(clock.now, SystemRng().token_bytes, name="base")
        made = [await _as_value(_offline(appset, given, templates, outside.namespace)) for appset in sets]
    finally:
        await doors.close()
    _check(made)
    return [one for one in made if isinstance(one, Preview)]


async def _as_value(work: Awaitable[T]) -> T | Unusable | NotAnswered:
    """Returns the error as a value: raised next to running tasks, it would arrive wrapped in a group."""
    try:
        return await work
    except (Unusable, NotAnswered) as error:
        return error


def _check(found: Sequence[object]) -> None:
    for one in found:
        if isinstance(one, Unusable):
            raise CommandError(f"{one.reason}: {one}", Exit.CALL_FAILED)
        if isinstance(one, NotAnswered):
            raise CommandError(f"ignored differences need jq: {one}", Exit.CALL_FAILED)


async def _offline(appset: JsonObject, doors: GeneratorDoors, templates: GoTemplates, namespace: str) -> Preview:
    made = await desired(appset, asked_of(appset, doors, Options(), templates, namespace))
    counted = Counter(app["metadata"]["name"] for app in made)
    twice = [name for name, count in counted.items() if count > 1]
    problems = tuple(
        Problem(name, f"ApplicationSet contains applications with duplicate name: {name}") for name in twice
    )
    return Preview(created=() if problems else tuple(made), changed=(), deleted=(), problems=problems)
