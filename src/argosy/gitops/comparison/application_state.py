"""Desired and live state of one application: renders its sources, finds its objects, compares them (spec 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.argoproj.project import AppProjectSpec, SyncWindow
from argosy.apis.argoproj.source import Source
from argosy.gitops.clusters import resolution as destinations
from argosy.gitops.clusters.contact import NotConnected
from argosy.gitops.clusters.destination import Destination
from argosy.gitops.comparison.comparer import Comparison, ServerSide, live_parts, takes_defaults
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.comparison.jq.evaluation import NotAnswered, report_failures
from argosy.gitops.comparison.server_side_diff import NotPreviewed, previews, server_side_of
from argosy.gitops.control_plane.context import Memory, ReconcileContext
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.health import Health
from argosy.gitops.health.application import aggregated
from argosy.gitops.hydrator import validation as hydration
from argosy.gitops.keys import GENERATE_PATHS, ResourceKey, annotations_of, instance_name
from argosy.gitops.manifests import local
from argosy.gitops.manifests.generation import Desired, NotLoaded, Wanted
from argosy.gitops.model.application_spec import hydrator_of, sources_of, spec_errors, spec_of
from argosy.gitops.model.kinds import ServedKinds
from argosy.gitops.ports import KnownTypes
from argosy.gitops.projects import permissions as projects
from argosy.gitops.projects import sync_windows as windows
from argosy.gitops.sync.apply import Applier
from argosy.gitops.sync.confirmation import kept_namespace
from argosy.gitops.sync.impersonation import NoServiceAccount, account_for
from argosy.gitops.sync.options import Options, options_of
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.pieces import Pieces, at_once
from argosy.machinery.status import StatusError
from argosy.sources.port import Unavailable

T = TypeVar("T")


class Refused(Exception):
    """The application cannot be compared: (condition type, message) pairs."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = tuple(found)


class InvalidSpec(Refused):
    """The application's own spec is invalid, so that nothing was read."""


class TargetsNotLoaded(Refused):
    """The sources cannot be compared; the live objects are known all the same."""


class NotLoadedNow(TargetsNotLoaded):
    """A source could not be reached, which may be temporary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How fresh the sources must be."""

    revisions: tuple[str, ...] = ()
    """Of each source; empty means that `targetRevision` is resolved."""
    names: tuple[str, ...] = ()
    """The requested revisions, if they are not the sources' `targetRevision`: maybe a signed tag."""
    max_age: float = 0.0
    """How old in seconds a cached answer of a repository may be."""
    use_cache: bool = True
    manifests: tuple[str, ...] = ()
    """Used in place of the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One application, its project's permissions, and its destination cluster."""

    app: JsonObject
    spec: ApplicationSpec
    """Normalised."""
    project: AppProjectSpec
    """The project's effective spec."""
    cluster: destinations.Cluster
    destination: Destination

    @property
    def key(self) -> Key:
        return Key(self.app["metadata"]["namespace"], self.app["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Of the destination."""
        return self.spec.destination.namespace

    def applier(self, settings: Settings) -> Applier:
        """Writes as the user that the project configures. Raises NoServiceAccount."""
        own = self.app["metadata"]["namespace"]
        return self.destination.applier_as(account_for(self.project, self.cluster, self.namespace, own, settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    source_state: SourceState
    desired: Desired
    comparison: Comparison
    answers: Mapping[ResourceKey, JsonObject] = field(default_factory=dict)
    """The server's answers, if it was asked what an apply would change."""


class StateReader:
    def __init__(self, context: ReconcileContext) -> None:
        self.context = context

    async def compared(self, app: JsonObject, sources: list[Source], look: Look, memory: Memory) -> Compared:
        """Raises Refused with conditions that say why, and Connecting."""
        if errors := self.context.dependency_index.errors(app):
            raise InvalidSpec([("InvalidSpecError", text) for text in errors])
        source_state = self._source_state(app, sources)
        spec, settings = source_state.spec, self.context.plane.settings
        desired = await self._desired(source_state, sources, look)
        memory.failing_since = None
        live = await self._live_of(source_state, desired)
        options = options_of(spec.sync_policy.sync_options)
        await self._read_schemas(source_state, desired, options, memory)
        server = await self._asked(source_state, desired, live, memory)
        judge = await self.context.judge_for(memory, live)
        for gone in memory.verdicts.keys() - live.keys():
            del memory.verdicts[gone]
        compare = partial(
            memory.comparer.compare,
            desired.targets,
            live,
            app=ResourceKey("argoproj.io", "Application", source_state.key.namespace, source_state.key.name),
            ignored=spec.ignore_differences,
            options=options,
            settings=settings,
            refusal=lambda key: projects.refusal_of(source_state.project, spec.project, key, source_state.cluster),
            server=server,
            judge=judge,
            kept=kept_namespace(app, spec, options),
        )
        found = await self._with_jq_in_slices(app, lambda jq: compare(jq=jq), memory)
        return Compared(
            source_state=source_state, desired=desired, comparison=found, answers=server.answers if server else {}
        )

    async def with_jq(self, app: JsonObject, decide: Callable[[JqAnswers], T], memory: Memory) -> T:
        """The result of a decision with jq's answers; reports, once, which expressions fail.

        Raises Refused if there are none: an outage must not look like a difference.
        """
        return await self._with_jq_in_slices(app, lambda jq: at_once(decide(jq)), memory)

    async def _with_jq_in_slices(self, app: JsonObject, decide: Callable[[JqAnswers], Pieces[T]], memory: Memory) -> T:
        try:
            made, jq_answers = await self.context.jq.settled_by(lambda jq: self.context.slices.run(decide(jq)))
        except NotAnswered as error:
            text = f"Failed to compare desired state to live state: ignored differences need jq: {error}"
            raise Refused([("ComparisonError", text)]) from None
        report_failures(self.context.events, app, jq_answers.failures, memory.failed_paths)
        return made

    async def health_of_live(self, app: JsonObject, memory: Memory) -> Health:
        """Health of the application's live objects, whatever its sources say; Healthy if there are none.

        Raises Refused, Connecting and StatusError.
        """
        state, settings = self.source_state(app), self.context.plane.settings
        name = instance_name(state.key, self.context.namespace)
        await state.destination.live.prepare(name, (), settings)
        live = await self.context.slices.run(state.destination.live.tracked(name, settings))
        judge = await self.context.judge_for(memory, live)
        me = ResourceKey("argoproj.io", "Application", state.key.namespace, state.key.name)
        return aggregated(live_parts(live, judge, me))

    def source_state(self, app: JsonObject) -> SourceState:
        """Raises Refused, and Connecting."""
        return self._source_state(app, sources_of(spec_of(app)))

    async def desired(self, app: JsonObject, sources: list[Source], look: Look) -> Desired:
        """The desired objects, without reading live ones. Raises Refused and Connecting."""
        return await self._desired(self._source_state(app, sources), sources, look)

    async def _desired(self, source_state: SourceState, sources: list[Source], look: Look) -> Desired:
        live = source_state.destination.live
        wanted = Wanted(
            app=instance_name(source_state.key, self.context.namespace),
            release=source_state.key.name,
            project=source_state.spec.project,
            namespace=source_state.namespace,
            cluster=source_state.cluster.server,
            sources=tuple(sources),
            revisions=look.revisions,
            names=look.names,
            project_spec=source_state.project,
            keys=self.context.plane.signing_keys,
            plugins=self.context.plane.plugins,
            generate_paths=annotations_of(source_state.app).get(GENERATE_PATHS, ""),
            max_age=look.max_age,
            use_cache=look.use_cache,
            kube_version=live.kube_version,
            api_versions=live.api_versions,
        )
        book, settings = self.context.plane.credentials, self.context.plane.settings
        if look.manifests:
            return await self._local(wanted, look.manifests, live.kinds)
        try:
            desired = await self.context.manifests.desired(wanted, book, settings, live.kinds)
        except NotLoaded as error:
            kind = NotLoadedNow if isinstance(getattr(error, "cause", None), Unavailable) else TargetsNotLoaded
            note = hydration.waiting(source_state.spec) if "app path does not exist" in str(error) else ""
            raise kind([("ComparisonError", f"{error}{note}")]) from None
        if desired.targets.errors:
            raise Refused([("InvalidSpecError", text) for text in desired.targets.errors])
        return desired

    async def _local(self, wanted: Wanted, manifests: Sequence[str], kinds: ServedKinds) -> Desired:
        """The manifests of the request itself, in place of the sources."""
        try:
            return await self.context.slices.run(local.desired(manifests, wanted, self.context.plane.settings, kinds))
        except local.InvalidManifest as error:
            raise Refused([("ComparisonError", str(error))]) from None

    async def _read_schemas(
        self, source_state: SourceState, desired: Desired, options: Options, memory: Memory
    ) -> None:
        """The schemas of objects that are applied server-side or may get defaults, from the application's cluster."""
        memory.comparer.schemas = schemas = source_state.destination.schemas
        slices = self.context.slices
        await schemas.prepare(await slices.run(_needing_schemas(desired, options, memory.comparer.known)), slices)

    async def _asked(
        self, source_state: SourceState, desired: Desired, live: Mapping[ResourceKey, JsonObject], memory: Memory
    ) -> ServerSide | None:
        """The server's answers, if it must be asked what an apply would change."""
        settings = self.context.plane.settings
        server = server_side_of(source_state.app, settings)
        if server is None:
            return None
        ignored = source_state.spec.ignore_differences
        questions = memory.comparer.questions(desired.targets, live, ignored, settings, server)
        try:
            answers = await previews(source_state.applier(settings), questions, self.context.clock)
        except (NoServiceAccount, NotPreviewed) as error:
            text = f"Failed to compare desired state to live state: failed to calculate diff: {error}"
            raise Refused([("ComparisonError", text)]) from None
        return replace(server, answers=answers)

    def _connected(self, cluster: destinations.Cluster) -> Destination:
        try:
            return self.context.clusters.of(cluster)
        except NotConnected as error:
            raise Refused([("ComparisonError", f"Failed to load live state: {error}")]) from None

    async def _live_of(self, source_state: SourceState, desired: Desired) -> dict[ResourceKey, JsonObject]:
        """Complete objects that the application tracks or names."""
        place, name = source_state.destination, instance_name(source_state.key, self.context.namespace)
        settings = self.context.plane.settings
        try:
            await place.live.prepare(name, (target.key for target in desired.targets.items), settings)
        except StatusError as error:
            if error.is_passing:
                raise
            raise Refused([("ComparisonError", f"Failed to load live state: {error.message}")]) from None
        return await self.context.slices.run(_live(place, name, desired, settings))

    def _source_state(self, app: JsonObject, sources: list[Source]) -> SourceState:
        """Returns them, or Refused."""
        key, spec = Key(app["metadata"]["namespace"], app["metadata"]["name"]), spec_of(app)
        name, errors = spec.project, spec_errors(spec)
        effective = self.context.plane.effective(name)
        if effective is None:
            errors.append(f"Application referencing project {name} which does not exist")
        try:
            cluster = self.context.cluster(spec)
        except destinations.InvalidDestination as error:
            errors.append(str(error))
            cluster = None
        if errors or effective is None or cluster is None:
            raise InvalidSpec([("InvalidSpecError", text) for text in errors])
        if not projects.permits_namespace_of_application(effective, key.namespace, self.context.namespace):
            errors.append(
                f"application '{key.name}' in namespace '{key.namespace}' is not permitted to use project '{name}'"
            )
        namespace = spec.destination.namespace
        if hydrator_of(spec):
            errors, sources = errors + hydration.refusals(spec, effective, name), []
        errors += projects.refusals(effective, name, sources, cluster, namespace)
        if errors:
            raise InvalidSpec([("InvalidSpecError", text) for text in errors])
        destination = self._connected(cluster)
        return SourceState(app=app, spec=spec, project=effective, cluster=cluster, destination=destination)

    def windows_of(self, app: JsonObject, spec: ApplicationSpec) -> Sequence[SyncWindow]:
        """The project's sync windows that apply to the application."""
        project = self.context.plane.effective(spec.project)
        if project is None or not project.sync_windows:
            return ()
        try:
            cluster = self.context.cluster(spec)
        except destinations.InvalidDestination:
            return ()
        return windows.matching(project.sync_windows, app["metadata"]["name"], cluster, spec.destination.namespace)


def _live(place: Destination, name: str, desired: Desired, settings: Settings) -> Pieces[dict[ResourceKey, JsonObject]]:
    found = yield from place.live.tracked(name, settings)
    for target in desired.targets.items:
        if target.key not in found and (obj := place.live.get(target.key)) is not None:
            found[target.key] = obj
        yield
    return found


def _needing_schemas(desired: Desired, options: Options, known: KnownTypes) -> Pieces[set[tuple[str, str]]]:
    """The kinds of objects that are applied server-side, or may get defaults."""
    found = set()
    for target in desired.targets.items:
        if options.has("ServerSideApply", obj=target.obj) or takes_defaults(target.obj, known):
            found.add(target.key[:2])
        yield
    return found
