"""Users' jq in real workers: paths in order, the expression at fault for a death, and harmless hostile ones."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest

from argosy.render.jq.evaluator import BATCH_CALLS, LIMITS, JqWorkers
from argosy.render.jq.port import SOURCE_LIMIT, Answer, Call
from argosy.render.lua.breaker import REST_SECONDS, ROW
from argosy.runtime.clock import RealClock
from tests.render.conftest import Still

PATIENT = replace(LIMITS, wall_seconds=60.0)
OBJ = {
    "kind": "X",
    "n": None,
    "secret": "hunter2",
    "l": [1, 2, 3],
    "spec": {"containers": [{"env": [{"name": "DD_A"}, {"name": "B"}, {"name": "DD_C"}]}, {"name": "bare"}]},
}


@pytest.fixture(scope="module")
def workers() -> Iterator[JqWorkers]:
    with JqWorkers(RealClock(), limits=PATIENT) as made:
        yield made


def ask(workers: JqWorkers, *expressions: str, obj: object = OBJ) -> list[Answer]:
    return asyncio.run(workers.evaluate([Call(expression, orjson.dumps(obj)) for expression in expressions]))


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        (
            '.spec.containers[]?.env[]? | select(.name|test("^DD_"))',
            [("spec", "containers", 0, "env", 0), ("spec", "containers", 0, "env", 2)],
        ),
        (".. | .env? // empty", [("spec", "containers", 0, "env")]),
        ("first(.l[])", [("l", 0)]),
        (".l[1:]", [("l", {"start": 1, "end": None})]),
        ('select(.kind=="X" and (.l|length) > 1) | .l', [("l",)]),
        ("def f: .l; f # a comment", [("l",)]),
        ("empty", []),
    ],
)
def test_an_expression_leads_to_its_paths(workers: JqWorkers, expression: str, paths: list[tuple[object, ...]]) -> None:
    assert ask(workers, expression) == [Answer(paths=tuple(paths))]


HOSTILE = {
    "def f: f; f": "stopped after too much processor time",
    "range(1e12) | empty": "stopped after too much processor time",
    "repeat(.)|empty": "stopped after too much processor time",
    "last(repeat(1))": "met its limits",
    "[range(1e9)] | .[0]": "met its limits",
    "reduce range(1e9) as $i (.; . + {($i|tostring): $i})": "met its limits",
    '[limit(40; repeat("x"))] | add * 1e9 | length': "",
    'reduce range(64) as $i ("x"; . + .) | length': "",
    "def f: [f]; f": "met its limits",
    "reduce range(1e7) as $i (null; [.]) | empty": "",
    "repeat(.n)": "",
    "[.. , ..] | combinations": "",
    '"x" * 1e9 | test("(x+x+)+y")': "",
    '("x" * 40) | test("(x+x+)+y") | empty': "",
    'import "x" as x; .n': "not a jq expression",
    'include "x"; .n': "not a jq expression",
    'import "/etc/passwd" as $x; .n': "not a jq expression",
    "input": "break",
    ".n), (.l": "not a jq expression",
    ".n | select(": "not a jq expression",
    "env.HOME": "Invalid path expression",
    "$ENV": "Invalid path expression",
    "input_filename": "Invalid path expression",
    ".l | to_entries[]": "Invalid path expression",
    "error(.)": "it ends in an error",
    "getpath([[0]])": "",
    'getpath(["a", {"b": 1}])': "",
    "$__prog_args": "not a jq expression",
    "halt_error": "",
    "(" * 20000 + "." + ")" * 20000: "",
    ".n" * SOURCE_LIMIT: "longer than 64 KiB",
    "\x00": "not a jq expression",
    "\ud800": "not a jq expression",
}


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_a_hostile_expression_comes_to_nothing_and_the_next_one_is_answered(expression: str) -> None:
    with JqWorkers(RealClock(), limits=PATIENT) as workers:
        answer, after = ask(workers, expression, ".l")
    assert HOSTILE[expression] in answer.error
    assert answer.error or not any(answer.paths)
    assert "hunter2" not in answer.error
    assert after == Answer(paths=(("l",),))


def test_no_environment_is_seen(workers: JqWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "seen")
    assert os.environ["CANARY"]
    assert ask(workers, "select(env != {} or $ENV != {}) | .l", "select(env == {}) | .l") == [
        Answer(),
        Answer(paths=(("l",),)),
    ]


def test_what_iterates_over_nothing_is_an_absence_unless_it_led_somewhere(workers: JqWorkers) -> None:
    [nothing, partly] = ask(workers, "first(.n[])", "first(.l[]), .n[]")
    assert (nothing.is_absence, partly.is_absence) == (True, False)
    assert partly.error == "Cannot iterate over null"


def test_answers_come_in_order_in_as_many_batches_as_it_takes() -> None:
    with JqWorkers(RealClock(), limits=PATIENT) as workers:
        count = BATCH_CALLS + 5
        calls = [Call(f"first(.l[{at}])", b'{"l":[]}') for at in range(count)]
        answers = asyncio.run(workers.evaluate(calls))
        assert [answer.paths for answer in answers] == [(("l", at),) for at in range(count)]
        assert workers.evaluated == count


def test_an_expression_that_only_meets_its_limits_rests_and_others_act() -> None:
    still = Still()
    with JqWorkers(still, limits=PATIENT) as workers:
        answers = ask(workers, *["def f: f; f"] * 5, ".l")
        assert [answer.is_breach for answer in answers] == [True] * ROW + [False] * (6 - ROW)
        assert "rests for" in answers[ROW].error
        assert answers[-1].paths == (("l",),)
        started = workers.pool.started
        still.advance(seconds=REST_SECONDS)
        assert ask(workers, "def f: f; f")[0].is_breach
        assert workers.pool.started == started


def test_after_the_end_there_is_an_outage_and_no_blame() -> None:
    workers = JqWorkers(RealClock(), limits=PATIENT)

    async def closing() -> list[Answer]:
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(workers.evaluate([Call("def f: f; f", b"{}")]))
            while not workers.pool.processes:
                await RealClock().sleep(0.01)
            workers.close()
            return await asking

    assert [answer.is_outage for answer in asyncio.run(closing())] == [True]
