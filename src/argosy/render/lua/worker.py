"""A Lua worker: a child process that answers batches of calls, knowing nothing but its pipe.

Started by render/workers/pool.py. Before the first script it drops, in addition to what a render worker drops, the
right to open files and to exceed its memory. It answers as it goes: results wait no longer than FLUSH_SECONDS of
processor time, so that the parent sees which script killed a worker.
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
from argosy.render.lua.breaker import RESTING, ROW
from argosy.render.lua.port import ANSWER_LIMIT, RESULT_LIMIT
from argosy.render.lua.sandbox import Sandbox
from argosy.render.workers.own_pipe import end_last_words, own_pipe
from argosy.render.workers.processor_time import allow_cpu
from argosy.render.workers.wire import Closed, Pipe

GROWTH_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of address space in addition to the program's own: a script's 64 MiB, its object and its result."""

KILL_SECONDS: Final = 1.1
"""Processor seconds of one script after which the system kills this process: for what the sandbox cannot interrupt."""

FLUSH_SECONDS: Final = 0.02
FLUSH_BYTES: Final = 1024 * 1024


def main() -> None:
    """Serves batches until the parent closes the pipe."""
    pipe = own_pipe()
    os.environ["TZ"] = "UTC0"
    time.tzset()
    sandbox = Sandbox()
    sandbox.evaluate("return require('os').date('*t')", {}, {}, 0, open_libraries=True)
    end_last_words()
    _give_up_files_and_growth()
    pipe.send({"ready": True})
    while True:
        try:
            _, body = pipe.receive()
            allow_cpu()
            _serve(pipe, sandbox, orjson.loads(body))
        except Closed:
            return


def _give_up_files_and_growth() -> None:
    with contextlib.suppress(OSError, ValueError):
        if (space := address_space()) > 0:
            ceiling = space + GROWTH_LIMIT
            resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _serve(pipe: Pipe, sandbox: Sandbox, batch: dict[str, Any]) -> None:
    waiting: list[bytes] = []
    size, began = 0, time.process_time()
    rows: dict[int, int] = {}
    for script, obj, is_open, parameters in batch["calls"]:
        if rows.get(script, 0) >= ROW:
            found: JsonObject = {"error": RESTING, "is_passing": True}
        else:
            found = _answer(sandbox, batch["scripts"][script], obj, parameters, batch["now"], is_open=is_open)
            rows[script] = rows.get(script, 0) + 1 if found.get("is_breach") else 0
        waiting.append(_encoded(found))
        size += len(waiting[-1])
        if size >= FLUSH_BYTES or time.process_time() - began >= FLUSH_SECONDS:
            _flush(pipe, waiting)
            waiting, size, began = [], 0, time.process_time()
    if waiting:
        _flush(pipe, waiting)


def _answer(sandbox: Sandbox, text: str, obj: Any, parameters: Any, now: int, *, is_open: bool) -> JsonObject:
    signal.setitimer(signal.ITIMER_PROF, KILL_SECONDS)
    try:
        return sandbox.evaluate(text, obj, parameters, now, open_libraries=is_open)
    except (MemoryError, RecursionError):
        return {"error": "script or object needs more memory than there is", "is_breach": True}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _encoded(answer: JsonObject) -> bytes:
    data = orjson.dumps(answer)
    if len(data) > ANSWER_LIMIT:
        return orjson.dumps({"error": f"result is larger than {RESULT_LIMIT >> 20} MiB", "is_breach": True})
    return data


def _flush(pipe: Pipe, answers: list[bytes]) -> None:
    pipe.send({"count": len(answers)}, b"[" + b",".join(answers) + b"]")
