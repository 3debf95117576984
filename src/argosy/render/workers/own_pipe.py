"""The pipe of a worker to its parent, taken before any library can write to it."""

from __future__ import annotations

import os

from argosy.render.workers.wire import Pipe


def own_pipe() -> Pipe:
    """Standard input and output become ours alone; what a library prints goes nowhere."""
    reads, writes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return Pipe(reads, writes)


def end_last_words() -> None:
    """Until here the parent keeps what goes to standard error, to tell why a program did not start; then it is nothing.

    Before the right to have more files is given up.
    """
    os.dup2(1, 2)
