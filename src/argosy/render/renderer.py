"""The renderer: chooses the tool and its options, and renders from the cache or in a worker.

Per request: override files are merged, the tool is chosen, the environment substituted; the result is a job. If the
cache has its outcome for these trees it is returned at once, else a worker renders it. Concurrent requests for the
same job share one rendering.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import blake2b
from typing import Any, Final, Protocol

import orjson

from argosy.machinery.objects import JsonObject
from argosy.observe.tracing import span
from argosy.render.cache import Entry, RenderCache
from argosy.render.files import Job
from argosy.render.inputs import AnswerBook, Answers, Question
from argosy.render.jobs import job_of
from argosy.render.metrics import RenderMetrics
from argosy.render.object_limit import object_limit
from argosy.render.port import Rendered, RenderError, RenderRequest, SourceType
from argosy.render.relevance import relevant
from argosy.render.workers.conversation import Assignment, Outcome, Root, parse_manifests
from argosy.render.workers.gate import Gate
from argosy.render.workers.pool import RenderPool
from argosy.render.workers.process import NoWorker, WorkerLost
from argosy.render.workers.workspace import ref_root
from argosy.runtime.clock import Clock
from argosy.runtime.slices import Slices
from argosy.runtime.workqueue.fair_places import Share
from argosy.sources.coalesce import GivenUp
from argosy.sources.paths import shown
from argosy.sources.port import SourceError, Tree

PARALLELISM: Final = "reposerver.parallelism.limit"
ROUNDS: Final = 32
"""How often one job may request another root before it fails."""


class Fetcher(Protocol):
    """What a job may need besides its repository: remote bases, chart dependencies, value files by URL."""

    async def root(self, name: str, request: RenderRequest) -> Tree:
        """`name` as in render/workers/workspace.py, for this request. Raises SourceError with the reason."""
        ...


@dataclass(frozen=True, slots=True)
class _Prepared:
    request: RenderRequest
    job: Job
    source_type: SourceType
    key: str
    roots: Mapping[str, Tree]
    answers: Mapping[str, Answers]


class WorkerRenderer:
    """The `render.port.Renderer` over a pool and a cache. `fetcher` None: only the given trees can be read."""

    def __init__(
        self,
        pool: RenderPool,
        cache: RenderCache,
        book: AnswerBook,
        clock: Clock,
        fetcher: Fetcher | None = None,
        plugins: Sequence[JsonObject] = (),
        slices: Slices | None = None,
    ) -> None:
        """`plugins`: the operator's ConfigManagementPlugin documents; without any, plug-in sources are an error."""
        self._plugins = tuple(plugins)
        self._pool = pool
        self._cache = cache
        self._book = book
        self._clock = clock
        self._fetcher = fetcher
        self._slices = slices or Slices(clock)
        self._gate = Gate()
        self._metrics = RenderMetrics(clock)
        self._running: dict[tuple[str, ...], asyncio.Future[Entry]] = {}

    async def render(self, request: RenderRequest) -> Rendered:
        with span("render", path=str(request.source.get("path") or request.source.get("chart") or "")):
            return await self._render(request)

    async def _render(self, request: RenderRequest) -> Rendered:
        if _is_ref_only(request.source):
            return Rendered(source_type="Directory", manifests=(), digest="")
        prepared = self._prepare(request)
        if request.use_cache:
            with self._metrics.looking():
                entry = self._cache.get(prepared.key, prepared.answers, self._clock.now())
            if entry is not None:
                return _rendered(entry, from_cache=True)
            if message := self._cache.failure(prepared.key, prepared.answers, self._clock.now()):
                raise RenderError(f"Manifest generation error (cached): {message}")
        else:
            self._cache.forget(prepared.key)
        with self._metrics.pending(str(request.source.get("repoURL") or "")):
            return _rendered(await self._shared(prepared), from_cache=False)

    def _prepare(self, request: RenderRequest) -> _Prepared:
        answers = self._book.of(request.tree)
        tree = answers.tree
        job, source_type = job_of(replace(request, tree=tree, plugins=request.plugins or self._plugins), answers.kind)
        roots = {"": tree, **{ref_root(name): ref for name, ref in request.refs.items()}}
        known = {name: self._book.of(root) for name, root in roots.items()}
        return _Prepared(request, job, source_type, _key(job, request), roots, known)

    async def _shared(self, prepared: _Prepared) -> Entry:
        """One rendering for all concurrent requests for the same job on the same trees."""
        name = (prepared.key, *sorted(f"{root} {tree.root_oid}" for root, tree in prepared.roots.items()))
        running = self._running.get(name)
        if running is not None:
            try:
                return await asyncio.shield(running)
            except GivenUp:
                return await self._shared(prepared)
        future: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._running[name] = future
        try:
            entry = await self._generate(prepared)
            future.set_result(entry)
            return entry
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else GivenUp())
            future.exception()  # waiters raise it too; without waiters it is not an unhandled exception
            raise
        finally:
            del self._running[name]

    async def _generate(self, prepared: _Prepared) -> Entry:
        self._cache.counters.renders += 1
        asked_at = self._clock.monotonic()
        try:
            async with self._gate.passed(_parallelism(prepared.request.settings)):
                self._metrics.waited(str(prepared.request.source.get("repoURL") or ""), asked_at)
                outcome = await self._outcome(prepared)
        except NoWorker:
            raise  # no source is to blame, so none is cached as failing
        except WorkerLost as error:
            inputs = {Question(root, "tree", ""): tree.root_oid for root, tree in prepared.roots.items()}
            self._cache.failed(prepared.key, inputs, str(error), self._clock.now(), rests=True)
            raise
        now, paths = self._clock.now(), prepared.request.generate_paths
        if paths and prepared.source_type == "Plugin":
            outcome = replace(outcome, inputs=relevant(outcome.inputs, paths, prepared.job.path))
        if outcome.manifests is None:
            self._cache.failed(prepared.key, outcome.inputs, outcome.error, now)
            raise RenderError(outcome.error)
        limit = object_limit(prepared.request.settings)
        try:
            manifests = await self._slices.run(parse_manifests(outcome.manifests, limit))
        except ValueError as error:
            self._cache.failed(prepared.key, outcome.inputs, str(error), now)
            raise RenderError(str(error)) from None
        kept = self._cache.put(
            prepared.key, prepared.source_type, outcome.inputs, outcome.manifests, manifests, now, outcome.warnings
        )
        self._metrics.kept()
        return await self._slices.run(kept)

    async def _outcome(self, prepared: _Prepared) -> Outcome:
        roots: dict[str, Root] = dict(prepared.roots)
        job = asdict(prepared.job)
        recurse = prepared.source_type == "Helm" or bool(prepared.job.options.get("recurse"))
        for _ in range(ROUNDS):
            assignment = Assignment(job=job, roots=roots, advance=prepared.job.path, recurse=recurse)
            outcome = await self._pool.run(assignment, _share(prepared.request))
            if not outcome.needed:
                return outcome
            roots[outcome.needed] = await self._fetched(outcome.needed, prepared.request)
        raise RenderError(f"more than {ROUNDS} remote sources are needed")

    async def _fetched(self, name: str, request: RenderRequest) -> Root:
        if self._fetcher is None:
            return f"{shown(name)}: remote sources cannot be fetched here"
        try:
            return await self._fetcher.root(name, request)
        except SourceError as error:
            return str(error)


def _is_ref_only(source: JsonObject) -> bool:
    return bool(source.get("ref")) and not source.get("path") and not source.get("chart")


def _share(request: RenderRequest) -> Share:
    """The owner of a rendering when workers are shared: each source of a project counts separately."""
    source = request.source
    name = f"{source.get('repoURL') or ''}#{source.get('path') or source.get('chart') or ''}"
    return Share(request.project, name)


def _parallelism(settings: Mapping[str, str]) -> int:
    """How many renderings may run at once; 0, the default, means as many as there are workers."""
    text = settings.get(PARALLELISM, "").strip()
    return int(text) if text.isdecimal() else 0


def _key(job: Job, request: RenderRequest) -> str:
    """Of everything that the outcome depends on except files. The repository only separates unrelated jobs; the project
    keeps results with extra fetched files from projects that may not fetch them."""
    repository = str(request.source.get("repoURL") or "")
    depends: dict[str, Any] = {**_fields_of(job), "repository": repository, "project": request.project}
    if job.tool == "Plugin" and request.generate_paths:
        # A commit that changes none of the annotation's paths keeps its manifests: so its id must not count either.
        kept = {name: value for name, value in job.environment.items() if not name.startswith("ARGOCD_APP_REVISION")}
        depends |= {"environment": kept, "generate_paths": request.generate_paths}
    if job.tool == "Directory":
        depends |= dict.fromkeys(("api_versions", "kube_version", "namespace", "release_name", "app_name"))
    return blake2b(orjson.dumps(depends, option=orjson.OPT_SORT_KEYS), digest_size=20).hexdigest()


def _fields_of(job: Job) -> dict[str, Any]:
    """Not `asdict`, which copies everything: this is called for each look at each Application."""
    return {item.name: getattr(job, item.name) for item in fields(job)}


def _rendered(entry: Entry, *, from_cache: bool) -> Rendered:
    assert entry.manifests is not None
    return Rendered(
        source_type=entry.source_type,
        manifests=entry.manifests,
        digest=entry.digest,
        from_cache=from_cache,
        warnings=entry.warnings,
    )
