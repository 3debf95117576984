"""One worker: when it is late, and that nothing of it stays behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from argosy.render.workers.process import STALLED, Limits, sweep


@pytest.mark.parametrize(
    ("busy", "waited", "used", "over"),
    [
        (0.0, 0.9, 9.0, False),
        (0.0, 1.0, 0.0, True),
        (0.1, 0.9, 0.9, False),
        (0.1, 1.0, 0.1, True),
        (0.1, 1.0, 0.09, False),
        (0.1, STALLED - 0.1, 0.0, False),
        (0.1, STALLED, 0.0, True),
    ],
)
def test_a_worker_is_late_by_the_wall_when_it_could_have_worked(
    busy: float, waited: float, used: float, over: bool
) -> None:
    assert Limits(wall_seconds=1.0, busy_seconds=busy).are_over(waited, used) is over


def test_directories_of_killed_processes_are_swept_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from argosy.render.workers.process import _locked\n"
        "d = Path(sys.argv[1]); d.mkdir(); _locked(d); (d / 'left').write_text('x'); print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    paths = [tmp_path / f"argosy-render-{name}" for name in ("dead", "alive", "unlocked")]
    paths[2].mkdir()
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) for path in paths[:2]
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
        children[0].kill()
        children[0].wait()
        sweep(tmp_path)
        assert [path.exists() for path in paths] == [False, True, True]
    finally:
        for child in children:
            child.kill()
            child.communicate()
