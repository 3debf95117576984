"""Prints the difference of a live and a target object like `diff` does: scripts parse `argocd app diff`.

With KUBECTL_EXTERNAL_DIFF set, runs that program, as kubectl and upstream do.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.yaml import dump

_MARKS = {"replace": "c", "delete": "d", "insert": "a"}


def normal(live: JsonObject | None, desired: JsonObject | None) -> str:
    texts = ["" if obj is None else dump(_sorted(obj)) for obj in (live, desired)]
    if program := os.environ.get("KUBECTL_EXTERNAL_DIFF"):
        return _external(program, *texts)
    before, after = (text.splitlines() for text in texts)
    return "".join(f"{line}\n" for line in _hunks(before, after))


def _sorted(value: JsonValue) -> JsonValue:
    """YAML in Go's format: keys are sorted."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _hunks(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for mark, begin, end, other, other_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if mark == "equal":
            continue
        yield f"{_lines(begin, end)}{_MARKS[mark]}{_lines(other, other_end)}"
        yield from (f"< {line}" for line in before[begin:end])
        if mark == "replace":
            yield "---"
        yield from (f"> {line}" for line in after[other:other_end])


def _lines(begin: int, end: int) -> str:
    """Line numbers from 1; an insertion is positioned by the line before it."""
    if end - begin <= 1:
        return str(end)
    return f"{begin + 1},{end}"


def _external(program: str, live: str, desired: str) -> str:
    with TemporaryDirectory(prefix="argosy-diff-") as directory:
        paths = [Path(directory, name) for name in ("live.yaml", "desired.yaml")]
        for path, text in zip(paths, (live, desired), strict=True):
            path.touch(mode=0o600)
            path.write_text(text)
        try:
            done = subprocess.run(
                [*shlex.split(program), *map(str, paths)], capture_output=True, text=True, check=False
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"KUBECTL_EXTERNAL_DIFF {program!r}: {error}") from None
    return done.stdout
