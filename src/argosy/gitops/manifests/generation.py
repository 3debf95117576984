"""From an Application's sources to its prepared targets: resolve, fetch, render - each shared and cached elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from argosy.apis.argoproj.project import AppProjectSpec
from argosy.apis.argoproj.source import Helm, Source
from argosy.apis.schema import read
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.manifests import references
from argosy.gitops.manifests.signatures import Integrity, condition_texts
from argosy.gitops.manifests.targets import Targets, prepared
from argosy.gitops.model.kinds import ServedKinds
from argosy.gitops.projects.permissions import further_of
from argosy.machinery.objects import JsonObject
from argosy.render.object_limit import object_limit, too_many
from argosy.render.port import Rendered, Renderer, RenderError, RenderRequest
from argosy.runtime.clock import Clock
from argosy.runtime.slices import Slices
from argosy.runtime.waiting import waiting
from argosy.runtime.workqueue.fair_places import FairPlaces, Share
from argosy.sources.credentials import CredentialBook
from argosy.sources.port import ChartRepository, Credentials, GitRemote, SourceError, Tree, Unavailable

T = TypeVar("T")

POLL_MAX_AGE = 5.0
QUICK, SLOW = 24, 40
"""How many repositories are asked at once: those that answer quickly, and the others."""
AWAY_SECONDS = 900.0
"""How long a repository counts as unreachable, unless a poll or a refresh reaches it."""


class NotLoaded(Exception):
    """The text of the ComparisonError condition."""

    def __init__(self, text: str) -> None:
        super().__init__(f"Failed to load target state: {text}")


class NotRendered(NotLoaded):
    """`cause` is the error of the source or the renderer."""

    def __init__(self, number: int, count: int, cause: Exception) -> None:
        place = f"failed to generate manifest for source {number} of {count}"
        # As from a repository server, which clients look for.
        super().__init__(f"{place}: rpc error: code = Unknown desc = {cause}")
        self.number, self.cause = number, cause


@dataclass(frozen=True, slots=True)
class Desired:
    """`digest` identifies the manifests of all sources together."""

    targets: Targets
    revisions: tuple[str, ...]
    types: tuple[str, ...]
    digest: str
    problems: tuple[str, ...] = ()
    """Why the project does not trust the revisions: then nothing may be synced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose manifests, at which revisions. A revision "" resolves the source's own targetRevision."""

    app: str
    release: str
    project: str
    namespace: str
    cluster: str
    sources: tuple[Source, ...]
    revisions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """The requested revisions, if they are not the source's own targetRevision."""
    project_spec: AppProjectSpec = field(default_factory=partial(read, AppProjectSpec, {}))
    keys: Mapping[str, str] = field(default_factory=dict)
    """Signers' keys, armoured."""
    plugins: tuple[JsonObject, ...] = ()
    generate_paths: str = ""
    """The annotation `argocd.argoproj.io/manifest-generate-paths`."""
    max_age: float = POLL_MAX_AGE
    use_cache: bool = True
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


class Manifests:
    def __init__(
        self,
        renderer: Renderer,
        git: GitRemote,
        charts: ChartRepository,
        integrity: Integrity,
        clock: Clock,
        slices: Slices | None = None,
    ) -> None:
        self._slices = slices or Slices(clock)
        self._places = FairPlaces(clock, QUICK, SLOW)
        self._clock = clock
        self._integrity = integrity
        self._renderer = renderer
        self._git = git
        self._charts = charts
        self._prepared: dict[str, tuple[tuple[object, ...], Targets]] = {}
        self._away: dict[tuple[str, Credentials], tuple[float, str]] = {}
        """Repositories that did not answer: when, and the error."""

    @property
    def renderer(self) -> Renderer:
        """For rendering without an Application."""
        return self._renderer

    def forget(self, app: str) -> None:
        self._prepared.pop(app, None)

    async def resolve(self, source: Source, book: CredentialBook, project: str, max_age: float = 0.0) -> str:
        """The commit, version or digest that a source resolves to now. Raises SourceError.

        Callers that accept an older answer accept an older failure: for an unreachable repository each look would wait
        for the time-out. Polls and refreshes ask again, which ends that.
        """
        url, revision = source.repo_url, source.target_revision
        credentials = _credentials(source, book, project)
        failed_at, text = self._away.get((url, credentials), (float("-inf"), ""))
        if max_age > 0 and self._clock.monotonic() - failed_at < AWAY_SECONDS:
            raise Unavailable(text)
        try:
            ask = partial(self._resolved, source, revision, credentials, max_age)
            found = await self._asked(project, url, ask)
        except Unavailable as error:
            self._away[url, credentials] = self._clock.monotonic(), str(error)
            raise
        self._away.pop((url, credentials), None)
        return found

    async def _resolved(self, source: Source, revision: str, credentials: Credentials, max_age: float) -> str:
        url = source.repo_url
        if _is_chart(source):
            return await self._charts.resolve(url, _chart_of(source), revision, credentials)
        return await self._git.resolve(url, revision, credentials, tag_prefix=source.tag_prefix, max_age=max_age)

    async def _asked(self, project: str, url: str, question: Callable[[], Awaitable[T]]) -> T:
        """Within a fair share of the slots: repositories that never answer only delay their own applications."""

        async def ask() -> T:
            async with self._places.taken(Share(project, url)):
                return await question()

        return await waiting(ask())

    async def desired(self, wanted: Wanted, book: CredentialBook, settings: Settings, kinds: ServedKinds) -> Desired:
        """Raises NotLoaded."""
        rendered, resolved, problems = await self.rendered(wanted, book, settings)
        digest = "+".join(found.digest for found in rendered)
        targets = await self._targets(rendered, digest, wanted, settings, kinds)
        types = tuple(
            "" if references.is_only_named(source) else found.source_type
            for source, found in zip(wanted.sources, rendered, strict=True)
        )
        return Desired(targets, tuple(item.revision for item in resolved), types, digest, tuple(problems))

    async def rendered(
        self, wanted: Wanted, book: CredentialBook, settings: Settings
    ) -> tuple[list[Rendered], list[references.Resolved], list[str]]:
        """Each source's rendered manifests, its revision, and objections to it. Raises NotLoaded."""
        try:
            names = references.names_of(wanted.sources)
        except SourceError as error:
            raise NotLoaded(f"failed to get ref sources: {error}") from None
        trees, resolved, problems = await self._fetched(wanted, book)
        refs = {name: trees[index] for name, index in names.items()}
        named = {name: resolved[index] for name, index in names.items()}
        rendered: list[Rendered] = []
        for index, (item, tree) in enumerate(zip(resolved, trees, strict=True)):
            with _source(index + 1, len(resolved)):
                references.check(item, named)
                request = _request(item.source, tree, item.revision, wanted, refs, settings)
                rendered.append(await waiting(self._renderer.render(request)))
        count, limit = sum(len(found.manifests) for found in rendered), object_limit(settings.render)
        if text := too_many(count, limit, "the sources together have"):
            raise NotLoaded(text)
        return rendered, resolved, problems

    async def of_tree(self, wanted: Wanted, tree: Tree, settings: Settings) -> Rendered:
        """The first source's manifests from this tree, without a revision. Raises NotLoaded."""
        with _source(1, 1):
            return await waiting(self._renderer.render(_request(wanted.sources[0], tree, "", wanted, {}, settings)))

    async def _targets(
        self, rendered: Sequence[Rendered], digest: str, wanted: Wanted, settings: Settings, kinds: ServedKinds
    ) -> Targets:
        """Only rebuilt if an input has changed."""
        warnings = tuple(("RenderWarning", text) for found in rendered for text in found.warnings)
        depends = (digest, wanted.namespace, wanted.cluster, settings, id(kinds), warnings)
        before = self._prepared.get(wanted.app)
        if before is not None and before[0] == depends:
            return before[1]
        work = prepared(
            [manifest for found in rendered for manifest in found.manifests],
            app=wanted.app,
            namespace=wanted.namespace,
            cluster=wanted.cluster,
            settings=settings,
            kinds=kinds,
        )
        made = await self._slices.run(work)
        made = replace(made, warnings=(*made.warnings, *warnings))
        self._prepared[wanted.app] = (depends, made)
        return made

    async def _fetched(
        self, wanted: Wanted, book: CredentialBook
    ) -> tuple[list[Tree], list[references.Resolved], list[str]]:
        """Each source's tree and revision, and objections to the revisions."""
        trees: list[Tree] = []
        resolved: list[references.Resolved] = []
        problems: list[str] = []
        count = len(wanted.sources)
        for index, source in enumerate(wanted.sources):
            given = wanted.revisions[index] if index < len(wanted.revisions) else ""
            name = (wanted.names[index] if index < len(wanted.names) else "") or source.target_revision
            with _source(index + 1, count):
                revision = given or await self.resolve(source, book, wanted.project, wanted.max_age)
                fetch = partial(self._tree, source, revision, book, wanted)
                trees.append(await self._asked(wanted.project, source.repo_url, fetch))
                if not _is_chart(source):
                    credentials = _credentials(source, book, wanted.project)
                    found = await self._integrity.problems(
                        source, revision, name, wanted.project_spec, wanted.keys, credentials
                    )
                    problems += condition_texts(found, source, index + 1, count)
            resolved.append(references.Resolved(source, revision))
        return trees, resolved, problems

    async def _tree(self, source: Source, revision: str, book: CredentialBook, wanted: Wanted) -> Tree:
        url, credentials = source.repo_url, _credentials(source, book, wanted.project)
        if _is_chart(source):
            return await self._charts.tree(url, _chart_of(source), revision, credentials)
        further = further_of(wanted.project_spec, wanted.project, book.credentials)
        return await self._git.tree(url, revision, credentials, further=further)


@contextmanager
def _source(number: int, count: int) -> Iterator[None]:
    """Prefixes an error with its source."""
    try:
        yield
    except (SourceError, RenderError) as error:
        raise NotRendered(number, count, error) from None


def _credentials(source: Source, book: CredentialBook, project: str) -> Credentials:
    found = book.credentials(source.repo_url, project)
    passed = (source.helm or Helm()).pass_credentials
    return replace(found, pass_credentials=True) if passed else found


def _chart_of(source: Source) -> str:
    """An `oci://` URL is the complete artifact; a chart next to it is below it, unless it is its last part."""
    url, chart = source.repo_url, source.chart
    return "" if url.startswith("oci://") and url.rstrip("/").rpartition("/")[2] == chart else chart


def _is_chart(source: Source) -> bool:
    return bool(source.chart) or source.repo_url.startswith("oci://")


def _request(
    source: Source, tree: Tree, revision: str, wanted: Wanted, refs: dict[str, Tree], settings: Settings
) -> RenderRequest:
    given = {**source.raw, "path": "", "helm": source.helm.raw if source.helm else {}} if source.chart else source.raw
    return RenderRequest(
        source=given,
        tree=tree,
        revision=revision,
        app_name=wanted.app,
        release_name=wanted.release,
        namespace=wanted.namespace,
        project=wanted.project,
        refs=refs,
        settings=settings.render,
        kube_version=wanted.kube_version,
        api_versions=wanted.api_versions,
        use_cache=wanted.use_cache,
        plugins=wanted.plugins,
        generate_paths=wanted.generate_paths,
    )
