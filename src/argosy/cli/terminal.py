"""Standard output and error of a command: whatever it prints of others' making steers no terminal.

What we steer by ourselves goes through `steer`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class Plain:
    """A text stream that makes control characters visible; all else is the stream's own."""

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
    from argosy.machinery.text.plain_text import plain  # few outputs need it, and a start is to be quick

    return plain(text)


@contextmanager
def plain_streams() -> Iterator[None]:
    """For as long as a command runs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Plain(before[0]), Plain(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def own(stream: TextIO) -> TextIO:
    """The stream itself, for who sees to what it writes."""
    return stream.stream if isinstance(stream, Plain) else stream


def steer(stream: TextIO, codes: str) -> None:
    """Our own codes: to clear a line, to go up."""
    own(stream).write(codes)
