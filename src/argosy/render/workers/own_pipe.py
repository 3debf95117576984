"""The pipe of a worker to its parent, reserved before any library can write to it."""

from __future__ import annotations

import os

from argosy.render.workers.wire import Pipe


def own_pipe() -> Pipe:
    """Reserves standard input and output; a library's output is discarded."""
    reads, writes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return Pipe(reads, writes)


def end_last_words() -> None:
    """Until here the parent keeps standard error, to report why a program did not start; from now on it is discarded.

    Call it before the right to open more files is dropped.
    """
    os.dup2(1, 2)
