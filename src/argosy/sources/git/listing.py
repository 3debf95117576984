"""The output of `git ls-remote --symref` for a bare repository on this machine, read from its files without git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from argosy.sources.git.refs import FULL_SHA

SYMBOLIC: Final = "ref: "


def listing(repository: Path) -> str | None:
    """None if only git can answer: a tag that is not packed may be an annotated one. Raises OSError."""
    if any(path.is_file() for path in (repository / "refs" / "tags").rglob("*")):
        return None
    refs = dict(_packed(repository))
    refs.update(_loose(repository))
    head = (repository / "HEAD").read_text().strip()
    lines = [f"{oid}\t{name}" for name, oid in sorted(refs.items())]
    target = head.removeprefix(SYMBOLIC)
    if target in refs:
        lines = [f"{head}\tHEAD", f"{refs[target]}\tHEAD", *lines]
    return "".join(f"{line}\n" for line in lines)


def _packed(repository: Path) -> Iterator[tuple[str, str]]:
    """A line `^oid` has the commit of the tag before it."""
    name = ""
    try:
        lines = (repository / "packed-refs").read_text().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        if line.startswith("^"):
            yield f"{name}^{{}}", line[1:]
        elif not line.startswith("#"):
            oid, _, name = line.partition(" ")
            yield name, oid


def _loose(repository: Path) -> Iterator[tuple[str, str]]:
    for path in (repository / "refs").rglob("*"):
        if path.is_file() and not path.name.endswith(".lock"):
            oid = path.read_text().strip()
            if FULL_SHA.fullmatch(oid):
                yield str(path.relative_to(repository)), oid
