"""What a step changed in the working directory: paths, and text differences.

The result stays small: for a large file, or if there are many, only the path is shown. Blocking.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILES: Final = 20_000
TEXT_BYTES: Final = 64 * 1024
ALL_BYTES: Final = 64 * 1024 * 1024
LINES: Final = 2_000
SHOWN_FILES: Final = 20
SHOWN_LINES: Final = 60


@dataclass(frozen=True, slots=True)
class _File:
    signature: tuple[int, int, int]
    content: bytes | None
    """None if it is too large to be kept."""


class WorkingFiles:
    """Scans a directory repeatedly; each scan returns the changes since the one before."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, _File] = {}

    def changes(self) -> list[str]:
        before, self._known = self._known, self._read()
        paths = sorted(path for path in {*before, *self._known} if before.get(path) != self._known.get(path))
        lines = [line for path in paths[:SHOWN_FILES] for line in _description(path, before, self._known)]
        return [*lines, f"and {len(paths) - SHOWN_FILES} more files"] if len(paths) > SHOWN_FILES else lines

    def _read(self) -> dict[str, _File]:
        found: dict[str, _File] = {}
        kept = 0
        for path, status in _below(self._directory):
            if len(found) >= FILES:
                break
            name = str(path.relative_to(self._directory))
            signature = (status.st_size, status.st_mtime_ns, status.st_ino)
            known = self._known.get(name)
            content = known.content if known and known.signature == signature else None
            if content is None and status.st_size <= TEXT_BYTES and kept + status.st_size <= ALL_BYTES:
                content = path.read_bytes()
            kept += len(content or b"")
            found[name] = _File(signature, content)
        return found


def _below(directory: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Files only; nothing of git's own, and links are not followed."""
    for place, folders, names in os.walk(directory):
        folders[:] = sorted(folder for folder in folders if folder != ".git")
        for name in sorted(names):
            path = Path(place) / name
            status = path.lstat()
            if name != ".git" and stat.S_ISREG(status.st_mode):
                yield path, status


def _description(path: str, before: Mapping[str, _File], after: Mapping[str, _File]) -> list[str]:
    old, new = before.get(path), after.get(path)
    if old and new and old.content == new.content and old.content is not None:
        return []
    what = "removes" if new is None else "changes" if old else "writes"
    return [f"{what} {path}", *(f"  {line}" for line in _difference(old, new))]


def _difference(old: _File | None, new: _File | None) -> list[str]:
    before, after = _lines(old), _lines(new)
    if new is None or before is None or after is None:
        return []
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    more = [f"... {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []
    return lines[:SHOWN_LINES] + more


def _lines(file: _File | None) -> list[str] | None:
    """None if it is not text, or too long to be compared."""
    if file is None:
        return []
    if file.content is None or b"\0" in file.content:
        return None
    lines = file.content.decode("utf-8", "replace").splitlines()
    return lines if len(lines) <= LINES else None
