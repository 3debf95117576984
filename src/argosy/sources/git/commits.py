"""Commit metadata: author, date, message, and the tags that refer to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dulwich.objects import Commit

from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials

TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitInfo:
    author: str
    """`name <email>`."""
    date: datetime
    """The committer date."""
    message: str
    tags: tuple[str, ...] = ()


async def commit_info(git: GitMirrors, url: str, revision: str, credentials: Credentials) -> CommitInfo:
    """Raises SourceError."""
    commit = await git.resolve(url, revision, credentials)
    objects = await git.objects(url, commit, credentials)
    raw = await git.in_thread(objects.commit, commit)
    refs = await git.refs(url, credentials)
    tags = sorted(
        name.removeprefix(TAGS) for name, to in refs.commits.items() if name.startswith(TAGS) and to == commit
    )
    return read_commit(raw, tuple(tags))


def read_commit(raw: bytes, tags: tuple[str, ...] = ()) -> CommitInfo:
    found = Commit.from_string(raw)
    assert isinstance(found, Commit)
    return CommitInfo(
        author=found.author.decode("utf-8", "replace"),
        date=datetime.fromtimestamp(found.commit_time, UTC),
        message=found.message.decode("utf-8", "replace").strip(),
        tags=tags,
    )
