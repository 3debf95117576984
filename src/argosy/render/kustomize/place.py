"""The location of a kustomization: its files, what it may read from there, and the locations it refers to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from argosy.render.files import Files, ToolError, Workspace
from argosy.render.kustomize.remotes import is_url, may_be_file, repository_of

_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    workspace: Workspace
    files: Files
    path: str
    """Normalised, "" is the root of the files."""
    files_outside: bool
    """Whether files outside the directory may be read (`--load-restrictor LoadRestrictionsNone`)."""
    from_: Place | None = None

    def read(self, name: str) -> bytes:
        """A file that the kustomization names, or a URL. Raises ToolError."""
        if is_url(name):
            return self.workspace.fetch(name)
        where = self.resolve(name)
        if not self.files_outside and not _is_below(where, self.path):
            raise ToolError(f"security; file {where!r} is not in or below {self.path or '.'!r}")
        return self.files.read(where)

    def resolve(self, entry: str) -> str:
        """Within the root: the reader of the result refuses a path that leaves it."""
        if entry.startswith("/"):
            raise ToolError(
                f"{self.path or '.'}: {entry!r} is an absolute path, expected one relative to the kustomization"
            )
        return _normal(_join(self.path, entry))

    def kind_of(self, entry: str) -> str:
        """`file`, `dir` or "" for nothing."""
        found = self.files.stat(self.resolve(entry))
        return found.kind if found else ""

    def below(self, entry: str) -> Place:
        """The directory or repository that an entry names. Raises ToolError."""
        if (repository := repository_of(entry)) is not None:
            files = self.workspace.remote(repository.root)
            return self._entered(Place(self.workspace, files, _normal(repository.path), False, self))
        if is_url(entry):
            raise ToolError(f"{entry}: not the URL of a repository")
        return self._entered(Place(self.workspace, self.files, self.resolve(entry), self.files_outside, self))

    def _entered(self, new: Place) -> Place:
        depth = 0
        for visited in self._line():
            depth += 1
            if visited.files is new.files and _is_below(visited.path, new.path):
                raise ToolError(
                    f"cycle detected: candidate root {new.path or '.'!r} contains visited root {visited.path or '.'!r}"
                )
        if depth > _MAX_DEPTH:
            raise ToolError(f"cycle detected: kustomizations are nested deeper than {_MAX_DEPTH}")
        return new

    def _line(self) -> Iterator[Place]:
        place: Place | None = self
        while place is not None:
            yield place
            place = place.from_

    def fetched_file(self, entry: str) -> tuple[bytes | None, str]:
        """The content of a URL, if it may be a file at all; otherwise why not."""
        if not may_be_file(entry):
            return None, ""
        try:
            return self.workspace.fetch(entry), ""
        except ToolError as error:
            return None, str(error)


@contextmanager
def told_both(first: str) -> Iterator[None]:
    """An error that also lists the previous attempts."""
    try:
        yield
    except ToolError as error:
        raise ToolError(f"{error} (as a file: {first})" if first else str(error)) from None


def _is_below(path: str, root: str) -> bool:
    return not root or path == root or path.startswith(f"{root}/")


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _normal(path: str) -> str:
    joined = posixpath.normpath(path) if path else ""
    return "" if joined == "." else joined
