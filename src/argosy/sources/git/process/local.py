"""A repository on this machine, and other directories that belong to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

FOLLOWED: Final = 8
"""Repositories that borrow objects from each other."""


def local_paths(url: str) -> list[Path]:
    """For a path or file URL: itself, a work tree's repository, its original, those whose objects it borrows."""
    place = Path(unquote(urlsplit(url).path) if url.startswith("file:") else url)
    found, waiting = list[Path](), [place, Path(f"{place}.git"), place / ".git"]
    while waiting and len(found) < FOLLOWED:
        here = waiting.pop(0)
        if here in found or not here.exists():
            continue
        if here.is_file():
            waiting += _named(here, "gitdir: ", here.parent)
            continue
        found.append(here)
        waiting += _named(here / "commondir", "", here)
        waiting += [path.parent for path in _named(here / "objects" / "info" / "alternates", "", here / "objects")]
    return found


def _named(file: Path, prefix: str, base: Path) -> list[Path]:
    """Each line is a path, relative to a base."""
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [
        (base / line.removeprefix(prefix).strip()).resolve() for line in lines[:FOLLOWED] if line.startswith(prefix)
    ]
