"""Reads untrusted tar archives with bounded metadata and guaranteed termination.

The standard library reads an extended header of any size into memory, follows one header to the next by recursion,
keeps a sparse file's map of any length, and loops forever on a negative size. Content is not bounded here: the reader
counts it.
"""

from __future__ import annotations

import tarfile
from typing import Final

HEADER_BYTES: Final = 1 << 20
"""Maximum size of one extended header, as in Go's reader."""
HEADERS: Final = 16
"""Maximum extended headers in front of one member; four have a meaning."""
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
    """`_proc_*` are the library's own hooks for member types; the tests fail if they are removed."""

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
    """`BoundedTar.open(...)` works like `tarfile.open(...)`. Raises TarError for anything out of bounds."""

    tarinfo = _Member
    headers = 0
    """Headers being read, each in front of the next."""
