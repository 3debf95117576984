"""The cgroups of this process's sandboxes: created with each, removed when the next is created and it is empty."""

from __future__ import annotations

import os
import threading
from typing import Final

from argosy.confinement import layers
from argosy.confinement.box import Box
from argosy.confinement.kernel import cgroups

OURS: Final = 2
"""Processes in a sandbox that wait for the program."""


class Groups:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._place: str | None = None
        self._made: list[str] = []
        self.reason = ""
        """Why cgroups are unavailable, if they are."""

    def place(self) -> str:
        """Where they are created; "" when `reason` says why that is not possible. Determined once."""
        with self._lock:
            if self._place is None:
                try:
                    self._place = cgroups.place(os.environ)
                except OSError as error:
                    self._place, self.reason = "", str(error)
            return self._place

    def make(self, box: Box, number: int) -> str:
        """For one sandbox; "" when unavailable, or when it has no limit to enforce."""
        if layers.GROUP in box.without or not (box.memory_bytes or box.tasks) or not (place := self.place()):
            return ""
        with self._lock:
            self._made = [group for group in self._made if not cgroups.remove(group)]
            try:
                made = cgroups.make(place, f"{number}", memory_bytes=_memory(box), tasks=box.tasks and box.tasks + OURS)
            except OSError as error:
                self.reason = f"{place}: {error.strerror or error}"
                return ""
            self._made.append(made)
            return made


def _memory(box: Box) -> int:
    """The content of its scratch is memory, too."""
    return box.memory_bytes and box.memory_bytes + sum(box.scratch.values())


GROUPS: Final = Groups()
