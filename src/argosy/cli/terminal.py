"""A command's standard output and error: control characters in foreign text are made harmless.

Our own control codes are written through `steer`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Plain:
    """A text stream that shows control characters instead of passing them on."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(text if text.replace("\n", "").isprintable() else _plain(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _plain(text: str) -> str:
    from argosy.machinery.text.plain_text import plain  # late: few outputs need it, and a start should be fast

    return plain(text)


@contextmanager
def plain_streams() -> Iterator[None]:
    """Applies while a command runs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Plain(before[0]), Plain(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def own(stream: TextIO) -> TextIO:
    """The raw stream, for callers that escape what they write."""
    return stream.stream if isinstance(stream, Plain) else stream


def steer(stream: TextIO, codes: str) -> None:
    """Writes our own control codes, such as to clear a line."""
    own(stream).write(codes)
