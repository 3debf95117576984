"""Commits, pushes and notes: the `sources.port.GitWriter` over the mirrors, without a work tree.

`git fast-import` makes a commit from its parent and the changed files in one go: nothing is checked out, so there is
no file system to attack, no filter, no hook. Commits that were never pushed stay in the mirror, unreferenced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from argosy.runtime.clock import Clock
from argosy.sources.git.content.tree import GitStorage, Objects
from argosy.sources.git.failures import failure, push_failure
from argosy.sources.git.mirror.store import ANYONE
from argosy.sources.git.refs import FULL_SHA, check_branch
from argosy.sources.git.remote import GitMirrors
from argosy.sources.paths import shown
from argosy.sources.port import Author, Credentials, Described, Outrun, Rejected, Tree, Unavailable
from argosy.sources.tree import MemoryStorage, RootedTree
from argosy.sources.urls import check_git_url

NOTE_LIMIT: Final = 64 * 1024
NOTE_TRIES: Final = 8
NOTE_PAUSE: Final = 0.05
"""Seconds before the first retry; doubled for each further one."""

NOTE_MESSAGE: Final = "Notes added by 'git notes add'\n"
SCRATCH: Final = "refs/argosy/written"
"""The reference that fast-import moves; nobody reads it."""

_FORMAT: Final = "--format=%an <%ae>%x00%at%x00%B%x00%(trailers:only,unfold)"


class WritingMirrors:
    """`allow_local` as in `GitSettings`: whether paths on this machine may be pushed to."""

    def __init__(self, mirrors: GitMirrors, clock: Clock, *, allow_local: bool = False) -> None:
        self._mirrors = mirrors
        self._clock = clock
        self._allow_local = allow_local

    async def head(self, url: str, branch: str, credentials: Credentials) -> str:
        refs = await self._mirrors.refs(url, credentials)
        commit = refs.commits.get(f"refs/heads/{check_branch(branch)}", "")
        if commit:
            await self._mirrors.objects(url, commit, credentials)
        return commit

    async def tree(self, url: str, commit: str, credentials: Credentials) -> Tree:
        return await self._rooted(url, commit, credentials)

    async def describe(self, url: str, commit: str, credentials: Credentials) -> Described:
        await self._mirrors.objects(url, commit, credentials)
        arguments = ("-c", "log.showSignature=false", "show", "-s", "--encoding=UTF-8", _FORMAT, _sha(commit))
        finished = await self._mirrors.run_in_mirror(url, arguments, credentials, local=True)
        if finished.status != 0:
            raise failure("failed to show a commit", url, finished.errors, credentials)
        author, seconds, message, trailers = finished.output.split("\0", 3)
        when = datetime.fromtimestamp(int(seconds or "0"), UTC)
        lines = tuple(line for line in trailers.split("\n") if line.strip())
        return Described(author=author, authored_at=when, message=message.strip(), trailers=lines)

    async def commit(
        self,
        url: str,
        parent: str,
        changes: Mapping[str, bytes | None],
        message: str,
        author: Author,
        credentials: Credentials,
    ) -> str:
        tree = await self._rooted(url, parent, credentials) if parent else RootedTree(MemoryStorage({}))
        lines: list[bytes] = []
        for path, data in sorted(changes.items()):
            place = _quoted(tree.place(path))
            lines += [b"D ", place, b"\n"] if data is None else [b"M 100644 inline ", place, b"\n", _data(data)]
        return await self._written(url, parent, message, author, lines, credentials)

    async def push(self, url: str, branch: str, commit: str, credentials: Credentials) -> None:
        await self._push(url, f"refs/heads/{check_branch(branch)}", commit, credentials)

    async def note(self, url: str, commit: str, namespace: str, credentials: Credentials) -> str:
        head = await self._notes(url, namespace, credentials)
        if not head:
            return ""
        objects = await self._mirrors.objects(url, head, credentials)
        return await self._mirrors.in_thread(_note_of, objects, objects.root_of(head), _sha(commit))

    async def annotate(
        self, url: str, commit: str, namespace: str, text: str, author: Author, credentials: Credentials
    ) -> None:
        await self._mirrors.objects(url, _sha(commit), credentials)
        pause = NOTE_PAUSE
        for number in range(NOTE_TRIES):
            if number:
                await self._clock.sleep(pause)
                pause *= 2
            head = await self._notes(url, namespace, credentials)
            lines = [b"N inline ", _sha(commit).encode(), b"\n", _data(f"{text}\n".encode())]
            made = await self._written(url, head, NOTE_MESSAGE, author, lines, credentials)
            try:
                await self._push(url, _notes_ref(namespace), made, credentials)
            except Outrun as error:
                last = error
            else:
                return
        raise Unavailable(f"the note was outrun {NOTE_TRIES} times: {last}")

    async def _rooted(self, url: str, commit: str, credentials: Credentials) -> RootedTree:
        """The files as they are: submodules and LFS files do not matter to a writer."""
        objects = await self._mirrors.objects(url, _sha(commit), credentials)
        root = await self._mirrors.in_thread(objects.root_of, commit)
        return RootedTree(GitStorage(objects, root))

    async def _notes(self, url: str, namespace: str, credentials: Credentials) -> str:
        """The commit of the remote's notes, fetched; "" when it has none."""
        ref = _notes_ref(namespace)
        head = (await self._mirrors.refs(url, credentials)).commits.get(ref, "")
        if head and not self._mirrors.has(url, head, credentials):
            await self._mirrors.fetch_ref(url, ref, credentials)
        return head

    async def _written(
        self,
        url: str,
        parent: str,
        message: str,
        author: Author,
        lines: Iterable[bytes],
        credentials: Credentials = ANYONE,
    ) -> str:
        when = f"{_person(author)} {int(self._clock.now().timestamp())} +0000\n".encode()
        head = [f"commit {SCRATCH}\nmark :1\n".encode(), b"author ", when, b"committer ", when, _data(message.encode())]
        origin = [f"from {_sha(parent)}\n".encode()] if parent else []
        stream = b"".join([*head, *origin, *lines, b"\nget-mark :1\n"])
        arguments = ("fast-import", "--quiet", "--force", "--date-format=raw")
        finished = await self._mirrors.run_in_mirror(url, arguments, credentials, stream, local=True)
        if finished.status != 0 or not FULL_SHA.fullmatch(finished.output.strip()):
            raise failure("failed to commit", url, finished.errors, Credentials())
        return finished.output.strip()

    async def _push(self, url: str, ref: str, commit: str, credentials: Credentials) -> None:
        where = check_git_url(url, allow_local=self._allow_local)
        arguments = (
            "-c", "push.gpgSign=false", "push", "--no-verify", "--no-follow-tags", "--recurse-submodules=no",
            "--", where, f"{_sha(commit)}:{ref}",
        )  # fmt: skip
        finished = await self._mirrors.run_in_mirror(url, arguments, credentials)
        if finished.status != 0:
            raise push_failure(url, finished.errors, credentials)


def _sha(commit: str) -> str:
    if not FULL_SHA.fullmatch(commit):
        raise Rejected(f"commit {shown(commit)} is not a full SHA")
    return commit


def _notes_ref(namespace: str) -> str:
    return f"refs/notes/{check_branch(namespace)}"


def _data(data: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(data), data)


def _quoted(path: str) -> bytes:
    """For fast-import; the path check has refused control characters and backslashes."""
    return ('"' + path.replace('"', '\\"') + '"').encode()


def _person(author: Author) -> str:
    """As git cleans it: characters that would end a name or an address are dropped."""
    name, email = (
        "".join(char for char in text if char not in "<>" and char.isprintable()).strip()
        for text in (author.name, author.email)
    )
    if not name or not email:
        raise Rejected("the author of a commit needs a name and an email")
    return f"{name} <{email}>"


def _note_of(objects: Objects, root: str, commit: str) -> str:
    """Notes are named by the commit, its start split into directories of two digits where there are many."""
    oid, rest = root, commit
    while True:
        children = objects.children(oid)
        if (found := children.get(rest)) is not None and found.kind == "file":
            return objects.blob(found.oid, commit, NOTE_LIMIT).decode("utf-8", "replace").strip()
        below = children.get(rest[:2])
        if below is None or below.kind != "dir" or len(rest) <= 2:
            return ""
        oid, rest = below.oid, rest[2:]
