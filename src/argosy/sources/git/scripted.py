"""Git repositories in memory, for rehearsal and tests: a script pushes commits, and can simulate failures."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from argosy.sources.git.refs import FULL_SHA, Abbreviation, Refs, check_revision, lookup
from argosy.sources.port import Credentials, Further, NotFound, SourceError, Tree
from argosy.sources.tree import MemoryStorage, RootedTree, first_link_out_of_root, out_of_bounds
from argosy.sources.urls import normalise_url


class ScriptedGit:
    """A `sources.port.GitRemote` that contains what was pushed to it. Equal histories have equal commits."""

    def __init__(self) -> None:
        self._refs: dict[str, dict[str, str]] = {}
        self._commits: dict[str, dict[str, RootedTree | SourceError]] = {}
        self._broken: dict[str, SourceError] = {}

    def push(
        self,
        url: str,
        files: Mapping[str, bytes | str],
        *,
        branch: str = "main",
        tag: str = "",
        links: Mapping[str, str] | None = None,
    ) -> str:
        """A new commit containing exactly `files`; the first branch pushed becomes the default one."""
        key = normalise_url(url)
        refs = self._refs.setdefault(key, {})
        contents = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
        storage = MemoryStorage(contents, links)
        parent = refs.get(f"refs/heads/{branch}", "")
        commit = blake2b(f"{parent} {storage.root.oid} {branch}".encode(), digest_size=20).hexdigest()
        out = first_link_out_of_root(storage)
        self._commits.setdefault(key, {})[commit] = out_of_bounds(out) if out else RootedTree(storage)
        refs[f"refs/heads/{branch}"] = commit
        refs.setdefault("HEAD", commit)
        if next(name for name in refs if name.startswith("refs/heads/")) == f"refs/heads/{branch}":
            refs["HEAD"] = commit
        if tag:
            refs[f"refs/tags/{tag}"] = commit
        return commit

    def fail(self, url: str, error: SourceError | None) -> None:
        """From now on the remote raises this error; None ends that."""
        if error is None:
            self._broken.pop(normalise_url(url), None)
        else:
            self._broken[normalise_url(url)] = error

    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        check_revision(revision)
        if FULL_SHA.fullmatch(revision):
            return revision
        found = lookup(Refs(self._known(url)), revision, tag_prefix)
        if isinstance(found, Abbreviation):
            commits = [commit for commit in self._commits[normalise_url(url)] if commit.startswith(found.text)]
            found = commits[0] if len(commits) == 1 else None
        if found is None:
            raise NotFound(f"unable to resolve '{revision}' to a commit SHA: revision not found")
        return found

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        self._known(url)
        found = self._commits[normalise_url(url)].get(commit)
        if found is None:
            raise NotFound(f"unable to resolve '{commit}' to a commit SHA")
        if isinstance(found, SourceError):
            raise found
        return found

    def _known(self, url: str) -> Mapping[str, str]:
        key = normalise_url(url)
        if key in self._broken:
            raise self._broken[key]
        if key not in self._refs:
            raise NotFound("failed to list refs: repository not found: ")
        return self._refs[key]
