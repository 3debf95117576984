"""A `sources.port.GitWriter` in memory, with `ScriptedGit`: commits are visible there once they are pushed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b

from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.port import Author, Credentials, Described, NotFound, Outrun, Tree
from argosy.sources.tree import MemoryStorage, RootedTree
from argosy.sources.urls import normalise_url


class ScriptedWriter:
    def __init__(self, git: ScriptedGit) -> None:
        self._git = git
        self._files: dict[str, dict[str, bytes]] = {"": {}}
        self._parents: dict[str, str] = {}
        self.notes: dict[tuple[str, str], str] = {}
        self.pushes: list[tuple[str, str]] = []
        """Branch and commit."""

    async def head(self, url: str, branch: str, credentials: Credentials) -> str:
        return self._refs(url).get(f"refs/heads/{branch}", "")

    async def tree(self, url: str, commit: str, credentials: Credentials) -> Tree:
        return RootedTree(MemoryStorage(self._content(url, commit)))

    async def describe(self, url: str, commit: str, credentials: Credentials) -> Described:
        when = datetime(2030, 1, 1, tzinfo=UTC)
        return Described(author="A <a@example.com>", authored_at=when, message=f"commit {commit}", trailers=())

    async def commit(
        self,
        url: str,
        parent: str,
        changes: Mapping[str, bytes | None],
        message: str,
        author: Author,
        credentials: Credentials,
    ) -> str:
        files = dict(self._content(url, parent)) if parent else {}
        for path, data in changes.items():
            if data is None:
                files.pop(path, None)
            else:
                files[path] = data
        text = f"{parent} {message} {sorted((path, data.hex()) for path, data in files.items())}"
        made = blake2b(text.encode(), digest_size=20).hexdigest()
        self._files[made], self._parents[made] = files, parent
        return made

    async def push(self, url: str, branch: str, commit: str, credentials: Credentials) -> None:
        refs, name = self._refs(url), f"refs/heads/{branch}"
        before = refs.get(name, "")
        if before not in ("", commit, *self._history(commit)):
            raise Outrun(f"{branch} is elsewhere")
        self._git._commits.setdefault(normalise_url(url), {})[commit] = RootedTree(MemoryStorage(self._files[commit]))
        refs[name] = commit
        if before != commit:
            self.pushes.append((branch, commit))

    async def note(self, url: str, commit: str, namespace: str, credentials: Credentials) -> str:
        return self.notes.get((namespace, commit), "")

    async def annotate(
        self, url: str, commit: str, namespace: str, text: str, author: Author, credentials: Credentials
    ) -> None:
        self.notes[namespace, commit] = text

    def _history(self, commit: str) -> list[str]:
        found = []
        while commit := self._parents.get(commit, ""):
            found.append(commit)
        return found

    def _refs(self, url: str) -> dict[str, str]:
        return self._git._refs.setdefault(normalise_url(url), {})

    def _content(self, url: str, commit: str) -> dict[str, bytes]:
        """Of a commit of ours, or of one that a person pushed."""
        if commit in self._files:
            return self._files[commit]
        tree = self._git._commits.get(normalise_url(url), {}).get(commit)
        if not isinstance(tree, RootedTree):
            raise NotFound(f"unable to resolve '{commit}' to a commit SHA")
        found: dict[str, bytes] = {}

        def walk(path: str) -> None:
            for entry in tree.list(path):
                place = f"{path}/{entry.name}" if path else entry.name
                if entry.kind == "dir":
                    walk(place)
                else:
                    found[place] = tree.read(place)

        walk("")
        return found
