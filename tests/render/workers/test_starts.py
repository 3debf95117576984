"""Programs that cannot start: an error that names the cause, growing pauses, and recovery once it is fixed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.confinement import start
from argosy.confinement.box import Box
from argosy.confinement.interpreter import python_reads
from argosy.render.lua.evaluator import LuaWorkers
from argosy.render.lua.port import Call
from argosy.render.workers.pool import WorkerPool
from argosy.render.workers.process import Limits, NoWorker, Program
from argosy.render.workers.starts import ATTEMPTS, FIRST_REST, LONGEST_REST, Starts
from argosy.render.workers.wire import Pipe

GOOD = {"app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
MODULE = "argosy_program_of_a_test"
READY = (
    "from argosy.render.workers.own_pipe import end_last_words, own_pipe\n"
    "def main():\n    pipe = own_pipe(); end_last_words(); pipe.send({}); pipe.receive()\n"
)
LACKING = "raise ImportError('libwanted.so.7: cannot open shared object file')\n"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a program that workers run, to be written by the test; its starts are lines of `starts`."""
    path = tmp_path / f"{MODULE}.py"
    boot = start.BOOT.replace("; from", f"; sys.path.insert(0, {str(tmp_path)!r}); from", 1)
    monkeypatch.setattr(start, "BOOT", boot)
    return path


def write(program: Path, text: str) -> None:
    counting = f"open({str(program.with_name('starts'))!r}, 'a').write('start\\n')\n"
    program.write_text(counting + text)


def starts_of(program: Path) -> int:
    return len(program.with_name("starts").read_text().splitlines())


@pytest.fixture
def pool(make_bench: Any, tmp_path: Path) -> Any:
    dying = Program(MODULE, "worker of a test", lambda scratch: _box(scratch, str(tmp_path)))
    made = WorkerPool(make_bench().clock, dying, size=1, limits=Limits(start_seconds=20.0))
    yield made
    made.close()


def _box(scratch: str, place: str) -> Box:
    return Box(reads=python_reads(), writes=(place,), scratch={scratch: 1 << 20}, own_user=False)


def pid_of(pipe: Pipe) -> bool:
    return pipe is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LACKING, "ImportError: libwanted.so.7: cannot open shared object file"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n", "killed by signal 9"),
        ("import os; os._exit(7)\n", "ended with status 7"),
        ("def main():\n    print('no frame' * 9, flush=True)\n", "did not start"),
    ],
)
def test_a_program_that_dies_at_its_start_fails_the_job_with_the_cause(
    pool: WorkerPool, program: Path, text: str, told: str
) -> None:
    write(program, text)
    with pytest.raises(NoWorker, match="worker of a test") as caught:
        asyncio.run(pool.lend(pid_of))
    assert told in str(caught.value)
    assert starts_of(program) == ATTEMPTS
    assert not pool.processes


def test_a_program_that_hangs_at_its_start_is_given_up(pool: WorkerPool, program: Path, make_bench: Any) -> None:
    write(program, "import threading; threading.Event().wait()\n")
    pool = WorkerPool(make_bench().clock, pool._program, size=1, limits=Limits(start_seconds=0.2))
    with pytest.raises(NoWorker, match=r"did not say within 0\.2 seconds that it is ready"):
        asyncio.run(pool.lend(pid_of))
    pool.close()


def test_while_starts_are_paused_jobs_fail_at_once_and_succeed_once_the_cause_is_fixed(
    pool: WorkerPool, program: Path, make_bench: Any
) -> None:
    clock: Any = pool._clock
    write(program, LACKING)
    for _ in range(5):
        with pytest.raises(NoWorker, match=r"libwanted\.so\.7"):
            asyncio.run(pool.lend(pid_of))
    assert starts_of(program) == ATTEMPTS
    write(program, READY)
    with pytest.raises(NoWorker, match=r"libwanted\.so\.7"):
        asyncio.run(pool.lend(pid_of))
    clock.advance(seconds=FIRST_REST)
    assert asyncio.run(pool.lend(pid_of))


def test_rests_grow_to_the_longest_and_one_success_forgets_them() -> None:
    starts, at = Starts(), 0.0
    rests = []
    for count in range(1, 12):
        starts.check(at)
        starts.failed("cause", at)
        if count >= ATTEMPTS:
            length = next(rest for rest in range(1, 100) if not _rests(starts, at + rest))
            assert _rests(starts, at + length - 0.01)
            rests.append(length)
            at += length
    assert rests[:6] == [FIRST_REST, 4, 8, 16, 32, LONGEST_REST]
    assert set(rests[5:]) == {LONGEST_REST}
    starts.succeeded()
    starts.failed("cause", at)
    starts.check(at)


def _rests(starts: Starts, at: float) -> bool:
    before = starts._rests_until
    try:
        starts.check(at)
    except NoWorker:
        return True
    starts._rests_until = before
    return False


def test_what_a_worker_writes_once_it_is_up_is_discarded(pool: WorkerPool, program: Path) -> None:
    write(
        program,
        READY.replace(
            "pipe.receive()",
            "import os; os.write(2, b'x'); pipe.send({'fd': os.fstat(2).st_rdev == os.stat('/dev/null').st_rdev})",
        ),
    )
    assert asyncio.run(pool.lend(lambda pipe: pipe.receive()[0])) == {"fd": True}


def test_no_source_is_blamed_for_a_renderer_that_cannot_start(make_bench: Any, program: Path, pool: WorkerPool) -> None:
    write(program, LACKING)
    bench = make_bench()
    rendering, bench.pool._program = bench.pool._program, pool._program
    for _ in range(4):
        with pytest.raises(NoWorker, match=r"libwanted\.so\.7"):
            bench.render(GOOD)
        bench.clock.advance(seconds=LONGEST_REST)
    bench.pool._program = rendering
    assert bench.render(GOOD).manifests


def test_users_checks_are_answered_with_the_cause_and_judged_again_later(
    make_bench: Any, program: Path, pool: WorkerPool
) -> None:
    write(program, LACKING)
    with LuaWorkers(make_bench().clock) as workers:
        workers.pool._program = pool._program
        answers = asyncio.run(workers.evaluate([Call("return 1", {})] * 600, make_bench().clock.now()))
    assert len(answers) == 600
    assert all(answer.is_passing and "libwanted.so.7" in answer.error for answer in answers)
    assert starts_of(program) == ATTEMPTS
