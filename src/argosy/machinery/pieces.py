"""Long work in pieces: a generator that yields between two objects, so that other work gets its turn meanwhile.

Pure work only says where it can be interrupted; the caller decides when (`runtime.slices`). `finished` does
everything at once.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Pieces: TypeAlias = Generator[None, None, T]


def at_once(made: T) -> Pieces[T]:
    """An existing result, as work without pieces."""
    yield from ()
    return made


def finished(work: Pieces[T]) -> T:
    """All of it, now."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            made: T = end.value
            return made
