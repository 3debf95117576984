"""A file to which a response is written while it arrives: outside the event loop, complete or not at all.

A response may be a gigabyte, and many are fetched at one time.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

KEPT_FREE: Final = 64 * 1024 * 1024
"""Bytes of the disk that are left free for others."""


class Landing:
    """`take` is an `egress.Sink`. Raises OSError for a full disk."""

    def __init__(self, file: BinaryIO, place: Path) -> None:
        self._file, self._place = file, place
        self._hash = hashlib.sha256()

    async def take(self, part: bytes) -> None:
        await asyncio.to_thread(self._write, part)

    def _write(self, part: bytes) -> None:
        if shutil.disk_usage(self._place).free - len(part) < KEPT_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._file.write(part)
        self._hash.update(part)

    @property
    def digest(self) -> str:
        """Of the bytes so far, as OCI writes it."""
        return f"sha256:{self._hash.hexdigest()}"


@asynccontextmanager
async def landing(place: Path) -> AsyncIterator[Landing]:
    """The file is at `place` once the block exits without an error; an existing one is kept until then.

    Raises OSError, such as for a full disk.
    """
    part = place.with_name(f".{place.name}.part")
    file = await asyncio.to_thread(_opened, part)
    try:
        yield Landing(file, part.parent)
        await asyncio.to_thread(file.close)
        await asyncio.to_thread(part.replace, place)
    finally:
        await asyncio.to_thread(file.close)
        await asyncio.to_thread(part.unlink, missing_ok=True)


def _opened(part: Path) -> BinaryIO:
    """Always a new file: a link of that name is not followed."""
    part.parent.mkdir(parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    return part.open("xb")
