"""Tar archives of strangers: what is said about members stays small, and reading goes on or ends.

The standard library takes an extended header of any size into memory, follows one header to the next by recursion,
keeps a sparse file's map of any length, and goes back where a size is negative, for ever. Content is not bounded here:
who reads it counts it.
"""

from __future__ import annotations

import tarfile
from typing import Final

HEADER_BYTES: Final = 1 << 20
"""Of one extended header, as Go's reader has it."""
HEADERS: Final = 16
"""Extended headers in front of one member; four have a meaning."""
_EXTENDED: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)


class _Member(tarfile.TarInfo):
    """`_proc_*` are the library's own hooks for members of a kind; the tests notice when they are no more."""

    def _proc_member(self, archive: BoundedTar) -> tarfile.TarInfo:
        if self.size < 0:
            raise tarfile.ReadError("a member has a negative size")
        if self.type not in _EXTENDED:
            return super()._proc_member(archive)  # type: ignore[no-any-return, misc]
        if self.size > HEADER_BYTES:
            raise tarfile.ReadError(f"an extended header is larger than {HEADER_BYTES} bytes")
        if archive.headers >= HEADERS:
            raise tarfile.ReadError(f"a member has more than {HEADERS} extended headers")
        archive.headers += 1
        try:
            return super()._proc_member(archive)  # type: ignore[no-any-return, misc]
        finally:
            archive.headers -= 1

    def _proc_sparse(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        raise tarfile.ReadError("sparse files are not read")

    def _proc_gnusparse_10(self, *_: object) -> None:
        raise tarfile.ReadError("sparse files are not read")


class BoundedTar(tarfile.TarFile):
    """`BoundedTar.open(...)` as `tarfile.open(...)`. Raises TarError for what is out of bounds."""

    tarinfo = _Member
    headers = 0
    """That are being read, each in front of the next."""
