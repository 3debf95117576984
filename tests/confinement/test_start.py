"""Real programs in boxes, with all layers and with some of them only, as other kernels would have it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from argosy.confinement import layers
from argosy.confinement.box import Box
from argosy.confinement.interpreter import program_reads
from argosy.confinement.kernel import cgroups
from argosy.confinement.start import NotConfined, start

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
POORER = {
    "everything": (),
    "no mounts": (layers.VIEW,),
    "no landlock": (layers.LANDLOCK,),
    "no pids": (layers.PIDS,),
    "no namespaces": (layers.VIEW, layers.PIDS, layers.NETWORK),
    "no seccomp": (layers.SECCOMP,),
}


def said(script: str, tmp_path: Path, *, without: tuple[str, ...] = (), **more: Any) -> tuple[int, str]:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    tmp_path.chmod(0o711)
    box = Box(reads=program_reads(), scratch={str(scratch): 1 << 20}, proc=True, without=without, **more)
    with (tmp_path / "said").open("w+b") as output:
        running = start(
            box, command=["sh", "-c", script], directory=str(scratch), environment=ENVIRONMENT, stdout=output,
            stderr=output,
        )  # fmt: skip
        status = running.process.wait(30)
        output.seek(0)
        return status, output.read().decode()


@pytest.mark.parametrize("name", POORER)
def test_a_file_next_to_it_is_not_read_and_not_changed_whichever_layer_is_missing(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "ca.key"
    canary.write_text("canary-31aa")
    canary.chmod(0o666)
    _, found = said(f"cat {canary}; cat /etc/shadow; echo x > {canary}; echo mine > own; cat own", tmp_path,
                    without=POORER[name])  # fmt: skip
    assert "canary" not in found
    assert "root:" not in found
    assert found.endswith("mine\n")
    assert canary.read_text() == "canary-31aa"


@pytest.mark.parametrize("base", ["/tmp", "/var/tmp"])
def test_it_has_its_own_root_wherever_its_input_is(tmp_path: Path, base: str) -> None:
    with tempfile.TemporaryDirectory(dir=base) as directory:
        given = Path(directory) / "given"
        given.mkdir()
        (given / "file").write_text("mine")
        for place in (Path(directory), given):
            place.chmod(0o755)
        box = Box(reads=(*program_reads(), str(given)), scratch={str(tmp_path): 1 << 20}, proc=True)
        with (tmp_path.parent / "said").open("w+b") as output:
            running = start(
                box, command=["cat", str(given / "file")], directory=str(tmp_path), environment=ENVIRONMENT,
                stdout=output, stderr=output,
            )  # fmt: skip
            assert running.process.wait(30) == 0
            output.seek(0)
            assert output.read() == b"mine"
        wanted = start(Box(reads=program_reads(), scratch={str(tmp_path): 1 << 20}), command=["true"],
                       directory=str(tmp_path), environment=ENVIRONMENT)  # fmt: skip
        assert layers.VIEW in running.held or layers.VIEW not in wanted.held
        wanted.process.wait(30)


@pytest.mark.parametrize("name", POORER)
def test_it_kills_nobody_and_nothing_outlives_it_whichever_layer_is_missing(tmp_path: Path, name: str) -> None:
    mark = f"60{len(name)}{sum(map(ord, name))}"
    with subprocess.Popen(["sleep", "60"]) as victim:
        script = f"kill -9 {victim.pid} {os.getpid()} $PPID; setsid -f sleep {mark}; sleep {mark} & echo on"
        status, found = said(script, tmp_path, without=POORER[name])
        assert (status, found.splitlines()[-1]) == (0, "on")
        assert victim.poll() is None
        victim.kill()
    assert gone(mark)


@pytest.mark.parametrize("name", POORER)
def test_it_reaches_no_network_whichever_layer_is_missing(tmp_path: Path, name: str) -> None:
    script = f"exec 3<>/dev/tcp/127.0.0.1/{_listening()} && echo reached"
    _, found = said(f"bash -c '{script}'", tmp_path, without=POORER[name])
    assert "reached" not in found


def gone(mark: str) -> bool:
    """Whether nobody has this in its command any more: what the kernel ends may take it a moment."""
    for _ in range(40):
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                found += [path] if mark.encode() in path.read_bytes() else []
        if not found:
            return True
        threading.Event().wait(0.05)
    return False


def _listening() -> int:
    import socket

    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen()
    _KEPT.append(made)
    return int(made.getsockname()[1])


_KEPT: list[Any] = []


def test_it_ends_as_the_program_did(tmp_path: Path) -> None:
    assert said("exit 7", tmp_path)[0] == 7
    assert said("kill -TERM $$", tmp_path)[0] == -15
    assert said("ulimit -t 1; while :; do :; done", tmp_path)[0] in (-24, -9)


def test_a_program_that_is_not_there_is_reported_like_any(tmp_path: Path) -> None:
    scratch = {str(tmp_path): 1 << 20}
    with pytest.raises(FileNotFoundError):
        start(Box(reads=program_reads(), scratch=scratch), command=["no-such-program"], directory=str(tmp_path),
              environment=ENVIRONMENT)  # fmt: skip


def test_what_must_not_run_unconfined_does_not(tmp_path: Path) -> None:
    poor = (layers.VIEW, layers.LANDLOCK, layers.PIDS, layers.NETWORK, layers.USER)
    with pytest.raises(NotConfined, match="does not let us promise that it sees no files but its own"):
        said("echo ran", tmp_path, without=poor, needs=layers.FOR_PLUGINS)


def test_its_environment_and_descriptors_are_what_was_given(tmp_path: Path) -> None:
    with Path("/etc/hostname").open() as held:
        os.set_inheritable(held.fileno(), True)
        _, found = said("env | cut -d= -f1 | sort | tr '\\n' ' '; ls /proc/self/fd | tr '\\n' ' '", tmp_path)
    assert found.split()[:3] == ["PATH", "PWD", "_"] or found.split()[:2] == ["PATH", "PWD"]
    assert set(found.split()[-5:]) <= {"0", "1", "2", "3", "PATH", "PWD", "_"}


def test_one_that_is_killed_takes_all_along(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    running = start(
        Box(reads=program_reads(), scratch={str(tmp_path / "s"): 1 << 20}),
        command=["sh", "-c", "setsid sleep 60931 & sleep 60931"],
        directory=str(tmp_path / "s"),
        environment=ENVIRONMENT,
    )  # fmt: skip
    running.kill()
    running.process.wait(10)
    assert gone("60931")


def test_a_launcher_loads_little() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from argosy.confinement.launch import launcher\n"
        "print([name for name in ('typing', 're', 'enum', 'pathlib', 'subprocess', 'json') if name in sys.modules])"
    )
    root = str(Path(__file__).parents[2] / "src")
    found = subprocess.run([sys.executable, "-I", "-S", "-c", script, root], capture_output=True, check=True)
    assert found.stdout.strip() == b"[]"


def test_an_old_kernel_starts_programs_without_a_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argosy.confinement.start.HAS_HANDLES", False)
    assert said("echo here; exit 3", tmp_path) == (3, "here\n")
    with pytest.raises(FileNotFoundError):
        start(Box(reads=program_reads()), command=["no-such-program"], directory=str(tmp_path), environment=ENVIRONMENT)


def test_what_has_gone_since_it_was_looked_at_costs_no_layer(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    tmp_path.chmod(0o711)
    box = Box(reads=(*program_reads(), str(given)), scratch={str(scratch): 1 << 20})
    held = []
    for _ in range(2):
        running = start(box, command=["true"], directory=str(scratch), environment=ENVIRONMENT)
        assert running.process.wait(30) == 0
        held.append(running.held)
        if given.exists():
            given.rmdir()
    assert held[0] == held[1]


def test_a_box_is_in_its_group_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    root = next((line[1] for line in mounts if line[2] == "cgroup2"), "")
    if not root or not os.access(root, os.W_OK):
        pytest.skip("there is no cgroup v2 here that this user may divide")
    group = cgroups.make(root, f"test-{os.getpid()}", memory_bytes=0, tasks=0)
    monkeypatch.setattr("argosy.confinement.start.GROUPS.make", lambda box, number: group)
    scratch = tmp_path / "s"
    scratch.mkdir()
    tmp_path.chmod(0o711)
    try:
        running = start(
            Box(reads=program_reads(), scratch={str(scratch): 1 << 20}),
            command=["sh", "-c", "sleep 60 & sleep 60"],
            directory=str(scratch),
            environment=ENVIRONMENT,
        )
        assert layers.GROUP in running.held
        assert (Path(group) / "cgroup.procs").read_text().split()
        running.kill()
        running.process.wait(30)
    finally:
        for _ in range(200):
            if cgroups.remove(group):
                break
            threading.Event().wait(0.05)
    assert not Path(group).exists()
