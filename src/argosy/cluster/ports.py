"""The doors this room needs; `runtime` has the adapters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime: ...

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> TimerHandle: ...

    async def sleep(self, seconds: float, *, background: bool = False) -> None: ...


class Rng(Protocol):
    def uuid(self) -> str: ...

    def uniform(self, low: float, high: float) -> float: ...

    def suffix(self, length: int) -> str: ...

    def token_bytes(self, length: int) -> bytes: ...
