"""Git LFS: finds pointers in a commit, and fetches and caches their files with the batch API (HTTP).

Only for repositories with `enableLfs`. Content is verified by its SHA-256, which the pointer in the commit contains.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson
import re2

from argosy.sources.egress import Egress, origin_of, refused_status
from argosy.sources.helm import basic
from argosy.sources.paths import is_git_directory
from argosy.sources.port import Credentials, Entry, Rejected, Unavailable
from argosy.sources.scrub import scrub
from argosy.sources.tree import Storage, too_large
from argosy.sources.urls import host_of, is_ssh

POINTER_LIMIT: Final = 1024
OBJECT_LIMIT: Final = 64 * 1024 * 1024
TOTAL_LIMIT: Final = 512 * 1024 * 1024
BATCH: Final = 100
ANSWER_LIMIT: Final = 8 * 1024 * 1024
MEDIA_TYPE: Final = "application/vnd.git-lfs+json"
PATHS_LIMIT: Final = 500_000

_POINTER = re2.compile(
    rb"^version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,15})\n?$"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    oid: str
    """SHA-256 of the content."""
    size: int


def parse_pointer(data: bytes) -> Pointer | None:
    match = _POINTER.match(data)
    return Pointer(match.group(1).decode(), int(match.group(2))) if match else None


def pointers(storage: Storage) -> dict[str, Pointer]:
    """By the pointer file's own oid; empty unless some `.gitattributes` uses LFS. Blocking."""
    attributes, found = False, {}
    for path, entry in _files(storage):
        try:
            data = storage.content(path, entry, 64 * 1024 if entry.name == ".gitattributes" else POINTER_LIMIT)
        except Rejected:
            continue
        attributes = attributes or (entry.name == ".gitattributes" and b"filter=lfs" in data)
        if pointer := parse_pointer(data):
            found[entry.oid] = pointer
    return found if attributes else {}


def _files(storage: Storage) -> Iterator[tuple[str, Entry]]:
    waiting, seen = [("", storage.root)], 0
    while waiting:
        path, directory = waiting.pop()
        for name, entry in storage.children(path, directory).items():
            seen += 1
            if seen > PATHS_LIMIT:
                raise Rejected(f"more than {PATHS_LIMIT} files, too many to be searched for LFS pointers")
            here = f"{path}/{name}" if path else name
            if entry.kind == "dir" and not is_git_directory(name):
                waiting.append((here, entry))
            elif entry.kind == "file":
                yield here, entry


def endpoint(url: str) -> str:
    """Where a repository's LFS server is by convention; for an ssh URL, the same path by https."""
    base = url.rstrip("/")
    if is_ssh(base):
        path = base.partition("://")[2].partition("/")[2] if "://" in base else base.partition(":")[2]
        base = f"https://{host_of(base)}/{path.lstrip('/')}"
    return f"{base.removesuffix('.git')}.git/info/lfs"


class LfsStore:
    """Contents stored in one directory by their SHA-256."""

    def __init__(self, directory: Path, egress: Egress) -> None:
        self._directory = directory
        self._egress = egress

    def path(self, oid: str) -> Path:
        return self._directory / oid[:2] / oid

    async def ensure(self, url: str, wanted: Iterable[Pointer], credentials: Credentials) -> None:
        """Fetches what is not stored yet. Raises a SourceError."""
        if sum(pointer.size for pointer in set(wanted)) > TOTAL_LIMIT:
            raise Rejected(f"{scrub(url)}: the LFS files are larger than the limit of {TOTAL_LIMIT} bytes together")
        missing = sorted({pointer for pointer in wanted if not self.path(pointer.oid).exists()}, key=lambda it: it.oid)
        for pointer in missing:
            if pointer.size > OBJECT_LIMIT:
                raise too_large(f"LFS object {pointer.oid}", OBJECT_LIMIT)
        server = endpoint(url)
        # Over ssh there is no password that could be sent by https: such a server is called anonymously.
        authorization = "" if is_ssh(url) else basic(credentials)
        for start in range(0, len(missing), BATCH):
            await self._batch(server, missing[start : start + BATCH], credentials, authorization)

    async def _batch(self, server: str, batch: list[Pointer], credentials: Credentials, authorization: str) -> None:
        asked = {
            "operation": "download",
            "transfers": ["basic"],
            "hash_algo": "sha256",
            "objects": [{"oid": pointer.oid, "size": pointer.size} for pointer in batch],
        }
        answer = await self._egress.post(
            f"{server}/objects/batch",
            credentials,
            orjson.dumps(asked),
            limit=ANSWER_LIMIT,
            headers={"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE},
            authorization=authorization,
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to fetch LFS objects")
        actions = _actions(server, answer.body)
        for pointer in batch:
            if pointer.oid not in actions:
                raise Unavailable(f"{scrub(server)}: has no LFS object {pointer.oid}")
            await self._download(server, pointer, actions[pointer.oid], credentials, authorization)

    async def _download(
        self, server: str, pointer: Pointer, action: Mapping[str, Any], credentials: Credentials, authorization: str
    ) -> None:
        href = str(action.get("href") or "")
        given = {str(name): str(value) for name, value in (action.get("header") or {}).items()}
        own = next((value for name, value in given.items() if name.lower() == "authorization"), "")
        same = _same_origin(href, server)
        elsewhere = Credentials(proxy=credentials.proxy, no_proxy=credentials.no_proxy)
        answer = await self._egress.get(
            href,
            credentials if same else elsewhere,
            limit=pointer.size,
            headers={name: value for name, value in given.items() if name.lower() != "authorization"},
            authorization=own or (authorization if same else ""),
        )
        if answer.status != 200:
            raise refused_status(answer, "failed to fetch an LFS object")
        if len(answer.body) != pointer.size or hashlib.sha256(answer.body).hexdigest() != pointer.oid:
            raise Rejected(f"{scrub(server)}: LFS object {pointer.oid} arrived with another content")
        self._keep(pointer.oid, answer.body)

    def _keep(self, oid: str, data: bytes) -> None:
        """Completely or not at all, also when the process is killed."""
        path = self.path(oid)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).replace(path)


class LfsStorage:
    """A storage in which pointers are replaced by their content."""

    def __init__(self, inner: Storage, known: Mapping[str, Pointer], store: LfsStore) -> None:
        self._inner = inner
        self._known = known
        self._store = store
        self.root = Entry("", "dir", f"{inner.root.oid}+lfs")

    def children(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        found = self._inner.children(path, entry if path else self._inner.root)
        if not any(child.oid in self._known for child in found.values()):
            return found
        return {
            name: replace(child, size=self._known[child.oid].size) if child.oid in self._known else child
            for name, child in found.items()
        }

    def content(self, path: str, entry: Entry, limit: int) -> bytes:
        pointer = self._known.get(entry.oid)
        if pointer is None:
            return self._inner.content(path, entry, limit)
        if pointer.size > limit:
            raise too_large(path, limit)
        try:
            return self._store.path(pointer.oid).read_bytes()
        except OSError:
            raise Unavailable(f"LFS object {pointer.oid} is no longer kept; refresh to fetch it again") from None

    def target(self, path: str, entry: Entry) -> str:
        return self._inner.target(path, entry)


def _actions(server: str, body: bytes) -> dict[str, Mapping[str, Any]]:
    """By oid: where to download each object. An object's own error raises."""
    try:
        objects = orjson.loads(body)["objects"]
        for item in objects:
            if problem := item.get("error"):
                raise Unavailable(
                    f"{scrub(server)}: LFS object {scrub(str(item['oid']))}: {scrub(str(problem['code']))}"
                )
        return {item["oid"]: item["actions"]["download"] for item in objects if item.get("actions")}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise Unavailable(f"{scrub(server)}: its answer is not that of an LFS server") from None


def _same_origin(one: str, other: str) -> bool:
    try:
        return origin_of(one) == origin_of(other)
    except ValueError:
        return False
