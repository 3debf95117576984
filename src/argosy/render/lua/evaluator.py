"""Users' Lua evaluated in workers: batches out, answers back, and the culprit when a worker dies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import takewhile
from types import TracebackType
from typing import Final, Self

import orjson

from argosy.machinery.objects import JsonObject
from argosy.render.lua.breaker import RESTING, Breaker
from argosy.render.lua.port import ANSWER_LIMIT, ERROR_LIMIT, SOURCE_LIMIT, Answer, Call
from argosy.render.workers.boxes import for_expressions
from argosy.render.workers.pool import WorkerPool
from argosy.render.workers.process import Limits, NoWorker, Program, WorkerLost
from argosy.render.workers.wire import BODY_LIMIT, Closed, Pipe
from argosy.runtime.clock import Clock
from argosy.runtime.workqueue.fair_places import Share

LUA: Final = Program("argosy.render.lua.worker", "Lua worker", for_expressions)
LIMITS: Final = Limits(
    wall_seconds=1.2, memory_bytes=256 * 1024 * 1024, watch_seconds=0.05, each_frame=True, busy_seconds=0.1
)
"""The sandbox stops scripts by itself, at 1 second and 64 MiB; these limits stop a worker in which it could not."""

FRAME_LIMIT: Final = ANSWER_LIMIT + 2 * 1024 * 1024
"""Maximum bytes of answers that a worker may send at once."""

BATCH_CALLS: Final = 256
BATCH_BYTES: Final = 4 * 1024 * 1024
"""Maximum calls of one batch: other callers' batches run in between."""


class LuaWorkers:
    """The `port.LuaEvaluator` with its own pool. A context manager, or `close` it."""

    def __init__(self, clock: Clock, *, size: int = 2, limits: Limits = LIMITS) -> None:
        self.pool = WorkerPool(clock, LUA, size=size, limits=limits)
        self._clock = clock
        self._breaker = Breaker()
        self._is_closed = False
        self.evaluated = 0
        """Scripts ever run on an object: a counter for metrics and tests."""

    async def evaluate(self, calls: Sequence[Call], now: datetime) -> list[Answer]:
        answers: list[Answer] = []
        for batch in _batches(calls):
            answers += await self._answered(batch, int(now.timestamp()))
        self.evaluated += len(calls)
        return answers

    async def _answered(self, batch: Sequence[_Packed], now: int) -> list[Answer]:
        """After a crash one call at a time, until the culprit is found: scripts have no side effects."""
        answers: list[Answer] = []
        alone = False
        while len(answers) < len(batch):
            part = self._next(batch[len(answers) :], alone=alone)
            if not part:
                answers.append(Answer(error=RESTING, is_passing=True))
                continue
            found: list[Answer] = []
            try:
                await self.pool.lend(
                    partial(_converse, part=part, now=now, answers=found), Share("", part[0].call.script)
                )
            except NoWorker as error:
                found += [Answer(error=str(error), is_passing=True)] * (len(batch) - len(answers) - len(found))
            except WorkerLost as error:
                if self._is_closed:
                    return answers + [Answer(error=str(error), is_passing=True)] * (len(batch) - len(answers))
                alone = len(part) - len(found) > 1
                if not alone:
                    found.append(Answer(error=f"script met its limits: {error}", is_breach=True, is_passing=True))
            self._record(part, found)
            answers += found
        return answers

    def _next(self, rest: Sequence[_Packed], *, alone: bool) -> Sequence[_Packed]:
        """The calls to make together; none when the first one's script is paused."""
        if self._breaker.refuses(rest[0].call.script, self._clock.monotonic()):
            return ()
        if alone or self._breaker.is_suspect(rest[0].call.script):
            return rest[:1]
        return list(takewhile(lambda packed: not self._breaker.is_suspect(packed.call.script), rest))

    def _record(self, part: Sequence[_Packed], found: Sequence[Answer]) -> None:
        at = self._clock.monotonic()
        for packed, answer in zip(part, found, strict=False):
            if answer.is_breach or not answer.is_passing:
                self._breaker.learn(packed.call.script, at, is_breach=answer.is_breach)

    def close(self) -> None:
        """Kills the workers; running evaluations end with temporary errors."""
        self._is_closed = True
        self.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Packed:
    """A call with its object as bytes."""

    __slots__ = ("body", "call")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.body = orjson.dumps(call.obj)


def _batches(calls: Sequence[Call]) -> Iterator[list[_Packed]]:
    batch: list[_Packed] = []
    size = 0
    for call in calls:
        packed = _Packed(call)
        more = len(packed.body) + len(call.script)
        if batch and (len(batch) >= BATCH_CALLS or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(packed)
        size += more
    if batch:
        yield batch


def _converse(pipe: Pipe, part: Sequence[_Packed], now: int, answers: list[Answer]) -> None:
    """Adds answers as they come; blocking, in a thread of the pool."""
    places: dict[str, int] = {}
    calls = []
    for packed in part:
        call = packed.call
        # One character more than is allowed is enough to be refused.
        place = places.setdefault(call.script[: SOURCE_LIMIT + 1], len(places))
        known = dict(call.parameters or {})
        calls.append([place, orjson.Fragment(packed.body), call.open_libraries, known])
    body = orjson.dumps({"scripts": list(places), "calls": calls, "now": now})
    if len(body) > BODY_LIMIT:
        answers.append(Answer(error=f"the object is larger than {BODY_LIMIT >> 20} MiB", is_breach=True))
        return
    pipe.send({"calls": len(calls)}, body)
    while len(answers) < len(part):
        _, received = pipe.receive(FRAME_LIMIT)
        found = orjson.loads(received)
        if not isinstance(found, list) or not 0 < len(found) <= len(part) - len(answers):
            raise Closed("an answer that was not asked for")
        answers += [_read(item) for item in found]


def _read(item: JsonObject) -> Answer:
    """A worker's answer is validated, too: a script may have taken control of the worker."""
    return Answer(
        value=item.get("value"),
        kind=str(item.get("kind") or "nil"),
        error=str(item.get("error") or "")[:ERROR_LIMIT],
        is_timed=item.get("is_timed") is True,
        is_breach=item.get("is_breach") is True,
        is_passing=item.get("is_passing") is True,
    )
