"""A jq worker: a child process that answers batches of calls, knowing nothing but its pipe.

Started by render/workers/pool.py. Before the first expression it drops, in addition to what a render worker drops, its
environment, the right to open files and to exceed its memory. Each answer is sent by itself, so that the parent sees
which expression killed the worker.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from typing import Any, Final

import orjson

from argosy.confinement.inside import address_space
from argosy.machinery.objects import JsonObject
from argosy.render.jq.port import ANSWER_LIMIT
from argosy.render.jq.program import answer
from argosy.render.workers.own_pipe import own_pipe
from argosy.render.workers.processor_time import allow_cpu
from argosy.render.workers.wire import Closed

GROWTH_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of address space for one expression, in addition to the program and its batch."""

BATCH_ROOM: Final = 32 * 1024 * 1024
KILL_SECONDS: Final = 1.0
"""Processor seconds of one expression after which the system kills this process."""


def main() -> None:
    """Serves batches until the parent closes the pipe."""
    pipe = own_pipe()
    os.environ.clear()
    os.environ["TZ"] = "UTC0"
    time.tzset()
    os.environ.clear()
    answer(".a", "{}")
    _give_up_files_and_growth()
    pipe.send({"ready": True})
    while True:
        try:
            _, body = pipe.receive()
            allow_cpu()
            batch: dict[str, Any] = orjson.loads(body)
            for place, text in batch["calls"]:
                pipe.send({}, _encoded(_answer(batch["expressions"][place], text)))
        except Closed:
            return


def _give_up_files_and_growth() -> None:
    with contextlib.suppress(OSError, ValueError):
        if (space := address_space()) > 0:
            ceiling = space + GROWTH_LIMIT + BATCH_ROOM
            resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _answer(expression: str, text: str) -> JsonObject:
    signal.setitimer(signal.ITIMER_PROF, KILL_SECONDS)
    try:
        return answer(expression, text)
    except (MemoryError, RecursionError):
        return {"error": "it needs more memory than there is", "is_breach": True}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _encoded(found: JsonObject) -> bytes:
    try:
        data = orjson.dumps(found)
    except TypeError:
        return orjson.dumps({"error": "it leads to paths that JSON does not have"})
    if len(data) > ANSWER_LIMIT:
        return orjson.dumps({"error": f"its paths are longer than {ANSWER_LIMIT >> 20} MiB", "is_breach": True})
    return data
