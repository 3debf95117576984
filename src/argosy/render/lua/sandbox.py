"""Runs one script on one object inside a worker, and reads its result (spec 10). Never loaded by the parent.

Lua states are reused as long as all is well: a script's environment is new each time, what it shares with the next one
is read-only, and its compiled form has no state. A state that exceeded a limit, or grew, is discarded.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import lupa.lua52 as engine

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.render.lua.port import ERROR_LIMIT, RESULT_LIMIT, SOURCE_LIMIT, WHOLE_LIMIT

MEMORY_LIMIT: Final = 64 * 1024 * 1024
MEMORY_KEPT: Final = 16 * 1024 * 1024
"""Maximum bytes that a state may use after a script to be reused."""

CHUNKS_KEPT: Final = 256
SECONDS: Final = 1.0
INSTRUCTIONS: Final = 50_000_000
DEPTH_LIMIT: Final = 100
NODE_COST: Final = 32
"""Each value of a result counts as at least this many bytes."""

NAME: Final = "=<string>"
"""The name of a script in error messages: `<string>:3: ...`."""


class ScriptError(Exception):
    """Why a script returned no result; after `error(text, 0)` exactly that text."""

    def __init__(self, text: str, *, is_breach: bool = False) -> None:
        super().__init__(text[:ERROR_LIMIT])
        self.is_breach = is_breach


class Sandbox:
    """`evaluate` returns the fields of `port.Answer`, without the false ones."""

    def __init__(self) -> None:
        self._sources = [(Path(__file__).parent / name).read_text() for name in ("patterns.lua", "sandbox.lua")]
        self._state: _State | None = None

    def evaluate(
        self, script: str, obj: JsonObject, parameters: Mapping[str, str], now: int, *, open_libraries: bool
    ) -> JsonObject:
        if self._state is None:
            self._state = _State(*self._sources)
        try:
            answer = self._state.run(script, obj, parameters, now, open_libraries=open_libraries)
        except ScriptError as error:
            if error.is_breach:
                self._state = None
            return {"error": str(error), "is_breach": error.is_breach}
        except engine.LuaMemoryError:
            self._state = None
            return {"error": _memory(), "is_breach": True}
        except engine.LuaError as error:
            # The hook keeps raising when a script exceeds its time, even outside the sandbox.
            self._state = None
            return {"error": str(error).partition("\n")[0][:ERROR_LIMIT], "is_breach": True}
        except UnicodeError:
            return {"error": "cannot encode text that is not UTF-8 to JSON"}
        if self._state.memory > MEMORY_KEPT:
            self._state = None
        return answer


class _State:
    def __init__(self, patterns: str, sandbox: str) -> None:
        self._lua = engine.LuaRuntime(
            max_memory=MEMORY_LIMIT, register_eval=False, register_builtins=False, unpack_returned_tuples=True
        )
        self._load = self._lua.eval("function(source, name) return load(source, name, 't', {}) end")
        self._collect = self._lua.eval("collectgarbage")
        self._run = self._lua.execute(sandbox, self._lua.execute(patterns))
        self._chunks: dict[bytes, Any] = {}

    @property
    def memory(self) -> int:
        used = int(self._lua.get_memory_used())
        if used > MEMORY_KEPT:
            self._collect()
            used = int(self._lua.get_memory_used())
        return used

    def run(
        self, script: str, obj: JsonObject, parameters: Mapping[str, str], now: int, *, open_libraries: bool
    ) -> JsonObject:
        chunk = self._compiled(script)
        given = self._table(obj), self._table(dict(parameters))
        good, value, kind, timed, expired = self._run(chunk, *given, open_libraries, now, SECONDS, INSTRUCTIONS)
        if not good:
            text = str(value)
            if text.endswith("not enough memory"):
                raise ScriptError(_memory(), is_breach=True)
            raise ScriptError(text, is_breach=bool(expired))
        found: JsonObject = {"value": _Result().json_of(value, 0), "kind": kind}
        return {**found, "is_timed": True} if timed else found

    def _table(self, value: JsonObject) -> Any:
        """Null is nil. Numbers are doubles, even if an integer does not fit."""
        try:
            return self._lua.table_from(value, recursive=True)
        except OverflowError:
            return self._lua.table_from(_with_doubles(value), recursive=True)

    def _compiled(self, script: str) -> Any:
        digest = hashlib.sha256(script.encode(errors="replace")).digest()
        if (known := self._chunks.get(digest)) is not None:
            return known
        if len(script.encode(errors="replace")) > SOURCE_LIMIT:
            raise ScriptError(f"script is longer than {SOURCE_LIMIT // 1024} KiB")
        if script.startswith("\x1b"):
            raise ScriptError("script is compiled code; only its source text is accepted")
        made = self._load(script, NAME)
        if isinstance(made, tuple):
            raise ScriptError(str(made[1]))
        if len(self._chunks) >= CHUNKS_KEPT:
            self._chunks.clear()
        self._chunks[digest] = made
        return made


def _memory() -> str:
    return f"script needs more than {MEMORY_LIMIT // 2**20} MiB"


def _with_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_doubles(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


class _Result:
    """Reads a script's result within bounds: a table can contain itself, and be larger than anything we would keep."""

    def __init__(self) -> None:
        self._left = RESULT_LIMIT

    def json_of(self, value: Any, depth: int) -> JsonValue:
        self._left -= NODE_COST + (len(value) if isinstance(value, str) else 0)
        if self._left < 0:
            raise ScriptError(f"result is larger than {RESULT_LIMIT // 2**20} MiB", is_breach=True)
        if depth > DEPTH_LIMIT:
            raise ScriptError("cannot encode recursively nested tables to JSON")
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, (int, float)):
            return _number(value)
        kind = engine.lua_type(value)
        if kind != "table":
            if depth:
                raise ScriptError(f"cannot encode {kind} to JSON")
            return None
        return self._table(value, depth)

    def _table(self, value: Any, depth: int) -> JsonValue:
        found: dict[Any, JsonValue] = {key: self.json_of(item, depth + 1) for key, item in value.items()}
        if all(isinstance(key, str) for key in found):
            return dict(sorted(found.items())) or []
        if any(isinstance(key, bool) or not isinstance(key, (int, float)) for key in found):
            raise ScriptError("cannot encode mixed or invalid key types")
        if set(found) != set(range(1, len(found) + 1)):
            raise ScriptError("cannot encode sparse array")
        return [found[at] for at in range(1, len(found) + 1)]


def _number(value: float) -> int | float:
    if isinstance(value, float) and not math.isfinite(value):
        raise ScriptError("cannot encode a number that JSON does not have")
    return int(value) if float(value).is_integer() and abs(value) < WHOLE_LIMIT else value
