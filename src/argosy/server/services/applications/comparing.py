"""Compares an Application now, for readers of what it owns: nothing is written or cached."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.argoproj.source import Source
from argosy.gitops.clusters.connections import Connecting
from argosy.gitops.comparison.application_state import Compared, Look, Refused, SourceState, StateReader
from argosy.gitops.comparison.comparer import Comparer
from argosy.gitops.comparison.result import kept_revisions
from argosy.gitops.control_plane.context import Memory
from argosy.gitops.keys import ResourceKey, instance_name
from argosy.gitops.model.application_spec import sources_of, spec_of, status_of
from argosy.gitops.projects.permissions import permits_source
from argosy.machinery.objects import JsonObject
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code
from argosy.server.services.applications.access import project_of

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class View:
    """`compared` is None if the sources cannot be compared; then only the live objects are known."""

    state: SourceState
    live: dict[ResourceKey, JsonObject]
    compared: Compared | None


@dataclass(frozen=True, slots=True)
class Instead:
    """Other sources, or other revisions of the same ones, than the Application has now."""

    sources: tuple[Source, ...]
    revisions: tuple[str, ...] = ()


async def view(context: ServerContext, app: JsonObject, instead: Instead | None = None) -> View | None:
    """None if its cluster is not even known. Raises ApiError for sources that the project does not permit."""
    if instead is not None:
        check_sources(context.gitops.plane.effective(project_of(app)), instead.sources)
    reader, spec = StateReader(context.engine), spec_of(app)
    try:
        state = await connected(context, app)
    except Refused:
        return None
    compared = None
    memory = Memory(Comparer(context.engine.known))
    revisions = tuple(kept_revisions(status_of(app), spec) or ())
    if len(revisions) != len(sources_of(spec)) or not all(_is_resolved(item) for item in revisions):
        revisions = ()
    given = instead or Instead(tuple(sources_of(spec)), revisions)
    with suppress(Refused, Connecting):
        look = Look(revisions=given.revisions, max_age=60.0)
        compared = await reader.compared(app, list(given.sources), look, memory)
    settings = context.engine.plane.settings
    name = instance_name(state.key, context.namespace)
    live = await context.engine.slices.run(state.destination.live.tracked(name, settings))
    if compared is not None:
        live |= {pair.key: pair.live for pair in compared.comparison.pairs if pair.live is not None}
    return View(state, live, compared)


def check_sources(permits: AppProjectSpec | None, sources: Iterable[Source]) -> None:
    """A past deployment's sources may no longer be permitted. Raises ApiError."""
    for source in sources:
        if permits is None or not permits_source(permits, source.repo_url):
            raise ApiError(
                Code.PERMISSION_DENIED, f"application repo {source.repo_url} is not permitted in the project"
            )


async def connected(context: ServerContext, app: JsonObject) -> SourceState:
    """Waits for a cluster that is being connected. Raises Refused, and ApiError if that takes too long."""
    reader, until = StateReader(context.engine), context.clock.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return reader.source_state(app)
        except Connecting as error:
            if context.clock.monotonic() >= until:
                raise ApiError(Code.UNAVAILABLE, f"the cluster {error} is being connected to: try again") from None
            await context.clock.sleep(0.2)


def _is_resolved(revision: str) -> bool:
    """A name that was looked for in vain is none."""
    return len(revision) == 40 or revision[:1].isdigit() or revision.startswith(("v", "sha256:"))


__all__ = ["Instead", "View", "connected", "view"]
