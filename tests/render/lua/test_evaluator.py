"""Batches of calls: answers in order, one to blame for a death, a script that rests, and what a worker may not have."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from argosy.render.lua.breaker import REST_SECONDS, RESTING, ROW
from argosy.render.lua.evaluator import BATCH_CALLS, LIMITS, LuaWorkers
from argosy.render.lua.port import Answer, Call
from argosy.render.workers.starts import FIRST_REST
from argosy.runtime.clock import RealClock
from tests.render.conftest import Still
from tests.render.lua.conftest import NOW, PATIENT

GOOD = "return {obj.n}"


@pytest.fixture
def workers() -> Iterator[LuaWorkers]:
    with LuaWorkers(RealClock(), size=1, limits=PATIENT) as made:
        yield made


def ask(workers: LuaWorkers, *calls: Call) -> list[Answer]:
    return asyncio.run(workers.evaluate(calls, NOW))


def numbered(script: str, count: int, first: int = 0) -> list[Call]:
    return [Call(script, {"n": number}) for number in range(first, first + count)]


def values(answers: Sequence[Answer]) -> list[object]:
    return [answer.value if not answer.error else answer.error for answer in answers]


def test_answers_come_in_order_in_as_many_batches_as_it_takes(workers: LuaWorkers) -> None:
    count = 2 * BATCH_CALLS + 5
    assert values(ask(workers, *numbered(GOOD, count))) == [[number] for number in range(count)]
    assert (workers.pool.started, workers.evaluated) == (1, count)
    assert [worker.jobs for worker in workers.pool.processes] == [3]


def test_no_calls_need_no_worker(workers: LuaWorkers) -> None:
    assert ask(workers) == []
    assert workers.pool.started == 0


def test_one_script_that_fails_is_one_failed_answer(workers: LuaWorkers) -> None:
    answers = ask(workers, *numbered(GOOD, 2), Call("error('no', 0)", {}), *numbered(GOOD, 2, 2))
    assert values(answers) == [[0], [1], "no", [2], [3]]


def test_a_worker_that_dies_takes_one_answer_along() -> None:
    """Killed by a short wall clock, as anything that the sandbox cannot end by itself."""
    limits = replace(LIMITS, wall_seconds=0.4, watch_seconds=0.02)
    slow = Call("local s = ('x'):rep(1e6) while true do local t = s .. 'y' end", {}, open_libraries=True)
    with LuaWorkers(RealClock(), size=1, limits=limits) as hasty:
        answers = ask(hasty, *numbered(GOOD, 3), slow, *numbered(GOOD, 3, 3))
        assert [answer.value for answer in answers] == [[0], [1], [2], None, [3], [4], [5]]
        assert answers[3].error == "script met its limits: the Lua worker was stopped after 0.4 seconds"
        assert (answers[3].is_breach, answers[3].is_passing) == (True, True)
        assert hasty.pool.started >= 2


def test_a_worker_killed_between_batches_is_replaced(workers: LuaWorkers) -> None:
    ask(workers, *numbered(GOOD, 1))
    (worker,) = workers.pool.processes
    os.kill(worker.pid, signal.SIGKILL)
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert values(ask(workers, *numbered(GOOD, 1))) == [[0]]


def test_a_script_that_only_meets_its_limits_rests_and_the_others_go_on() -> None:
    clock = Still()
    with LuaWorkers(clock, size=1, limits=PATIENT) as workers:
        loop = Call("while true do end", {})
        answers = ask(workers, *[loop] * (ROW + 2), *numbered(GOOD, 2))
        assert [answer.is_breach for answer in answers[: ROW + 2]] == [*[True] * ROW, False, False]
        assert [answer.error for answer in answers[ROW : ROW + 2]] == [RESTING] * 2
        assert values(answers[ROW + 2 :]) == [[0], [1]]
        [answer] = ask(workers, loop)
        assert (answer.error, answer.is_passing) == (RESTING, True)
        clock.advance(seconds=REST_SECONDS)
        [answer] = ask(workers, loop)
        assert answer.is_breach


def test_closing_ends_what_runs_and_starts_no_worker_again(workers: LuaWorkers) -> None:
    async def close_while_running() -> list[Answer]:
        calls = [Call("while true do end", {"n": number}) for number in range(3)]
        running = asyncio.get_running_loop().create_task(workers.evaluate(calls, NOW))
        while not workers.pool.processes:
            await asyncio.to_thread(threading.Event().wait, 0.02)
        await asyncio.to_thread(workers.close)
        return await running

    answers = asyncio.run(close_while_running())
    assert [answer.is_passing for answer in answers][-1]
    assert (workers.pool.processes, workers.pool.started) == ((), 1)


def test_without_a_worker_nothing_is_blamed_on_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Still()
    with LuaWorkers(clock, size=1, limits=PATIENT) as workers:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        answers = ask(workers, *numbered(GOOD, 3))
        assert [(answer.is_passing, answer.is_breach) for answer in answers] == [(True, False)] * 3
        assert "no Lua worker can be started" in answers[0].error
        monkeypatch.undo()
        clock.advance(seconds=FIRST_REST)
        assert values(ask(workers, *numbered(GOOD, 1))) == [[0]]


def test_a_worker_holds_nothing_of_ours_and_can_open_no_file(
    workers: LuaWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "canary-value")
    ask(workers, *numbered(GOOD, 1))
    (worker,) = workers.pool.processes
    process = Path(f"/proc/{worker.program_pid}")
    assert b"canary-value" not in process.joinpath("environ").read_bytes()
    held = {str(link.readlink()) for link in process.joinpath("fd").iterdir()}
    known = ("pipe:", "/dev/null", "/proc/", f"/{worker.program_pid}/statm")
    assert all(name.startswith(known) for name in held), held
    limits = {line[:26].strip(): line[26:].split() for line in process.joinpath("limits").read_text().splitlines()}
    assert limits["Max open files"][:2] == ["0", "0"]
    assert int(limits["Max address space"][1]) < 2**30
    assert limits["Max core file size"][:2] == ["0", "0"]


def test_a_worker_has_no_network_where_the_system_lets_go_of_it(workers: LuaWorkers) -> None:
    ask(workers, *numbered(GOOD, 1))
    (worker,) = workers.pool.processes
    if "network" not in worker.held:
        pytest.skip("this system does not let a process give up its network")
    assert Path("/proc/self/ns/net").readlink() != Path(f"/proc/{worker.program_pid}/ns/net").readlink()


def test_the_process_of_the_controllers_never_loads_lua() -> None:
    script = (
        "import sys, argosy.cli.process, argosy.render.lua.evaluator, argosy.gitops.health.custom_checks\n"
        "sys.exit(any(name.startswith('lupa') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))
