"""A process's death at a chosen write."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

CLIENT = ("write",)
GIT = ("push", "annotate")


class Mortal:
    """A client, or another door, whose process dies right after (or right before) its n-th write."""

    def __init__(
        self,
        inner: Any,
        number: int,
        *,
        before: bool = False,
        writes: Collection[str] = CLIENT,
        counts: Callable[..., bool] = lambda *args: True,
    ) -> None:
        """`counts` a write with these arguments; the others cannot be the last."""
        self.inner, self.left, self.before, self.writes, self.counts = inner, number, before, writes, counts
        self.is_dead = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in self.writes:
            return found

        async def write(*args: Any, **more: Any) -> Any:
            if not self.counts(*args) and not self.is_dead:
                return await found(*args, **more)
            self.left -= 1
            if self.is_dead or (self.left == 0 and self.before):
                self.is_dead = True
                raise ConnectionError("the process is dead")
            answer = await found(*args, **more)
            if self.left == 0:
                self.is_dead = True
                raise ConnectionError("the process is dead")
            return answer

        return write
