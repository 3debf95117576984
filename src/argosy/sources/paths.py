"""The one function that turns an untrusted path into a path inside a root (spec/security.md rule 1).

Everything that names a file (source paths, value files, kustomize resources, archive members) uses it. `normalise`
checks only the text; `resolve_in_root` also follows symlinks, checking each of their components again.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from typing import Final

from argosy.sources.port import Entry, Rejected

LINK_LIMIT: Final = 40
PATH_LIMIT: Final = 4096

Look = Callable[[str], Entry | None]
"""The entry at a normalised path whose parents are real directories; a link is returned as a link."""

ReadLink = Callable[[str], str]
"""The target text of the link at a normalised path."""

_UNWANTED: Final = re.compile(r"[\x00-\x1f\x7f\\]")

# Code points that HFS+ ignores in names, so that ".g\u200cit" would be ".git" there.
_IGNORED: Final = dict.fromkeys(
    [0x00AD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)], None
)


class OutOfRoot(Rejected):
    """A path or symlink leaves its root, or can never name a file in it."""


def normalise(path: str) -> str:
    """`a/./b/../c` -> `a/c`; "" for the root. Raises OutOfRoot for absolute paths and those that leave the root."""
    if not path or path == ".":
        return ""
    _check_text(path)
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            _check_name(part, path)
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise OutOfRoot(f"{shown(path)}: path leaves its root")
    return "/".join(parts)


def join(directory: str, path: str) -> str:
    """`path` as written in a file of `directory` (normalised). Raises OutOfRoot."""
    _check_text(path)
    return normalise(f"{directory}/{path}" if directory else path)


def resolve_in_root(path: str, look: Look, read_link: ReadLink) -> tuple[str, Entry] | None:
    """The real path and entry of `path`, links followed; None when there is nothing.

    `..` in `path` itself is resolved by text, as the tools do; in a link's target it is resolved by directories.
    """
    pending = normalise(path).split("/")[::-1]
    real: list[str] = []
    entry: Entry | None = look("")
    links = 0
    while pending:
        part = pending.pop()
        if part in ("", "."):
            continue
        if entry is None or entry.kind != "dir":
            return None
        if part == "..":
            if not real:
                raise OutOfRoot(f"{shown(path)}: a symlink leaves the root")
            real.pop()
            entry = look("/".join(real))
            continue
        _check_name(part, path)
        here = "/".join((*real, part))
        found = look(here)
        if found is not None and found.kind == "link":
            links += 1
            if links > LINK_LIMIT:
                raise OutOfRoot(f"{shown(path)}: more than {LINK_LIMIT} symlinks")
            pending.extend(_target(read_link(here), path).split("/")[::-1])
            continue
        real.append(part)
        entry = found
    return ("/".join(real), entry) if entry is not None else None


def place_in_root(path: str, look: Look, read_link: ReadLink) -> str:
    """The real location of a file written at `path`: links are followed, missing directories are to be created.

    Raises OutOfRoot, or Rejected when the path is a directory, or passes through a file.
    """
    parts = normalise(path).split("/")
    for count in range(len(parts), -1, -1):
        found = resolve_in_root("/".join(parts[:count]), look, read_link)
        if found is None:
            continue
        real, entry = found
        is_whole = count == len(parts)
        if is_whole == (entry.kind == "dir"):
            there = shown("/".join(parts[:count]))
            raise Rejected(f"{shown(path)}: {there} is {'a directory' if entry.kind == 'dir' else 'a file'}")
        return "/".join(part for part in (real, *parts[count:]) if part)
    raise OutOfRoot(f"{shown(path)}: the root is not a directory")


def levels_above(target: str) -> float:
    """How many directories above its own a link with this target reaches, by text only; infinite when absolute."""
    if target.startswith("/") or "\\" in target or "\0" in target:
        return float("inf")
    depth = lowest = 0
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        lowest = min(lowest, depth)
    return -lowest


@functools.lru_cache(maxsize=65536)
def is_git_directory(name: str) -> bool:
    """Whether some file system would treat the name as `.git`: by case, Unicode form, trailing dots or short name."""
    plain = unicodedata.normalize("NFKC", name).translate(_IGNORED).casefold().rstrip(". ").split(":")[0]
    return plain in (".git", "git~1")


def shown(path: str) -> str:
    """A path fit for an error message: short, and without control characters."""
    text = "".join(char if char.isprintable() else "?" for char in path[:200])
    return text or "."


def _target(target: str, path: str) -> str:
    if levels_above(target) == float("inf") or len(target) > PATH_LIMIT:
        raise OutOfRoot(f"{shown(path)}: a symlink leaves the root")
    return target


def _check_text(path: str) -> None:
    if len(path) > PATH_LIMIT:
        raise OutOfRoot(f"{shown(path)}: path is longer than {PATH_LIMIT} characters")
    if path.startswith(("/", "~")) or path[1:3] in (":/", ":\\"):
        raise OutOfRoot(f"{shown(path)}: path must be relative")
    if _UNWANTED.search(path):
        raise OutOfRoot(f"{shown(path)}: path has a character that is not allowed")


def _check_name(part: str, path: str) -> None:
    if is_git_directory(part):
        raise OutOfRoot(f"{shown(path)}: path names a git directory")
