"""From an Application's sources to its prepared targets: resolve, fetch, render - each shared and cached elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from argosy.gitops.kinds import ServedKinds
from argosy.gitops.settings import Settings
from argosy.gitops.targets import Targets, prepared
from argosy.machinery.objects import JsonObject
from argosy.render.port import Renderer, RenderError, RenderRequest
from argosy.sources.credentials import CredentialBook
from argosy.sources.port import ChartRepository, GitRemote, SourceError, Tree

POLL_MAX_AGE = 5.0


class NotRendered(Exception):
    """The text of the ComparisonError condition; `cause` is what the source or the renderer said."""

    def __init__(self, number: int, count: int, cause: Exception) -> None:
        place = f"failed to generate manifest for source {number} of {count}"
        super().__init__(f"Failed to load target state: {place}: {cause}")
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Desired:
    """`digest` identifies the manifests of all sources together."""

    targets: Targets
    revisions: tuple[str, ...]
    types: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose manifests, at which revisions. `revisions` "" resolves the source's own targetRevision."""

    app: str
    release: str
    project: str
    namespace: str
    cluster: str
    sources: tuple[JsonObject, ...]
    revisions: tuple[str, ...] = ()
    max_age: float = POLL_MAX_AGE
    use_cache: bool = True
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


class Manifests:
    def __init__(self, renderer: Renderer, git: GitRemote, charts: ChartRepository) -> None:
        self._renderer = renderer
        self._git = git
        self._charts = charts
        self._prepared: dict[str, tuple[tuple[object, ...], Desired]] = {}

    def forget(self, app: str) -> None:
        self._prepared.pop(app, None)

    async def resolve(self, source: JsonObject, book: CredentialBook, project: str, max_age: float = 0.0) -> str:
        """The commit, version or digest that a source stands for now."""
        url, revision = str(source.get("repoURL") or ""), str(source.get("targetRevision") or "")
        credentials = book.credentials(url, project)
        if _is_chart(source):
            return await self._charts.resolve(url, str(source.get("chart") or ""), revision, credentials)
        prefix = str(source.get("tagPrefix") or "")
        return await self._git.resolve(url, revision, credentials, tag_prefix=prefix, max_age=max_age)

    async def desired(self, wanted: Wanted, book: CredentialBook, settings: Settings, kinds: ServedKinds) -> Desired:
        """Raises NotRendered."""
        trees: list[Tree] = []
        revisions: list[str] = []
        count = len(wanted.sources)
        for index, source in enumerate(wanted.sources):
            given = wanted.revisions[index] if index < len(wanted.revisions) else ""
            with _source(index + 1, count):
                revision = given or await self.resolve(source, book, wanted.project, wanted.max_age)
                revisions.append(revision)
                trees.append(await self._tree(source, revision, book, wanted.project))
        refs = {str(s["ref"]): tree for s, tree in zip(wanted.sources, trees, strict=True) if s.get("ref")}
        manifests: list[JsonObject] = []
        types, digests = [], []
        for index, (source, tree, revision) in enumerate(zip(wanted.sources, trees, revisions, strict=True)):
            with _source(index + 1, count):
                found = await self._renderer.render(_request(source, tree, revision, wanted, refs, settings))
            manifests += found.manifests
            types.append(found.source_type)
            digests.append(found.digest)
        digest = "+".join(digests)
        depends = (digest, wanted.namespace, wanted.cluster, settings, id(kinds))
        before = self._prepared.get(wanted.app)
        if before is not None and before[0] == depends:
            targets = before[1].targets
        else:
            targets = prepared(
                manifests,
                app=wanted.app,
                namespace=wanted.namespace,
                cluster=wanted.cluster,
                settings=settings,
                kinds=kinds,
            )
        made = Desired(targets, tuple(revisions), tuple(types), digest)
        self._prepared[wanted.app] = (depends, made)
        return made

    async def _tree(self, source: JsonObject, revision: str, book: CredentialBook, project: str) -> Tree:
        url = str(source.get("repoURL") or "")
        credentials = book.credentials(url, project)
        if _is_chart(source):
            return await self._charts.tree(url, str(source.get("chart") or ""), revision, credentials)
        return await self._git.tree(url, revision, credentials)


@contextmanager
def _source(number: int, count: int) -> Iterator[None]:
    """Says which source an error is of."""
    try:
        yield
    except (SourceError, RenderError) as error:
        raise NotRendered(number, count, error) from None


def _is_chart(source: JsonObject) -> bool:
    return bool(source.get("chart")) or str(source.get("repoURL") or "").startswith("oci://")


def _request(
    source: JsonObject, tree: Tree, revision: str, wanted: Wanted, refs: dict[str, Tree], settings: Settings
) -> RenderRequest:
    if source.get("chart"):
        source = {**source, "path": "", "helm": source.get("helm") or {}}
    return RenderRequest(
        source=source,
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
    )
