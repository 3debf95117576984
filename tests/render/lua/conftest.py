"""One pool of Lua workers for all tests here: what one script leaves behind would show in another's test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.render.lua.evaluator import LIMITS, LuaWorkers
from argosy.render.lua.port import Answer, Call
from argosy.runtime.clock import RealClock

PATIENT = replace(LIMITS, wall_seconds=60.0)
"""What the sandbox and the system end by processor time, whatever the machine is busy with."""

NOW = datetime(2026, 8, 1, 9, 30, 5, tzinfo=UTC)
OBJ = {"kind": "Thing", "spec": {"replicas": 3, "names": ["a", "b"], "none": None, "ratio": 0.5}, "flag": True}

Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def workers() -> Iterator[LuaWorkers]:
    with LuaWorkers(RealClock(), size=1, limits=PATIENT) as made:
        yield made


@pytest.fixture(scope="session")
def ask(workers: LuaWorkers) -> Ask:
    """One script on one object."""

    def asked(script: str, obj: Any = OBJ, **more: Any) -> Answer:
        [answer] = asyncio.run(workers.evaluate([Call(script, obj, **more)], NOW))
        return answer

    return asked
