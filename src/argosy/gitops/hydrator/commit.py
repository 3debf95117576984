"""Commits a group's manifests to their branch: once, however often it is repeated (spec 16).

A note on the branch's head records which dry commit was pushed. If a process dies before the note is written, the next
run finds nothing to change, and only adds the note.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.gitops.hydrator.files import Hydrated, changes
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.port import Author, Credentials, GitWriter, NotFound, Outrun, Tree

NOTES: Final = "hydrator.metadata"
TRIES: Final = 5
PAUSE: Final = 0.1
"""Seconds before the second attempt; doubled for each."""

FILE_LIMIT: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRequest:
    """`is_known`: all applications were hydrated from this commit already, so that the branch's note is trusted."""

    repository: str
    sync_branch: str
    branch: str
    dry: str
    message: str
    metadata: JsonObject
    shares: Sequence[Hydrated]
    author: Author
    is_known: bool


async def committed(work: CommitRequest, writer: GitWriter, credentials: Credentials, clock: Clock) -> str:
    """The hydrated commit. A lost race is repeated from the new state. Raises SourceError."""
    pause = PAUSE
    for left in range(TRIES - 1, -1, -1):
        try:
            return await _commit(work, writer, credentials)
        except Outrun:
            if not left:
                raise
            await clock.sleep(pause)
            pause *= 2
    raise AssertionError("unreachable")


async def _commit(work: CommitRequest, writer: GitWriter, credentials: Credentials) -> str:
    url, author = work.repository, work.author
    head = await _head(work, writer, credentials)
    is_noted = _is_of(await writer.note(url, head, NOTES, credentials), work.dry)
    if is_noted and work.is_known:
        return head
    tree = await writer.tree(url, head, credentials)
    if changed := changes(work.shares, work.metadata, _reader(tree)):
        head = await writer.commit(url, head, dict(changed), work.message, author, credentials)
        await writer.push(url, work.branch, head, credentials)
        is_noted = False
    if not is_noted:
        note = json.dumps({"drySha": work.dry}, separators=(",", ":"))
        await writer.annotate(url, head, NOTES, note, author, credentials)
    return head


async def _head(work: CommitRequest, writer: GitWriter, credentials: Credentials) -> str:
    """Head of the branch; a missing one starts at the sync branch, and that one with an empty commit."""
    url, sync = work.repository, work.sync_branch
    sync_head = await writer.head(url, sync, credentials)
    if not sync_head:
        message = f"Initial commit for {sync}\n"
        sync_head = await writer.commit(url, "", {}, message, work.author, credentials)
        await writer.push(url, sync, sync_head, credentials)
    return sync_head if sync == work.branch else await writer.head(url, work.branch, credentials) or sync_head


def _reader(tree: Tree) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return tree.read(path, limit=FILE_LIMIT)
        except NotFound:
            return None

    return read


def _is_of(note: str, dry: str) -> bool:
    try:
        found = json.loads(note)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("drySha") == dry
