"""Control groups: where they can be created, what is limited, and that all processes of one end together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.confinement.kernel import cgroups
from argosy.confinement.kernel.cgroups import Unusable


@pytest.fixture
def real() -> Iterator[Path]:
    """A group of our own on this machine."""
    lines = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    root = next((Path(line[1]) for line in lines if line[2] == "cgroup2"), None)
    if root is None or not os.access(root, os.W_OK):
        pytest.skip("there is no cgroup v2 here that this user may divide")
    place = root / f"argosy-test-{os.getpid()}"
    place.mkdir()
    yield place
    place.rmdir()


def test_a_group_takes_in_all_that_its_process_starts_and_ends_as_a_whole(real: Path) -> None:
    group = cgroups.make(str(real), "1", memory_bytes=0, tasks=0)
    script = f"from argosy.confinement.kernel import cgroups; cgroups.join({group!r}); import subprocess; "
    script += "subprocess.Popen(['sleep', '60']); print('in', flush=True); import time; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        assert len((Path(group) / "cgroup.procs").read_text().split()) == 2
        assert not cgroups.remove(group)
        cgroups.kill(group)
        assert process.wait(30) == -9
    for _ in range(200):
        if cgroups.remove(group):
            break
        process.poll()
        subprocess.run(["sleep", "0.05"], check=True)
    assert not Path(group).exists()


@pytest.fixture
def imitation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory like a delegated group, whose children have the files that the kernel makes."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    make = os.mkdir

    def mkdir(path: str, mode: int = 0o777) -> None:
        make(path, mode)
        for name in ("memory.max", "memory.swap.max", "memory.oom.group", "pids.max"):
            (Path(path) / name).touch()

    monkeypatch.setattr(os, "mkdir", mkdir)
    return tmp_path


def test_memory_and_number_are_limited_without_swap_and_all_end_together(imitation: Path) -> None:
    group = Path(cgroups.make(cgroups.place({cgroups.VARIABLE: str(imitation)}), "1", memory_bytes=1 << 30, tasks=66))
    assert {file.name: file.read_text() for file in group.iterdir()} == {
        "memory.max": str(1 << 30), "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "66",
    }  # fmt: skip


def test_what_has_no_controllers_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu pids\n")
    with pytest.raises(Unusable, match="has no controller for memory"):
        cgroups.place({cgroups.VARIABLE: str(tmp_path)})


@pytest.mark.parametrize("mounts", ["", "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"])
def test_without_cgroup_v2_there_are_none(tmp_path: Path, mounts: str) -> None:
    (tmp_path / "mounts").write_text(mounts)
    with pytest.raises(Unusable, match="no cgroup v2"):
        cgroups.place({}, str(tmp_path / "mounts"))


def test_a_group_that_nobody_gave_to_us_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mounts").write_text(f"cgroup2 {tmp_path} cgroup2 rw 0 0\n")
    (tmp_path / "own").write_text("0::/system.slice/other.service\n")
    with pytest.raises(Unusable, match="no cgroup was given to this process to divide"):
        cgroups.place({}, str(tmp_path / "mounts"), str(tmp_path / "own"))


def test_the_group_above_is_used_where_it_is_marked_as_delegated(tmp_path: Path) -> None:
    unit = tmp_path / "system.slice" / "argosy.service"
    (unit / "process").mkdir(parents=True)
    (unit / "cgroup.controllers").write_text("memory pids")
    (unit / "cgroup.subtree_control").write_text("memory pids")
    try:
        os.setxattr(unit, "user.delegate", b"1")
    except OSError:
        pytest.skip("this file system keeps no such marks")
    (tmp_path / "mounts").write_text(f"cgroup2 {tmp_path} cgroup2 rw 0 0\n")
    (tmp_path / "own").write_text("0::/system.slice/argosy.service/process\n")
    assert cgroups.place({}, str(tmp_path / "mounts"), str(tmp_path / "own")) == str(unit)
