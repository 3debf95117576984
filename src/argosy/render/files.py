"""What a rendering tool can read while it works: files by path, and nothing else.

A tool runs in a render worker that never sees the repository. It requests files here; the parent answers from the tree
and records every question, so that the answer to "would another commit render differently?" is known exactly
(render/inputs.py). Tools are synchronous: a worker does one job at a time.

A tool is a function `generate(workspace, job) -> list of manifests`, one module per tool, listed in render/tools.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.port import RenderError
from argosy.sources.port import Entry

FILE_LIMIT = 10 * 1024 * 1024
"""Maximum bytes of one file that a tool reads; spec/security.md rule 2."""


DIRECTORY_LIMIT = "reposerver.max.combined.directory.manifests.size"
"""The setting for the limit of all manifests of one directory together, a quantity (`10M`)."""


class ToolError(RenderError):
    """The tool cannot produce the manifests; the message is for the user and names the wrong file or field."""


class Files(Protocol):
    """One root of files, read-only. Paths are relative to the root, `/`-separated, "" is the root itself.

    `.` and `..` are resolved (`overlays/prod/../../base`), symlinks followed; a path that leaves the root raises
    `ToolError`, as does an absolute one. An `Entry`'s kind as returned by `stat` is never "link"; in `list` it may be.
    """

    def stat(self, path: str) -> Entry | None:
        """What the path leads to, or None if it does not exist."""
        ...

    def read(self, path: str, *, limit: int = FILE_LIMIT) -> bytes:
        """Raises ToolError `<path>: no such file or directory` (or: is a directory, is larger than the limit)."""
        ...

    def list(self, path: str) -> Sequence[Entry]:
        """Sorted by name. Raises ToolError if it is not a directory."""
        ...


class Workspace(Protocol):
    """Everything that a job can access: the source's files, the roots it was given, and what the parent will fetch."""

    @property
    def files(self) -> Files:
        """The root of the source's repository (which contains the job's `path`)."""
        ...

    def ref(self, name: str) -> Files:
        """The root of the source whose `ref` is `name`. Raises ToolError if there is none."""
        ...

    def remote(self, url: str) -> Files:
        """The root of another git repository: `<repository url>[?ref=<revision>]`, without any `//path`.

        The parent decides whether it may be fetched, and does. Raises ToolError with its reason.
        """
        ...

    def fetch(self, url: str, *, limit: int = FILE_LIMIT) -> bytes:
        """The body at an http(s) URL, fetched by the parent under its egress policy. Raises ToolError."""
        ...

    def chart(self, repository: str, name: str, version: str) -> Files:
        """An unpacked chart of a chart repository (`https://`, `oci://`), resolved and fetched by the parent.

        `version` is exact or a constraint. The root holds `Chart.yaml`. Raises ToolError.
        """
        ...

    def warn(self, text: str) -> None:
        """Warns the source's owner about a problem that does not prevent rendering."""
        ...


@runtime_checkable
class Programs(Protocol):
    """An additional capability of a workspace on a developer's machine who allows it; never in a worker."""

    def run_program(self, directory: str, path: str, arguments: Sequence[str], data: bytes) -> bytes:
        """The program's output for the data. `directory` is its working directory; a `path` with `/` is relative to it.

        Raises ToolError when it fails.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One generation, as sent to a worker: everything that the result depends on except files."""

    tool: str
    path: str
    """The application's path within the root, normalised; "" is the root."""
    options: JsonObject = field(default_factory=dict)
    """The source's block for this tool (`source.kustomize`, ...), overrides merged, environment substituted."""
    namespace: str = ""
    release_name: str = ""
    app_name: str = ""
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """`ARGOCD_APP_*` (spec/argo-cd-engine-2.md 11.6), for tools that substitute later than the parent does."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Keys of argocd-cm for this tool: `kustomize.buildOptions`, ..."""


class Tool(Protocol):
    def __call__(self, workspace: Workspace, job: Job) -> Sequence[JsonValue]:
        """Manifests in order; each is a JSON object, checked by the caller. Raises ToolError."""
        ...
