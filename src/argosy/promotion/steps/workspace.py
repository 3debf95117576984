"""Paths within a Promotion's working directory, joined so that none leaves it.

Source: spec/security.md 1. A path that starts with `/` is relative to the working directory, as upstream; `..` past
it, symbolic links out of it and control characters are refused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from argosy.promotion.steps.kind import StepFault

LINK_LIMIT: Final = 40
READ_LIMIT: Final = 100 * 1024 * 1024
KEPT_FREE: Final = 64 * 1024 * 1024
"""Bytes that steps must leave free on the disk of their working directory."""


def inside(directory: Path, path: str, *, follow_last: bool = True) -> Path:
    """The location of `path`; symbolic links on the way are followed, if they stay inside. Raises StepFault."""
    if any(ord(char) < 32 or ord(char) == 127 for char in path):
        raise StepFault("a path has a control character", terminal=True)
    root = Path(os.path.realpath(directory))
    place, left, links = root, _parts(path), 0
    while left:
        part = left.pop(0)
        if part == "..":
            if place == root:
                raise _leaves(path)
            place = place.parent
            continue
        candidate = place / part
        if candidate.is_symlink() and (left or follow_last):
            links += 1
            target = os.readlink(candidate)  # noqa: PTH115  (the text as it is, not a Path that is cleaned)
            if links > LINK_LIMIT or target.startswith("/"):
                raise _leaves(path)
            left = [*_parts(target), *left]
            continue
        place = candidate
    return place


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def shown(path: str) -> str:
    """A path as messages show it, relative to the working directory: its full path is private."""
    return "./" + "/".join(_parts(path))


def _leaves(path: str) -> StepFault:
    return StepFault(f"path {path!r} leads out of the working directory", terminal=True)


def is_git_internal(directory: Path, place: Path) -> bool:
    """Within `.git`, in any spelling that a file system may accept for it."""
    relative = place.relative_to(os.path.realpath(directory))
    return any(part.lower().rstrip(". ") in (".git", "git~1") for part in relative.parts)


def read_text(directory: Path, path: str, what: str = "") -> str:
    """Raises StepFault, in the words of an operating system. `what`: the kind of file, as messages name it."""
    sort = f"{what} file" if what else "file"
    place, path = inside(directory, path), shown(path)
    try:
        if place.stat().st_size > READ_LIMIT:
            raise StepFault(f'file "{path}" is larger than {READ_LIMIT} bytes')
        return place.read_bytes().decode("utf-8")  # its line breaks as they are
    except FileNotFoundError:
        raise StepFault(f'error reading {sort} "{path}": open {path}: no such file or directory') from None
    except IsADirectoryError:
        raise StepFault(f'error reading {sort} "{path}": read {path}: is a directory') from None
    except UnicodeDecodeError:
        raise StepFault(f'error reading {sort} "{path}": it is not UTF-8 text') from None


def write_text(directory: Path, path: str, text: str) -> None:
    place = writable(directory, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())


def writable(directory: Path, path: str) -> Path:
    """A place to write to: inside, and not one of a repository's own files."""
    place = inside(directory, path)
    if is_git_internal(directory, place):
        raise StepFault(f"path {path!r} is inside of a .git directory", terminal=True)
    return place


def check_room(directory: Path, size: int) -> None:
    """Steps that amplify their input must not fill a disk that others write to. Raises StepFault."""
    if shutil.disk_usage(directory).free - size < KEPT_FREE:
        raise StepFault(f"there is no room for {size} bytes in the working directory")


def files_below(place: Path) -> Iterator[Path]:
    """Files and directories, parents first, without `.git` and symbolic links, sorted by name."""
    for found in sorted(place.iterdir()):
        if found.name == ".git" or found.is_symlink():
            continue
        yield found
        if found.is_dir():
            yield from files_below(found)
