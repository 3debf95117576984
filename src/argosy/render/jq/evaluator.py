"""Users' jq evaluated in workers: batches out, answers back one by one, so that the culprit of a crash is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import orjson

from argosy.machinery.objects import JsonObject
from argosy.render.jq.port import ANSWER_LIMIT, ERROR_LIMIT, SOURCE_LIMIT, Answer, Call
from argosy.render.lua.breaker import REST_SECONDS, ROW, Breaker
from argosy.render.workers.boxes import for_expressions
from argosy.render.workers.pool import WorkerPool
from argosy.render.workers.process import Limits, NoWorker, Program, WorkerLost
from argosy.render.workers.wire import Pipe
from argosy.runtime.clock import Clock
from argosy.runtime.workqueue.fair_places import Share

JQ: Final = Program("argosy.render.jq.worker", "jq worker", for_expressions)
LIMITS: Final = Limits(
    wall_seconds=1.2, memory_bytes=192 * 1024 * 1024, watch_seconds=0.05, each_frame=True, busy_seconds=0.1
)
"""The worker stops by itself at 1 second and 64 MiB; these limits stop one that waits for something."""

BATCH_CALLS: Final = 256
BATCH_BYTES: Final = 4 * 1024 * 1024
"""Maximum calls of one batch: other callers' batches run in between."""

OBJECT_LIMIT: Final = 8 * 1024 * 1024
_RESTING: Final = Answer(
    error=f"it met its limits {ROW} times in a row, and rests for {REST_SECONDS:g} seconds", is_passing=True
)


class JqWorkers:
    """The `port.JqEvaluator` with its own pool. A context manager, or `close` it."""

    def __init__(self, clock: Clock, *, size: int = 1, limits: Limits = LIMITS) -> None:
        self.pool = WorkerPool(clock, JQ, size=size, limits=limits)
        self._clock = clock
        self._breaker = Breaker()
        self._is_closed = False
        self.evaluated = 0
        """Expressions ever run on an object: a counter for metrics and tests."""

    async def evaluate(self, calls: Sequence[Call]) -> list[Answer]:
        answers: list[Answer] = []
        while len(answers) < len(calls):
            answers += await self._some(calls[len(answers) :])
        return answers

    async def _some(self, rest: Sequence[Call]) -> list[Answer]:
        """At least one answer. When a worker is lost, the first call without an answer is blamed."""
        first = rest[0]
        if self._breaker.refuses(first.expression, self._clock.monotonic()):
            return [_RESTING]
        if len(first.body) > OBJECT_LIMIT:
            return [Answer(error=f"the object is larger than {OBJECT_LIMIT >> 20} MiB")]
        part, found = self._batch(rest), list[Answer]()
        try:
            await self.pool.lend(partial(_converse, part=part, answers=found), Share("", first.expression))
        except NoWorker as error:
            return [*found, *[Answer(error=str(error), is_outage=True)] * (len(part) - len(found))]
        except WorkerLost as error:
            if self._is_closed:
                return [*found, *[Answer(error=str(error), is_outage=True)] * (len(part) - len(found))]
            if len(found) < len(part):
                found.append(Answer(error=f"it met its limits: {error}", is_breach=True, is_passing=True))
        self.evaluated += len(found)
        for call, answer in zip(part, found, strict=False):
            self._breaker.learn(call.expression, self._clock.monotonic(), is_breach=answer.is_breach)
        return found

    def _batch(self, rest: Sequence[Call]) -> list[Call]:
        """Calls up to the next one whose expression is paused, or too large."""
        part: list[Call] = []
        size, now = 0, self._clock.monotonic()
        for call in rest[:BATCH_CALLS]:
            size += len(call.body)
            if part and (
                size > BATCH_BYTES or len(call.body) > OBJECT_LIMIT or self._breaker.refuses(call.expression, now)
            ):
                break
            part.append(call)
        return part

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


def _converse(pipe: Pipe, part: Sequence[Call], answers: list[Answer]) -> None:
    """Adds answers as they come; blocking, in a thread of the pool."""
    places: dict[str, int] = {}
    calls = []
    for call in part:
        # One character more than is allowed is enough to be refused.
        text = call.expression[: SOURCE_LIMIT + 1].encode(errors="replace").decode()
        calls.append([places.setdefault(text, len(places)), call.body.decode()])
    pipe.send({"calls": len(calls)}, orjson.dumps({"expressions": list(places), "calls": calls}))
    while len(answers) < len(part):
        _, received = pipe.receive(ANSWER_LIMIT)
        answers.append(_read(orjson.loads(received)))


def _read(item: JsonObject) -> Answer:
    """A worker's answer is validated, too: an expression may have taken control of the worker."""
    error, paths = str(item.get("error") or "")[:ERROR_LIMIT], item.get("paths") or []
    if not all(isinstance(path, list) and all(map(_is_step, path)) for path in paths):
        return Answer(error="it leads to more than fields, items and slices")
    return Answer(
        paths=tuple(tuple(path) for path in paths),
        error=error,
        is_absence=item.get("is_absence") is True,
        is_breach=item.get("is_breach") is True,
        is_passing=item.get("is_breach") is True,
    )


def _is_step(step: Any) -> bool:
    if isinstance(step, dict):
        return set(step) <= {"start", "end"} and all(at is None or _is_number(at) for at in step.values())
    return isinstance(step, str) or _is_number(step)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
