"""Discovers git commits: the newest of a branch, or tagged ones (spec/kargo.md 4.3).

`ls-remote` shows whether anything changed since `observedRefs` was written; if not, nothing is fetched or read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gotime import Time

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.git import GitTool
from argosy.promotion.expressions import ExpressionFault, evaluate
from argosy.promotion.warehouses.commits import BRANCHES, TAGS, GitSelector, Tag
from argosy.promotion.warehouses.subscriptions import DISCOVERY_LIMIT
from argosy.promotion.warehouses.versions import FilterFault
from argosy.sources.git.refs import Refs
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, NotFound

SUBJECT_LIMIT: Final = 80
FIRST_BATCH: Final = 64
LARGEST_BATCH: Final = 4096
READING: Final = ("-c", "core.quotePath=false", "log", "--first-parent", "--diff-merges=first-parent")
OBSERVED_TAGS: Final = 1000
IN_BRANCH: Final = ("error selecting relevant commits from branch: error evaluating filter expression",) * 2
AMONG_TAGS: Final = (
    "error filtering tags by expression: error evaluating tag filter expression",
    "error filtering tags by expression: error parsing expression result",
)
_FORMAT: Final = "--format=%x1e%H%x1f%P%x1f%ct%x1f%an <%ae>%x1f%cn <%ce>%x1f%s%x1f"


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    parent: str
    """The first parent; empty for the first commit of the history."""
    committed_at: int
    author: str
    committer: str
    subject: str
    files: tuple[str, ...]


@dataclass(slots=True)
class _History:
    """The first-parent history of one commit, as far as it was read."""

    commits: list[Commit] = field(default_factory=list)
    complete: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class GitDiscovery:
    def __init__(self, mirrors: GitMirrors, git: GitTool) -> None:
        self._mirrors, self._git = mirrors, git
        self._histories: dict[tuple[Path, str], _History] = {}
        self._newest: dict[tuple[Path, str], str] = {}
        """The head of the branch whose history was read last."""

    async def found(self, body: JsonObject, credentials: Credentials, age: float) -> JsonObject:
        """The entry of `status.discoveredArtifacts.git`. Raises SourceError, SelectionError, FilterFault.

        `age`: the seconds since this was requested; a listing made since then for another subscription is new enough.
        """
        selector = GitSelector(body)
        refs = await self._mirrors.refs(body["repoURL"], credentials, max_age=age)
        shape: JsonObject = {"repoURL": body["repoURL"]}
        if selector.by_tag:
            commits, observed = await self._tagged(selector, body, refs, credentials)
            return {**shape, "commits": commits, **_observed(observed)}
        head = self._head(selector, refs)
        commits = await self._of_branch(selector, body, head, credentials)
        return {**shape, "commits": commits, "observedRefs": {"branchHead": head}}

    def _head(self, selector: GitSelector, refs: Refs) -> str:
        ref = f"{BRANCHES}{selector.branch}" if selector.branch else refs.head or "HEAD"
        head = refs.commits.get(ref) or (refs.commits.get("HEAD") if not selector.branch else None)
        if not head:
            raise NotFound(f"the repository has no branch {selector.branch or 'HEAD'!r}")
        return head

    async def _of_branch(
        self, selector: GitSelector, body: JsonObject, head: str, credentials: Credentials
    ) -> list[JsonObject]:
        since = _since(body)
        limit, chosen, at = int(body.get("discoveryLimit") or DISCOVERY_LIMIT), list[JsonObject](), 0
        await self._mirrors.objects(body["repoURL"], head, credentials)
        history = await self._history(body["repoURL"], selector.branch, head, credentials)
        while len(chosen) < limit:
            if at >= len(history.commits) and not await self._more(body["repoURL"], head, history, credentials):
                break
            for commit in history.commits[at:]:
                at += 1
                if since and commit.committed_at < since:
                    return chosen
                if self._accepts(selector, body, commit):
                    chosen.append(_shown(commit, selector.branch))
                if len(chosen) >= limit:
                    break
        self._forget_old(body["repoURL"], head, credentials)
        return chosen

    def _accepts(self, selector: GitSelector, body: JsonObject, commit: Commit) -> bool:
        if selector.filters_paths() and not selector.accepts_files(commit.files):
            return False
        if not body.get("expressionFilter"):
            return True
        names = {
            "id": commit.id,
            "commitDate": _time(commit.committed_at),
            "author": commit.author,
            "committer": commit.committer,
            "subject": commit.subject,
        }
        return holds(body["expressionFilter"], names)

    async def _history(self, url: str, branch: str, head: str, credentials: Credentials) -> _History:
        mirror = self._mirrors.mirror(url, credentials)
        if (mirror, head) not in self._histories:
            history = self._histories[mirror, head] = _History()
            former, self._newest[mirror, branch] = self._newest.get((mirror, branch), ""), head
            if known := self._histories.get((mirror, former)):
                async with history.lock:
                    await self._continued(mirror, history, head, known)
        return self._histories[mirror, head]

    async def _continued(self, mirror: Path, history: _History, head: str, known: _History) -> None:
        """The new commits on top of a known history, unless the branch was force-pushed elsewhere."""
        if not known.commits:
            return
        top = known.commits[0].id
        read = (*READING, "--name-only", "--no-renames", "-z", f"--max-count={LARGEST_BATCH}", _FORMAT, head, f"^{top}")
        found = list(_parsed((await self._git.attempt(mirror, *read)).output))
        if found and found[-1].parent == top:
            history.commits, history.complete = found + known.commits, known.complete

    async def _more(self, url: str, head: str, history: _History, credentials: Credentials) -> bool:
        """Reads more of the history; False at its beginning."""
        known = len(history.commits)
        async with history.lock:
            if len(history.commits) > known:
                return True
            if history.complete:
                return False
            size = min(max(FIRST_BATCH, known * 2), LARGEST_BATCH)
            output = await self._git.run(
                self._mirrors.mirror(url, credentials), *READING, "--name-only", "--no-renames", "-z",
                f"--skip={known}", f"--max-count={size}", _FORMAT, head,
            )  # fmt: skip
            found = list(_parsed(output))
            history.commits += found
            history.complete = len(found) < size
            return bool(found)

    def _forget_old(self, url: str, head: str, credentials: Credentials) -> None:
        mirror = self._mirrors.mirror(url, credentials)
        for key in [key for key in self._histories if key[0] == mirror and key[1] != head][:-8]:
            del self._histories[key]

    async def _tagged(
        self, selector: GitSelector, body: JsonObject, refs: Refs, credentials: Credentials
    ) -> tuple[list[JsonObject], list[JsonObject]]:
        names = {
            ref.removeprefix(TAGS): commit
            for ref, commit in refs.commits.items()
            if ref.startswith(TAGS) and selector.accepts_tag(ref.removeprefix(TAGS))
        }
        observed = [{"name": name, "id": names[name]} for name in sorted(names)]
        if not names:
            return [], []
        for commit in set(names.values()):
            if not self._mirrors.has(body["repoURL"], commit, credentials):
                await self._mirrors.objects(body["repoURL"], commit, credentials)
                break
        details = await self._details(body["repoURL"], credentials)
        since, limit = _since(body), int(body.get("discoveryLimit") or DISCOVERY_LIMIT)
        known = [
            Tag(name=name, commit=commit, created_at=datetime.fromtimestamp(details[name]["created"], UTC))
            for name, commit in names.items()
            if name in details and details[name]["created"] >= since
        ]
        chosen: list[JsonObject] = []
        for tag in selector.ordered([tag for tag in known if self._tag_accepted(body, tag, details[tag.name])]):
            if len(chosen) >= limit:
                break
            if not selector.filters_paths() or selector.accepts_files(
                await self._files(body["repoURL"], tag.commit, credentials)
            ):
                chosen.append(_shown_tag(tag, details[tag.name]))
        return chosen, observed

    def _tag_accepted(self, body: JsonObject, tag: Tag, details: Mapping[str, Any]) -> bool:
        if not body.get("expressionFilter"):
            return True
        names = {
            "tag": tag.name,
            "id": tag.commit,
            "creatorDate": _time(details["created"]),
            **{name: details[name] for name in ("author", "committer", "subject", "tagger", "annotation")},
        }
        return holds(body["expressionFilter"], names, AMONG_TAGS)

    async def _details(self, url: str, credentials: Credentials) -> dict[str, JsonObject]:
        fields = (
            "%(refname:strip=2)", "%(creatordate:unix)", "%(taggername) %(taggeremail)", "%(contents:subject)",
            "%(*authorname) %(*authoremail)", "%(*committername) %(*committeremail)", "%(*subject)",
            "%(authorname) %(authoremail)", "%(committername) %(committeremail)", "%(subject)",
        )  # fmt: skip
        output = await self._git.run(
            self._mirrors.mirror(url, credentials), "for-each-ref", f"--format={'%1f'.join(fields)}%1e", "refs/tags"
        )
        found: dict[str, JsonObject] = {}
        for record in output.split("\x1e"):
            parts = record.strip("\n").split("\x1f")
            if len(parts) != len(fields):
                continue
            name, created, tagger, annotation, *rest = parts
            annotated = bool(tagger.strip())
            author, committer, subject = rest[:3] if annotated else rest[3:]
            found[name] = {
                "created": int(created or 0),
                "tagger": tagger.strip(),
                "annotation": annotation if annotated else "",
                "author": author,
                "committer": committer,
                "subject": subject,
            }
        return found

    async def _files(self, url: str, commit: str, credentials: Credentials) -> list[str]:
        output = await self._git.run(
            self._mirrors.mirror(url, credentials), *READING, "-1", "--name-only", "--no-renames", "-z", _FORMAT,
            commit,
        )  # fmt: skip
        return [path for found in _parsed(output) for path in found.files]


def holds(expression: str, names: Mapping[str, Any], where: tuple[str, str] = IN_BRANCH) -> bool:
    """A bool, or a text that Go's ParseBool accepts. Raises FilterFault; `where` names the operation."""
    evaluating, parsing = where
    try:
        found = evaluate(expression, names)
    except ExpressionFault as fault:
        raise FilterFault(f"{evaluating}: {fault}") from None
    if isinstance(found, bool):
        return found
    shown = found if isinstance(found, str) else "<nil>" if found is None else json.dumps(found)
    if shown in ("1", "t", "T", "TRUE", "true", "True"):
        return True
    if shown in ("0", "f", "F", "FALSE", "false", "False"):
        return False
    raise FilterFault(f"{parsing}: strconv.ParseBool: parsing {json.dumps(shown, ensure_ascii=False)}: invalid syntax")


def _parsed(output: str) -> Iterator[Commit]:
    for record in output.split("\x1e")[1:]:
        id_, parents, committed, author, committer, subject, files = record.split("\x1f", 6)
        names = tuple(name.strip("\n") for name in files.split("\0") if name.strip("\n"))
        yield Commit(id_, parents.partition(" ")[0], int(committed), author, committer, _shortened(subject), names)


def _shortened(subject: str) -> str:
    return subject if len(subject) <= SUBJECT_LIMIT else subject[: SUBJECT_LIMIT - 3] + "..."


def _shown(commit: Commit, branch: str) -> JsonObject:
    shape = {
        "id": commit.id,
        "branch": branch,
        "creatorDate": timestamps.seconds(datetime.fromtimestamp(commit.committed_at, UTC)),
        "author": commit.author,
        "committer": commit.committer,
        "subject": commit.subject,
    }
    return {name: value for name, value in shape.items() if value}


def _shown_tag(tag: Tag, details: Mapping[str, Any]) -> JsonObject:
    shape = {
        "id": tag.commit,
        "tag": tag.name,
        "creatorDate": timestamps.seconds(tag.created_at),
        "author": details["author"],
        "committer": details["committer"],
        "subject": _shortened(details["subject"]),
        "annotation": details["annotation"],
        "tagger": details["tagger"],
    }
    return {name: value for name, value in shape.items() if value}


def _observed(tags: list[JsonObject]) -> JsonObject:
    if len(tags) > OBSERVED_TAGS:
        return {}
    return {"observedRefs": {"tags": tags} if tags else {}}


def _since(body: JsonObject) -> int:
    return int(timestamps.parse(body["since"]).timestamp()) if body.get("since") else 0


def _time(moment: int) -> Time:
    return Time.from_datetime(datetime.fromtimestamp(moment, UTC))
