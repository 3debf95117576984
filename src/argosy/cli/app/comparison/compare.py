"""Compares one Application the way the controllers do, in this process and with the caller's rights."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import orjson

from argosy.apis.argoproj.source import Source
from argosy.apis.kubernetes import known
from argosy.apis.schema import read
from argosy.cli.app.applications import get, key_of_name
from argosy.cli.app.revisions import asked_revisions
from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.offline.render import rendered, request_of
from argosy.cli.outside import Outside
from argosy.cli.place import Place
from argosy.cli.process import ControlPlane
from argosy.gitops.clusters.connections import Connecting
from argosy.gitops.comparison.application_state import Compared, Look, Refused, StateReader
from argosy.gitops.comparison.comparer import Comparer
from argosy.gitops.control_plane.context import Memory
from argosy.gitops.model.application_spec import sources_of, spec_of
from argosy.machinery.objects import JsonObject
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.supervisor import Supervisor

T = TypeVar("T")
Use = Callable[["Comparison"], Awaitable[T]]
CONNECTING_LOOK = 0.05


class Comparison:
    """The Application and its comparer."""

    def __init__(self, reader: StateReader, app: JsonObject, clock: Clock, options: argparse.Namespace) -> None:
        self.reader, self.app, self.memory = reader, app, Memory(Comparer(known))
        self._clock, self._options = clock, options

    async def compared(self) -> Compared:
        """Connects to the Application's cluster first. Raises Refused."""
        sources = sources_of(spec_of(self.app))
        local = local_manifests(self.app, self._options, self.reader.context.plane.settings.render)
        revisions = asked_revisions([source.raw for source in sources], self._options)
        look = Look(revisions=revisions, manifests=local)
        if look.revisions:
            names = zip(look.revisions, sources, strict=True)
            sources = [
                read(Source, {**source.raw, "targetRevision": name}) if name else source for name, source in names
            ]
            look = Look(manifests=look.manifests)
        while True:
            try:
                return await self.reader.compared(self.app, sources, look, self.memory)
            except Connecting:
                await self._clock.sleep(CONNECTING_LOOK)


def with_comparison(options: argparse.Namespace, use: Use[int]) -> int:
    """Runs `use`; a comparison that fails becomes exit code 20 and one line."""
    key = key_of_name(options.name, options)

    async def work(client: HttpClient, clock: Clock) -> int:
        app = await get(client, key)
        return await compared_with(client, clock, app, options, use)

    return with_client(options, work)


async def compared_with(
    client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace, use: Use[T]
) -> T:
    """Returns the result of `use` on the comparison. Raises CommandError if the comparison fails."""
    with TemporaryDirectory(prefix="argosy-app-") as directory:
        found = await _used(client, clock, app, options, Path(directory), use)
    if isinstance(found, Refused):
        raise CommandError(str(found), Exit.CALL_FAILED)
    return found


async def _used(
    client: HttpClient, clock: Clock, app: JsonObject, options: argparse.Namespace, cache: Path, use: Use[T]
) -> T | Refused:
    own_machine = bool(Place(options.data_dir).running())
    outside = Outside(cache_directory=cache, own_machine=own_machine, namespace=options.namespace)
    rng = SystemRng()
    plane = ControlPlane(client, clock, rng, outside)
    try:
        async with Supervisor(clock, rng) as parts:
            parts.add("caches", plane.caches.run)
            gitops = plane.gitops
            await gitops.plane.wait_synced()
            await gitops.live.discover(gitops.plane.settings)
            await gitops.live.wait_synced()
            parts.add("clusters", gitops.clusters.run)
            return await _as_value(use(Comparison(StateReader(gitops.context), app, clock, options)))
    finally:
        await plane.close()


async def _as_value(work: Awaitable[T]) -> T | Refused:
    """Returns the error as a value: raised next to running tasks, it would arrive wrapped in a group."""
    try:
        return await work
    except Refused as error:
        return error


def local_manifests(app: JsonObject, options: argparse.Namespace, settings: Mapping[str, str]) -> tuple[str, ...]:
    """Renders the manifests of --local with the Application's settings and `settings` of argocd-cm."""
    if not options.local:
        return ()
    spec = spec_of(app)
    sources, name = sources_of(spec), app["metadata"]["name"]
    if len(sources) != 1:
        raise CommandError(f"--local: application {name!r} has {len(sources)} sources: it works with one only")
    source = {field: value for field, value in sources[0].raw.items() if field not in ("chart", "targetRevision")}
    namespace = spec.destination.namespace
    root = options.local_repo_root
    asked = request_of(
        options.local,
        source,
        root=root,
        app_name=name,
        release_name=name,
        namespace=namespace,
        settings=settings,
    )
    return tuple(orjson.dumps(obj).decode() for obj in rendered(asked))
