"""Unpacks untrusted tar archives within limits (spec/security.md rules 1 and 2).

Bytes are counted as they are inflated, so a bomb stops at the limit and not when memory is exhausted. Hard links,
devices, sparse files and links out of the root are refused. Large content goes to an unnamed file
(sources/contents.py): no path of an archive ever becomes a path on a disk.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from dataclasses import dataclass
from functools import partial
from mmap import mmap
from pathlib import Path

from argosy.machinery.bounded_tar import BoundedTar
from argosy.sources.contents import Content, Contents
from argosy.sources.paths import OutOfRoot, is_git_directory, normalise, shown
from argosy.sources.port import Rejected, Unavailable
from argosy.sources.tree import ListedStorage, RootedTree, first_link_out_of_root, out_of_bounds

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Maximum bytes inflated in total, files, and bytes per packed byte (above `ratio_from` bytes)."""

    total: int = 1024 * 1024 * 1024
    files: int = 10_000
    ratio: int = 200
    ratio_from: int = 1024 * 1024
    setting: str = ""
    """The operator's name for `total`, for the error."""


def unpack(
    data: bytes | mmap,
    *,
    limits: ArchiveLimits | None = None,
    strip_root: bool = False,
    directory: Path | None = None,
    is_checkout: bool = False,
) -> RootedTree:
    """The files of a tar archive, gzipped or not. `strip_root`: without the single directory around them.

    `directory`: where large contents are stored. `is_checkout`: files below `.git` are left out instead of refused.
    """
    reader, contents = _Inflating(data, limits or ArchiveLimits()), Contents(directory)
    files: dict[str, Content] = {}
    links: dict[str, str] = {}
    try:
        with BoundedTar.open(fileobj=reader, mode="r|") as archive:
            for member in archive:
                if is_checkout and any(map(is_git_directory, member.name.split("/"))):
                    continue
                _take(archive, member, files, links, limits or ArchiveLimits(), contents)
    except OSError as error:
        raise Unavailable(f"the archive cannot be unpacked: {error.strerror or shown(str(error))}") from None
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        raise Rejected(f"the archive cannot be read: {shown(str(error))}") from None
    if strip_root:
        files, links = _without_root(files, links)
    listed = {path: (content.oid, content.size) for path, content in files.items()}
    storage = ListedStorage(listed, links, lambda path: contents.read(files[path]))
    if out := first_link_out_of_root(storage):
        raise out_of_bounds(out)
    return RootedTree(storage)


def _take(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    files: dict[str, Content],
    links: dict[str, str],
    limits: ArchiveLimits,
    contents: Contents,
) -> None:
    name = normalise(member.name.rstrip("/"))
    if member.isdir() or not name:
        return
    if len(files) + len(links) >= limits.files:
        raise Rejected(f"the archive has more than {limits.files} files")
    if member.issparse() or not (member.isreg() or member.issym()):
        raise Rejected(f"{shown(name)}: is neither a file nor a directory nor a symlink")
    if member.issym():
        links[name] = member.linkname
        files.pop(name, None)
        return
    content = archive.extractfile(member)
    assert content is not None
    files[name] = contents.add(iter(partial(content.read, _CHUNK), b""))
    links.pop(name, None)


def _without_root(files: dict[str, Content], links: dict[str, str]) -> tuple[dict[str, Content], dict[str, str]]:
    roots = {path.partition("/")[0] for path in (*files, *links)}
    if len(roots) != 1 or any("/" not in path for path in (*files, *links)):
        raise OutOfRoot("the archive does not hold one directory")
    return (
        {path.partition("/")[2]: data for path, data in files.items()},
        {path.partition("/")[2]: target for path, target in links.items()},
    )


class _Inflating(io.RawIOBase):
    """The archive's tar bytes, inflated on demand, and counted."""

    def __init__(self, data: bytes | mmap, limits: ArchiveLimits) -> None:
        super().__init__()
        self._source = memoryview(data)
        self._at = 0
        self._limits = limits
        self._inflate = zlib.decompressobj(31) if data[:2] == b"\x1f\x8b" else None
        self._given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = size if size >= 0 else self._limits.total + 1
        parts: list[bytes] = []
        while wanted > 0 and (part := self._part(min(wanted, _CHUNK))):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _part(self, size: int) -> bytes:
        if self._inflate is None:
            part = bytes(self._source[self._at : self._at + size])
            self._at += len(part)
        else:
            part = self._inflated(size)
        self._given += len(part)
        if self._given > self._limits.total:
            named = f" ({self._limits.setting})" if self._limits.setting else ""
            raise Rejected(f"the archive is larger than {self._limits.total} bytes when unpacked{named}")
        if self._given > self._limits.ratio_from and self._given > self._limits.ratio * max(1, len(self._source)):
            raise Rejected(f"the archive grows more than {self._limits.ratio} times when unpacked")
        return part

    def _inflated(self, size: int) -> bytes:
        assert self._inflate is not None
        while not self._inflate.eof:
            pending = self._inflate.unconsumed_tail
            if not pending:
                pending = bytes(self._source[self._at : self._at + _CHUNK])
                self._at += len(pending)
                if not pending:
                    return b""
            if part := self._inflate.decompress(pending, size):
                return part
        return b""
