"""The worker's end of `render.files`: every question is sent to the parent, unless it was answered in advance.

A root that the job does not have (a remote base, a chart) ends it with `Needed`; the parent fetches it and restarts
the job. So a worker never waits for the network, and no job can occupy one while it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from argosy.machinery.objects import JsonObject
from argosy.render.files import FILE_LIMIT, Files, ToolError
from argosy.render.workers.wire import Pipe
from argosy.sources.port import Entry

WARNINGS_LIMIT = 20
BODY = "body"
"""The one file in the root of a fetched URL."""


class Needed(BaseException):
    """A root must be fetched first. Not an `Exception`, so that no tool catches it by accident."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.root = root


class Advance:
    """Answers sent along with the job, and which of them were used: only those count as inputs."""

    def __init__(self, header: JsonObject, body: bytes) -> None:
        self._lists: Mapping[str, Any] = header.get("lists") or {}
        self._reads: Mapping[str, Any] = header.get("reads") or {}
        self._body = body
        self.used: set[tuple[str, str]] = set()

    def list(self, path: str) -> Sequence[Entry] | None:
        if path not in self._lists:
            return None
        self.used.add(("list", path))
        return [Entry(name, kind, "") for name, kind in self._lists[path]]

    def stat(self, path: str) -> Entry | Literal["absent"] | None:
        """From the parent listing, though only the answer to this question counts as an input. None means unknown."""
        parent, _, name = path.rpartition("/")
        if parent not in self._lists or not name or name in (".", ".."):
            return None
        kind: Any = next((kind for known, kind in self._lists[parent] if known == name), "")
        if kind == "link":
            return None
        self.used.add(("stat", path))
        return Entry(name, kind, "") if kind else "absent"

    def read(self, path: str) -> bytes | None:
        if path not in self._reads:
            return None
        self.used.add(("read", path))
        start, length = self._reads[path]
        return self._body[start : start + length]


class AskedFiles:
    """`Files` whose answers come over the pipe; each answer is kept for the job."""

    def __init__(self, pipe: Pipe, root: str, advance: Advance | None = None) -> None:
        self._pipe = pipe
        self._root = root
        self._advance = advance
        self._stats: dict[str, Entry | None] = {}
        self._reads: dict[str, bytes] = {}
        self._lists: dict[str, Sequence[Entry]] = {}

    def stat(self, path: str) -> Entry | None:
        if path not in self._stats:
            known = self._advance.stat(path) if self._advance else None
            self._stats[path] = self._ask_stat(path) if known is None else None if known == "absent" else known
        return self._stats[path]

    def read(self, path: str, *, limit: int = FILE_LIMIT) -> bytes:
        if path not in self._reads:
            known = self._advance.read(path) if self._advance else None
            self._reads[path] = self._request("read", path, limit=limit)[1] if known is None else known
        data = self._reads[path]
        if len(data) > limit:
            raise ToolError(f"{path}: larger than the limit of {limit} bytes")
        return data

    def list(self, path: str) -> Sequence[Entry]:
        if path not in self._lists:
            known = self._advance.list(path) if self._advance else None
            self._lists[path] = self._ask_list(path) if known is None else known
        return self._lists[path]

    def _ask_stat(self, path: str) -> Entry | None:
        answer = self._request("stat", path)[0].get("entry")
        return Entry(answer[0], answer[1], "") if answer else None

    def _ask_list(self, path: str) -> Sequence[Entry]:
        return [Entry(name, kind, "") for name, kind in self._request("list", path)[0]["entries"]]

    def _request(self, operation: str, path: str, **more: Any) -> tuple[JsonObject, bytes]:
        if not isinstance(path, str) or not path.isprintable():
            raise ToolError(f"{path!r}: not a path")
        self._pipe.send({"ask": operation, "root": self._root, "path": path, **more})
        header, body = self._pipe.receive()
        if "error" in header:
            raise ToolError(header["error"])
        return header, body


class AskedWorkspace:
    """`Workspace` over one pipe, for one job. `roots` maps each known root to "" or to its fetch error."""

    def __init__(self, pipe: Pipe, roots: Mapping[str, str], advance: Advance) -> None:
        self._pipe = pipe
        self._known = roots
        self._files: dict[str, Files] = {"": AskedFiles(pipe, "", advance)}
        self.warnings: dict[str, None] = {}
        """In order, each once."""

    @property
    def files(self) -> Files:
        return self._files[""]

    def ref(self, name: str) -> Files:
        root = ref_root(name)
        if root not in self._known:
            raise ToolError(f"source referenced {name!r}, but no source has a 'ref' field defined with that name")
        return self._root(root)

    def remote(self, url: str) -> Files:
        return self._root(remote_root(url))

    def fetch(self, url: str, *, limit: int = FILE_LIMIT) -> bytes:
        return self._root(url_root(url)).read(BODY, limit=limit)

    def chart(self, repository: str, name: str, version: str) -> Files:
        return self._root(chart_root(repository, name, version))

    def warn(self, text: str) -> None:
        if len(self.warnings) < WARNINGS_LIMIT:
            self.warnings[text] = None

    def _root(self, root: str) -> Files:
        if root not in self._known:
            raise Needed(root)
        if self._known[root]:
            raise ToolError(self._known[root])
        if root not in self._files:
            self._files[root] = AskedFiles(self._pipe, root)
        return self._files[root]


def ref_root(name: str) -> str:
    return f"ref {name}"


def remote_root(url: str) -> str:
    return f"remote {url}"


def url_root(url: str) -> str:
    return f"url {url}"


def chart_root(repository: str, name: str, version: str) -> str:
    return f"chart {repository} {name} {version}"
