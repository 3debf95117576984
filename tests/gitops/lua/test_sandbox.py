"""Users' Lua: its contract, what it cannot reach, and that every bomb ends and leaves the next script working."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.gitops.lua import RESULT_LIMIT, SECONDS, SOURCE_LIMIT, ScriptError, evaluate, restored

NOW = datetime(2026, 8, 1, 9, 30, 5, tzinfo=UTC)
OBJ = {"kind": "Thing", "spec": {"replicas": 3, "names": ["a", "b"], "none": None, "ratio": 0.5}, "flag": True}


def lua(source: str, **options: Any) -> Any:
    return evaluate(source, OBJ, NOW, **options)


ESCAPES = {
    "io": "return io",
    "io by require": "return require('io')",
    "os": "return os.getenv and os.getenv('PATH')",
    "os by require": "return require('os').execute",
    "os environment": "return require('os').getenv('HOME')",
    "os removal": "return require('os').remove",
    "os exit": "return require('os').exit",
    "debug": "return debug",
    "debug by require": "return require('debug')",
    "package": "return package",
    "package loaders": "return package.loadlib('libc.so.6', 'system')",
    "module": "return module('x')",
    "dofile": "return dofile('/etc/passwd')",
    "loadfile": "return loadfile('/etc/passwd')",
    "load": "return load(function() return 'return 1' end)",
    "loadstring": "return loadstring('return 1')",
    "compiled code": "return loadstring(string.dump(function() end))",
    "string.dump": "return string.dump",
    "string.dump by metatable": "return getmetatable('').__index.dump",
    "string.dump as a method": "return ('x').dump",
    "metatable of text": "return getmetatable('') or nil",
    "change the metatable of text": "setmetatable('', {}) return 1",
    "environment of the caller": "return getfenv(2)",
    "environment of the thread": "return getfenv(0)",
    "replace an environment": "return setfenv(1, {})",
    "python": "return python",
    "python builtins": "return python.builtins.open('/etc/passwd')",
    "python evaluation": "return python.eval('1')",
    "python by require": "return require('python')",
    "globals' metatable": "return getmetatable(_G)",
    "globals' library": "return rawget(_G, 'io') or rawget(_G, 'debug')",
    "userdata with a finaliser": "return newproxy(true)",
    "collector": "return collectgarbage",
    "chance": "return math and math.random or nil",
    "a file's path": "return require('os').tmpname()",
    "a package path": "return require('../../etc/passwd')",
}


@pytest.mark.parametrize("open_libraries", [False, True])
@pytest.mark.parametrize("name", sorted(ESCAPES))
def test_nothing_outside_can_be_reached(name: str, open_libraries: bool) -> None:
    """Whatever such a script gives back but nil is an escape; refusing it is as good."""
    with contextlib.suppress(ScriptError):
        assert lua(ESCAPES[name], open_libraries=open_libraries) in (None, False)
    assert lua("return obj.kind") == "Thing"


def test_compiled_code_is_refused() -> None:
    with pytest.raises(ScriptError, match="only its source text"):
        lua("\x1bLua\x51\x00")


BOMBS = {
    "loop": "while true do end",
    "loop that catches": "while true do pcall(function() while true do end end) end",
    "loop in a handler": "xpcall(error, function() while true do end end)",
    "loop of a sort": "local t = {} for i = 1, 2e5 do t[i] = -i end while true do table.sort(t) end",
    "loop of inserts": "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, 1) end",
    "insert far below": "table.insert({}, -2147483648, 1)",
    "growing text": "local s = 'x' while true do s = s .. s end",
    "growing table": "local t = {} while true do t[#t + 1] = {} end",
    "growing text that catches": "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
    "recursion": "local function f() return 1 + f() end return f()",
    "recursion that catches": "local function f() pcall(f) f() end f()",
    "index chain": "local t t = setmetatable({}, {__index = function(_, k) return t[k + 1] end}) return t[1]",
    "result in itself": "local t = {} t.t = t return t",
    "large result": "local t = {} for i = 1, 1e6 do t[i] = i end return t",
    "deep source": "return " + "(" * 5000 + "1" + ")" * 5000,
    "long source": "return 1 " + " " * SOURCE_LIMIT,
}
OPEN_BOMBS = {
    "backtracking": "return ('a'):rep(30000):find('.-.-.-.-b')",
    "pattern that recurses": "return ('a'):rep(200000):find(('a?'):rep(200000))",
    "plain search": "return ('a'):rep(1e7):find(('a'):rep(4e6) .. 'b', 1, true)",
    "repeat of nothing": "while true do (''):rep(2^31) end",
    "repeat": "return ('x'):rep(1e10)",
    "coroutine": "coroutine.wrap(function() while true do end end)()",
    "coroutines that catch": "while true do pcall(coroutine.wrap(function() while true do end end)) end",
    "coroutine in coroutine": "local function f() coroutine.wrap(f)() end f()",
}


@pytest.mark.parametrize("name", sorted(BOMBS | OPEN_BOMBS))
def test_a_bomb_ends_within_its_limit_and_leaves_the_next_script_working(name: str) -> None:
    """Measured in this process's own time: how busy the machine is does not matter."""
    before = time.process_time()
    with pytest.raises(ScriptError):
        lua((BOMBS | OPEN_BOMBS)[name], open_libraries=name in OPEN_BOMBS)
    assert time.process_time() - before < SECONDS * 1.2
    assert lua("return {status = 'Healthy'}") == {"status": "Healthy"}


def test_the_clock_on_the_wall_ends_a_script_too() -> None:
    ticks = iter(range(1000))
    with pytest.raises(ScriptError, match="limit of time"):
        lua("for i = 1, 1e6 do end", monotonic=lambda: float(next(ticks)))


def test_an_object_is_a_table_with_lists_from_one_and_no_nulls() -> None:
    assert lua("return {obj.spec.names[1], #obj.spec.names, obj.spec.none == nil, obj.spec.replicas, obj.flag}") == [
        "a",
        2,
        True,
        3,
        True,
    ]
    assert lua("return obj.spec.ratio") == 0.5


def test_parameters_are_a_table_of_texts() -> None:
    assert lua("return actionParams.replicas", parameters={"replicas": "3"}) == "3"
    assert lua("return actionParams.replicas") is None


def test_an_error_without_position_is_told_word_for_word() -> None:
    with pytest.raises(ScriptError) as raised:
        lua('error("no such replica", 0)')
    assert str(raised.value) == "no such replica"


def test_time_is_the_moment_handed_in() -> None:
    assert lua('return require("os").date("!%Y-%m-%dT%H:%M:%SZ")') == "2026-08-01T09:30:05Z"
    assert lua('return require("os").time()') == int(NOW.timestamp())


def test_default_libraries_are_those_of_upstream() -> None:
    assert lua("return {string == nil, math == nil, coroutine == nil, os == nil, type(table.insert)}") == [
        *[True] * 4,
        "function",
    ]


def test_one_script_cannot_leave_anything_for_the_next() -> None:
    lua("_G.left = 1 table.left = 1 require('os').left = 1")
    assert lua("return {left, table.left, require('os').left}") == []


def test_a_result_may_be_as_large_as_an_object_but_not_larger() -> None:
    assert len(lua(f"return ('x'):rep({RESULT_LIMIT // 2})", open_libraries=True)) == RESULT_LIMIT // 2
    with pytest.raises(ScriptError, match="larger than"):
        lua(f"return ('x'):rep({RESULT_LIMIT + 1})", open_libraries=True)


def test_an_empty_table_becomes_what_it_was() -> None:
    original = {"a": {}, "b": [], "c": [{"d": {}}]}
    back = evaluate("return obj", original, NOW)
    assert back == {"a": [], "b": [], "c": [{"d": []}]}
    assert restored(back, original) == original


json_objects = st.dictionaries(
    st.text("abc", min_size=1),
    st.recursive(
        st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, min_size=1) | st.dictionaries(st.text("xyz", min_size=1), inner),
        max_leaves=8,
    ),
    min_size=1,
)


@given(json_objects)
def test_an_object_comes_back_as_it_went_in(obj: dict[str, Any]) -> None:
    assert restored(evaluate("return obj", obj, NOW), obj) == obj


def test_the_interpreter_is_not_loaded_before_it_is_needed() -> None:
    script = "import sys, argosy.gitops.lua, argosy.gitops.health.custom; sys.exit('lupa' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))
