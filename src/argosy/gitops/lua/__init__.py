"""Users' Lua: one script, one fresh runtime, nothing outside it (spec 10, security rule 3).

A script sees the object as a table, and the libraries that upstream opens: base, table, and by `require("os")` the time
and date (of the moment handed in). `open_libraries` adds string, math and coroutine. Files, the environment, modules,
other code as text or bytes, the debugger and Python are out of reach in either case, also where upstream opens them.
Instructions (which end the same script at the same place on every machine), time, memory, source and result are
bounded; a runtime is thrown away after one script, so that nothing is left behind. The interpreter is loaded when the
first script runs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from argosy.machinery.objects import JsonObject, JsonValue

SOURCE_LIMIT: Final = 64 * 1024
MEMORY_LIMIT: Final = 64 * 1024 * 1024
SECONDS: Final = 1.0
INSTRUCTIONS: Final = 20_000_000
DEPTH_LIMIT: Final = 100
RESULT_LIMIT: Final = 10 * 1024 * 1024
NODE_COST: Final = 32
"""Each value of a result counts at least that many bytes."""

LARGEST_EXACT: Final = 2**53


class ScriptError(Exception):
    """Why a script gave no result; after `error(text, 0)` exactly that text."""


def evaluate(
    source: str,
    obj: JsonObject,
    now: datetime,
    *,
    parameters: Mapping[str, str] | None = None,
    open_libraries: bool = False,
    monotonic: Callable[[], float] | None = None,
) -> JsonValue:
    """What the script returns, as JSON: a table is a list when its keys are 1..n (or it is empty), else an object.

    Numbers are doubles there; whole ones come back as int. Raises ScriptError for whatever goes wrong, limits included.
    Time is the processor's; with `monotonic` (seconds, of the clock door) the wall's as well.
    """
    if len(source.encode(errors="replace")) > SOURCE_LIMIT:
        raise ScriptError(f"script is longer than {SOURCE_LIMIT // 1024} KiB")
    if source.startswith("\x1b"):
        raise ScriptError("script is compiled code; only its source text is accepted")
    engine = _engine()
    runtime = engine.LuaRuntime(
        max_memory=MEMORY_LIMIT, register_eval=False, register_builtins=False, unpack_returned_tuples=True
    )
    try:
        run = runtime.execute(_text("sandbox.lua"), int(now.timestamp()), monotonic)
        patterns = runtime.execute(_text("patterns.lua")) if open_libraries else None
        given = _to_lua(runtime, obj), _to_lua(runtime, dict(parameters or {}))
        good, value = run(source, *given, patterns, SECONDS, INSTRUCTIONS)
        if not good:
            raise ScriptError(str(value))
        return _Result(engine).json_of(value, 0)
    except engine.LuaMemoryError:
        raise ScriptError(f"script needs more than {MEMORY_LIMIT // 2**20} MiB") from None
    except (engine.LuaError, UnicodeError) as error:
        raise ScriptError(str(error).partition("\n")[0]) from None


def restored(result: JsonValue, original: JsonValue) -> JsonValue:
    """With each empty list made an object where the original had an object: Lua does not tell one from the other."""
    if isinstance(original, dict):
        if result == []:
            return {}
        if isinstance(result, dict):
            return {key: restored(value, original.get(key)) for key, value in result.items()}
    if isinstance(original, list) and isinstance(result, list):
        known = [*original, *[None] * len(result)]
        return [restored(value, known[at]) for at, value in enumerate(result)]
    return result


@functools.cache
def _engine() -> Any:
    import lupa.lua51

    return lupa.lua51


@functools.cache
def _text(name: str) -> str:
    return (Path(__file__).parent / name).read_text()


def _to_lua(runtime: Any, value: JsonValue) -> Any:
    """Null is nil, so that a key with null is not there."""
    if isinstance(value, dict):
        return runtime.table_from({str(key): _to_lua(runtime, item) for key, item in value.items() if item is not None})
    if isinstance(value, list):
        return runtime.table_from({at: _to_lua(runtime, item) for at, item in enumerate(value, 1) if item is not None})
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return float(value) if isinstance(value, (int, float)) else str(value)


class _Result:
    """Reads a script's result within bounds: a table can hold itself, and be larger than anything we would keep."""

    def __init__(self, engine: Any) -> None:
        self.kind = engine.lua_type
        self.left = RESULT_LIMIT

    def json_of(self, value: Any, depth: int) -> JsonValue:
        self.left -= NODE_COST + (len(value) if isinstance(value, str) else 0)
        if self.left < 0:
            raise ScriptError(f"result is larger than {RESULT_LIMIT // 2**20} MiB")
        if depth > DEPTH_LIMIT:
            raise ScriptError(f"result is deeper than {DEPTH_LIMIT} levels")
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, (int, float)):
            return _number(value)
        if self.kind(value) != "table":
            raise ScriptError(f"result holds a {self.kind(value)}")
        return self._table(value, depth)

    def _table(self, value: Any, depth: int) -> JsonValue:
        found: dict[Any, JsonValue] = {}
        for key, item in value.items():
            if not isinstance(key, (str, int, float)) or isinstance(key, bool):
                raise ScriptError("result has a key that is neither text nor number")
            found[key] = self.json_of(item, depth + 1)
        if all(isinstance(key, (int, float)) for key in found) and set(found) == set(range(1, len(found) + 1)):
            return [found[at] for at in range(1, len(found) + 1)]
        return {key if isinstance(key, str) else str(_number(key)): item for key, item in found.items()}


def _number(value: float) -> int | float:
    if isinstance(value, float) and not math.isfinite(value):
        raise ScriptError("result holds a number that JSON cannot")
    return int(value) if float(value).is_integer() and abs(value) <= LARGEST_EXACT else value
