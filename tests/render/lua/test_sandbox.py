"""Users' Lua: its contract, what it cannot reach, and that every bomb ends and leaves the next script working."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery.objects import JsonValue
from argosy.render.lua.evaluator import LuaWorkers
from argosy.render.lua.port import ERROR_LIMIT, RESULT_LIMIT, SOURCE_LIMIT, restored
from argosy.render.lua.sandbox import SECONDS
from tests.render.lua.conftest import NOW, Ask

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
    "package loaders": "return package.loadlib('libc.so.6', 'system')",
    "package search": "return package.loaders or package.path or package.cpath",
    "package of all": "return package.loaded.io or package.loaded.debug or package.loaded.package.loadlib",
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
    "python of the object": "return obj.__class__ or obj.__init__",
    "globals' metatable": "return getmetatable(_G)",
    "globals' library": "return rawget(_G, 'io') or rawget(_G, 'debug')",
    "userdata with a finaliser": "return newproxy(true)",
    "collector": "return collectgarbage",
    "a file's path": "return require('os').tmpname()",
    "a package path": "return require('../../etc/passwd')",
    "rewriting the environment": "_ENV = {} return io",
    "environment by name": "return _ENV.io or _ENV.debug",
    "finaliser of a table": "return setmetatable({}, {__gc = print})",
    "unprotected metatable": "return getmetatable(setmetatable({}, {__metatable = false}))",
    "the hook": "return debug.sethook()",
    "caller of a handler": "return select(2, xpcall(function() error('x', 0) end, function() return getfenv end))",
}


@pytest.mark.parametrize("open_libraries", [False, True])
@pytest.mark.parametrize("name", sorted(ESCAPES))
def test_nothing_outside_can_be_reached(name: str, open_libraries: bool, ask: Ask) -> None:
    """Whatever such a script gives back but nil is an escape; refusing it is as good."""
    answer = ask(ESCAPES[name], open_libraries=open_libraries)
    assert answer.error or answer.kind == "nil" or answer.value is False
    assert ask("return obj.kind").value == "Thing"


def test_compiled_code_is_refused(ask: Ask) -> None:
    assert "only its source text" in ask("\x1bLua\x51\x00").error


BOMBS = {
    "loop": "while true do end",
    "loop that catches": "while true do pcall(function() while true do end end) end",
    "loop in a handler": "xpcall(error, function() while true do end end)",
    "loop of a sort": "local t = {} for i = 1, 2e5 do t[i] = -i end while true do table.sort(t) end",
    "loop of inserts": "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, 1) end",
    "loop of joins": "local t = {} for i = 1, 1e5 do t[i] = 'xxxxxxxx' end while true do table.concat(t) end",
    "insert far below": "table.insert({}, -2147483648, 1)",
    "growing text": "local s = 'x' while true do s = s .. s end",
    "growing table": "local t = {} while true do t[#t + 1] = {} end",
    "growing text that catches": "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
    "recursion": "local function f() return 1 + f() end return f()",
    "recursion that catches": "local function f() pcall(f) f() end f()",
    "index chain": "local t t = setmetatable({}, {__index = function(_, k) return t[k + 1] end}) return t[1]",
    "many results": "return unpack({}, 1, 1e8)",
    "result in itself": "local t = {} t.t = t return t",
    "result in itself, twice": "local t = {} for i = 1, 60 do t = {t, t} end return t",
    "large result": "local t = {} for i = 1, 1e6 do t[i] = i end return t",
    "deep source": "return " + "(" * 5000 + "1" + ")" * 5000,
    "long source": "return 1 " + " " * SOURCE_LIMIT,
    "many constants": "return {" + ",".join(f"'{number}'" for number in range(9000)) + "}, error('no', 0)",
}
OPEN_BOMBS = {
    "backtracking": "return ('a'):rep(30000):find('.-.-.-.-b')",
    "backtracking replacement": "return ('a'):rep(30000):gsub('(a*)*(a*)*(a*)*b', '')",
    "pattern that recurses": "return ('a'):rep(200000):find(('a?'):rep(200000))",
    "balanced": "while true do (('('):rep(100000)):find('%b()') end",
    "plain search": "return ('a'):rep(1e7):find(('a'):rep(4e6) .. 'b', 1, true)",
    "repeat of nothing": "while true do (''):rep(2^31) end",
    "repeat": "return ('x'):rep(1e10)",
    "repeat that catches": "while true do pcall(string.rep, 'x', 6e7) end",
    "format": "while true do string.format('%99.99f', 1e308) end",
    "coroutine": "coroutine.wrap(function() while true do end end)()",
    "coroutines that catch": "while true do pcall(coroutine.wrap(function() while true do end end)) end",
    "coroutine in coroutine": "local function f() coroutine.wrap(f)() end f()",
}


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _processor_time(workers: LuaWorkers) -> float:
    """Of all workers, those that are gone included: how busy the machine is does not matter."""
    gone = resource.getrusage(resource.RUSAGE_CHILDREN)
    return gone.ru_utime + gone.ru_stime + sum(worker.processor_seconds() for worker in workers.pool.processes)


@pytest.mark.parametrize("name", sorted(BOMBS | OPEN_BOMBS))
def test_a_bomb_ends_within_its_limit_and_leaves_the_next_script_working(
    name: str, ask: Ask, workers: LuaWorkers
) -> None:
    script, is_open = (BOMBS | OPEN_BOMBS)[name], name in OPEN_BOMBS
    ask("return {}")
    time_before, memory_before = _processor_time(workers), _memory()
    assert ask(script, open_libraries=is_open).error
    assert _processor_time(workers) - time_before < SECONDS * 1.2
    assert _memory() - memory_before < 16 * 1024 * 1024
    assert ask("return {status = 'Healthy'}").value == {"status": "Healthy"}


CONTRACT: dict[str, tuple[str, Any]] = {
    "lists count from one": ("return {obj.spec.names[1], #obj.spec.names}", ["a", 2]),
    "null is nil": ("return {obj.spec.none == nil}", [True]),
    "numbers and truths": ("return {obj.spec.replicas, obj.spec.ratio, obj.flag}", [3, 0.5, True]),
    "an empty table is a list": ("return {a = {}}", {"a": []}),
    "nil is not there": ("return {a = nil, b = 1}", {"b": 1}),
    "time is the moment handed in": ("return {require('os').time()}", [int(NOW.timestamp())]),
    "dates are UTC": ("return {require('os').date('%Y-%m-%dT%H:%M:%SZ')}", ["2026-08-01T09:30:05Z"]),
    "dates of a moment": ("return {require('os').date('!%H:%M', 3600)}", ["01:00"]),
    "time of a date": ("return {require('os').time({year=1970, month=1, day=2, hour=0})}", [86400]),
    "os only by require": ("return {os == nil, require('os').clock == nil}", [True, True]),
    "libraries": ("return {string or math or coroutine or 0, type(package.loaded.table)}", [0, "table"]),
    "preloaded modules": ("package.preload.x = function() return {y = 1} end return {require('x').y}", [1]),
    "goto": ("for i = 1, 3 do if i < 3 then goto continue end obj = i ::continue:: end return {obj}", [3]),
    "the library of 5.1": ("return {table.getn({1, 2}), table.maxn({[7] = 1}), unpack({3})}", [2, 7, 3]),
    "version": ("return {_VERSION}", ["Lua 5.1"]),
    "parameters": ("return {actionParams.missing == nil}", [True]),
    "errors are caught": ("return {pcall(error, 'no')}", [False, "no"]),
    "printing goes nowhere": ("print('x') return {1}", [1]),
    "whole numbers": ("return {2^53, 1e20, -0.5}", [2**53, 1e20, -0.5]),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_the_contract_of_scripts(name: str, ask: Ask) -> None:
    script, wanted = CONTRACT[name]
    answer = ask(script)
    assert (answer.error, answer.value) == ("", wanted)


ERRORS = {
    "word for word": ("error('no such replica', 0)", "no such replica"),
    "with its place": ("\nerror('no')", "<string>:2: no"),
    "a table": ("error({})", "script raised a table"),
    "an unknown name": ("return obj.a.b", "<string>:1: attempt to index field 'a' (a nil value)"),
    "syntax": ("return return", "<string>:1: unexpected symbol near 'return'"),
    "a module": ("require('socket')", "<string>:1: module socket not found"),
    "keys of two kinds": ("return {1, a = 2}", "cannot encode mixed or invalid key types"),
    "keys of no kind": ("return {[true] = 2}", "cannot encode mixed or invalid key types"),
    "gaps": ("return {[1] = 1, [3] = 3}", "cannot encode sparse array"),
    "functions": ("return {a = print}", "cannot encode function to JSON"),
    "loops": ("local t = {} t.t = t return t", "cannot encode recursively nested tables to JSON"),
    "no number": ("return {0/0}", "cannot encode a number that JSON does not have"),
    "no text": ("return {'\\255'}", "cannot encode text that is not UTF-8 to JSON"),
    "too long": (" " * SOURCE_LIMIT + "return 1", "script is longer than 64 KiB"),
    "time": ("while true do end", "script exceeded its limit of time"),
    "memory": ("local t = {} while true do t[#t + 1] = {} end", "script needs more than 64 MiB"),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_errors_say_what_is_wrong(name: str, ask: Ask) -> None:
    script, wanted = ERRORS[name]
    assert ask(script).error == wanted


def test_open_libraries_are_string_math_coroutine_and_os(ask: Ask) -> None:
    script = "return {('x'):upper(), math.floor(1.5), type(coroutine.wrap), os.clock() < 1, os.difftime(3, 1)}"
    assert ask(script, open_libraries=True).value == ["X", 1, "function", True, 2]
    assert "attempt to call method 'upper'" in ask("return {('x'):upper()}").error


def test_parameters_are_a_table_of_texts(ask: Ask) -> None:
    assert ask("return {actionParams.replicas}", parameters={"replicas": "3"}).value == ["3"]


@pytest.mark.parametrize(
    ("script", "is_timed"),
    [
        ("return {require('os').time()}", True),
        ("return {require('os').date('*t').year}", True),
        ("return {require('os').date('!%H', 0), require('os').time({year=2026, month=1, day=1})}", False),
        ("return {}", False),
    ],
)
def test_an_answer_says_whether_the_time_mattered(script: str, is_timed: bool, ask: Ask) -> None:
    assert ask(script).is_timed is is_timed


def test_the_type_of_what_is_returned_is_reported(ask: Ask) -> None:
    told = {script: ask(f"return {script}").kind for script in ("1", "'x'", "true", "nil", "print", "{}", "")}
    assert list(told.values()) == ["number", "string", "boolean", "nil", "function", "table", "nil"]


def test_one_script_cannot_leave_anything_for_the_next(ask: Ask) -> None:
    spoiling = """
    _G.left = 1 table.left = 1 require('os').left = 1 package.loaded.left = {} package.preload.left = print
    string.left = 1 string.upper = nil tostring = nil
    return {}
    """
    assert not ask(spoiling, open_libraries=True).error
    script = "return {left, table.left, require('os').left, string.left, package.loaded.left, package.preload.left}"
    assert ask(script, open_libraries=True).value == []
    assert ask("return {('x'):upper(), tostring(1)}", open_libraries=True).value == ["X", "1"]


def test_a_script_run_again_starts_with_a_new_environment(ask: Ask) -> None:
    counting = "count = (count or 0) + 1 return {count}"
    assert [ask(counting).value for _ in range(3)] == [[1], [1], [1]]


def test_a_result_may_be_as_large_as_an_object_but_not_larger(ask: Ask) -> None:
    assert len(ask(f"return ('x'):rep({RESULT_LIMIT // 2})", open_libraries=True).value) == RESULT_LIMIT // 2
    assert "larger than" in ask(f"return ('x'):rep({RESULT_LIMIT + 1})", open_libraries=True).error


def test_a_result_counts_as_it_is_sent_and_errors_are_cut(ask: Ask) -> None:
    assert "larger than" in ask("return ('\\1'):rep(4e6)", open_libraries=True).error
    answer = ask("error(('x'):rep(1e7), 0)", open_libraries=True)
    assert answer.error == "x" * ERROR_LIMIT


def test_an_empty_table_becomes_what_it_was(ask: Ask) -> None:
    original: JsonValue = {"a": {}, "b": [], "c": [{"d": {}}]}
    back = ask("return obj", original).value
    assert back == {"a": [], "b": [], "c": [{"d": []}]}
    assert restored(back, original) == original


def test_keys_keep_their_order_and_new_ones_are_sorted(ask: Ask) -> None:
    original = {"z": 1, "a": {"y": 1, "b": 2}, "m": 3}
    back = restored(ask("obj.d = 1 obj.c = 1 obj.m = nil return obj", original).value, original)
    assert str(back) == str({"z": 1, "a": {"y": 1, "b": 2}, "c": 1, "d": 1})


def test_numbers_that_no_integer_holds_are_doubles(ask: Ask) -> None:
    assert ask("return {obj.a, obj.b}", {"a": 2**63, "b": [1]}).value == [2**63, [1]]


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
def test_an_object_comes_back_as_it_went_in(ask: Ask, obj: dict[str, Any]) -> None:
    assert restored(ask("return obj", obj).value, obj) == obj
