"""Resolves a revision to a commit, given what a remote lists (spec/argo-cd-engine-2.md 11.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from argosy.sources.port import Rejected
from argosy.sources.scrub import scrub
from argosy.sources.versions import highest, is_constraint

FULL_SHA: Final = re.compile(r"[0-9a-f]{40}")
SHORT_SHA: Final = re.compile(r"[0-9a-f]{7,39}")
REVISION_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True)
class Refs:
    """A remote's references: full name -> commit, annotated tags peeled. `head` is what HEAD points to."""

    commits: Mapping[str, str] = field(default_factory=dict)
    head: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Annotated tags: full name -> the tag object itself."""


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """An abbreviated commit id; only the repository itself can complete it."""

    text: str


def parse_listing(text: str) -> Refs:
    """The output of `git ls-remote --symref`."""
    commits: dict[str, str] = {}
    peeled: dict[str, str] = {}
    head = ""
    for line in text.splitlines():
        oid, _, name = line.partition("\t")
        if oid.startswith("ref: "):
            head = oid.removeprefix("ref: ") if name == "HEAD" else head
        elif FULL_SHA.fullmatch(oid):
            if name.endswith("^{}"):
                peeled[name.removesuffix("^{}")] = oid
            else:
                commits[name] = oid
    return Refs({**commits, **peeled}, head, {name: commits[name] for name in peeled if name in commits})


def check_revision(revision: str) -> str:
    """Raises Rejected for text that git could treat as an option, or that is not a valid reference."""
    if revision.startswith("-") or len(revision) > REVISION_LIMIT or not (revision.isprintable() or not revision):
        raise Rejected(f"revision {scrub(revision)!r} is not allowed")
    return revision


def check_branch(branch: str) -> str:
    """Raises Rejected for an invalid branch name (git help check-ref-format)."""
    parts = branch.split("/")
    is_odd = branch.startswith("-") or branch.endswith(".") or ".." in branch or "@{" in branch or branch == "@"
    is_odd = is_odd or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    if is_odd or len(branch) > REVISION_LIMIT or any(ord(char) < 33 or char in "\x7f~^:?*[\\" for char in branch):
        raise Rejected(f"branch {scrub(branch)!r} is not allowed")
    return branch


def lookup(refs: Refs, revision: str, tag_prefix: str = "") -> str | Abbreviation | None:
    """The commit, an abbreviation to be completed, or None."""
    if FULL_SHA.fullmatch(revision):
        return revision
    if revision in ("", "HEAD"):
        return refs.commits.get("HEAD") or refs.commits.get(refs.head)
    if not tag_prefix and (exact := _exact(refs, revision)):
        return exact
    if is_constraint(revision) and (tag := _newest(refs, revision, tag_prefix)):
        return refs.commits[f"refs/tags/{tag}"]
    return Abbreviation(revision) if SHORT_SHA.fullmatch(revision) else None


def annotated(refs: Refs, revision: str, tag_prefix: str = "") -> str:
    """The tag object of a revision that `lookup` resolves to an annotated tag; else ""."""
    for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}"):
        if name in refs.commits and not tag_prefix:
            return refs.tags.get(name, "")
    newest = _newest(refs, revision, tag_prefix) if is_constraint(revision) else None
    return refs.tags.get(f"refs/tags/{newest}", "") if newest else ""


def _exact(refs: Refs, revision: str) -> str | None:
    """Branches before tags, as upstream."""
    for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}"):
        if name in refs.commits:
            return refs.commits[name]
    return None


def _newest(refs: Refs, constraint: str, prefix: str) -> str | None:
    tags = [name.removeprefix("refs/tags/") for name in refs.commits if name.startswith("refs/tags/")]
    stripped = [tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix)]
    best = highest(constraint, stripped)
    return None if best is None else prefix + best
