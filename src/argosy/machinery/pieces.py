"""Long work in pieces: a generator that yields between two objects, so that others have their turn meanwhile.

Pure work says only where it can be interrupted; who carries it out says when (`runtime.slices`). `whole` does all at
once.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Pieces: TypeAlias = Generator[None, None, T]


def at_once(made: T) -> Pieces[T]:
    """What is there already, as work of no pieces."""
    yield from ()
    return made


def whole(work: Pieces[T]) -> T:
    """All of it, now."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            made: T = end.value
            return made
