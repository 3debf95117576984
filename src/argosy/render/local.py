"""Renders in this process, for trusted input: a directory on the user's own machine. No worker is needed.

Nothing is confined here, so untrusted input must not be rendered this way. Requests that a worker would pass to the
parent for fetching are refused with a reason. Helm's Go runtime is loaded into the process when a chart needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.checking import checked
from argosy.render.files import FILE_LIMIT, Files, Job, ToolError
from argosy.render.jobs import job_of
from argosy.render.port import RenderError, RenderRequest
from argosy.render.tools import load_tool
from argosy.sources.paths import shown
from argosy.sources.port import Entry, SourceError, Tree


class TreeFiles:
    """`render.files.Files` directly over a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def stat(self, path: str) -> Entry | None:
        try:
            return self._tree.stat(path)
        except SourceError as error:
            raise ToolError(str(error)) from None

    def read(self, path: str, *, limit: int = FILE_LIMIT) -> bytes:
        try:
            return self._tree.read(path, limit=limit)
        except SourceError as error:
            raise ToolError(str(error)) from None

    def list(self, path: str) -> Sequence[Entry]:
        try:
            return self._tree.list(path)
        except SourceError as error:
            raise ToolError(str(error)) from None


class LocalWorkspace:
    """`render.files.Workspace` over one tree and the sources that it refers to; nothing else is accessible."""

    def __init__(self, tree: Tree, refs: Mapping[str, Tree] | None = None) -> None:
        self._files = TreeFiles(tree)
        self._refs = {name: TreeFiles(ref) for name, ref in (refs or {}).items()}
        self.warnings: dict[str, None] = {}
        """In order, each once."""

    @property
    def files(self) -> Files:
        return self._files

    def ref(self, name: str) -> Files:
        if name not in self._refs:
            raise ToolError(f"source referenced {name!r}, but no source has a 'ref' field defined with that name")
        return self._refs[name]

    def remote(self, url: str) -> Files:
        raise _not_fetched(url)

    def fetch(self, url: str, *, limit: int = FILE_LIMIT) -> bytes:
        raise _not_fetched(url)

    def chart(self, repository: str, name: str, version: str) -> Files:
        raise _not_fetched(f"chart {repository} {name} {version}".rstrip())

    def warn(self, text: str) -> None:
        self.warnings[text] = None


def render_here(workspace: LocalWorkspace, job: Job) -> Sequence[JsonValue]:
    """The manifests of a job, by its tool in this process. Raises ToolError."""
    return load_tool(job.tool)(workspace, job)


def rendered_here(request: RenderRequest, workspace: LocalWorkspace | None = None) -> list[JsonObject]:
    """The manifests of a request, without worker, cache or event loop. Raises RenderError, SourceError."""

    def kind_of(path: str) -> str:
        entry = request.tree.stat(path)
        return entry.kind if entry else ""

    job, _ = job_of(request, kind_of)
    made = render_here(workspace or LocalWorkspace(request.tree, request.refs), job)
    try:
        return [checked(item) for item in made]
    except ValueError as error:
        raise RenderError(str(error)) from None


def _not_fetched(name: str) -> ToolError:
    return ToolError(f"{shown(name)}: remote sources cannot be fetched here")
