"""What a plug-in's script tries against the machine, in real workers: nothing of it may succeed (issue 13, row 1)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.render.port import RenderError
from argosy.render.workers.process import Limits

CANARY = "canary-7c1e"
OWNER = {"app/a.txt": "one"}


def attack(script: str) -> dict[str, Any]:
    """A plug-in that runs Python on a tenant's script and prints what came of it."""
    wrapped = (
        "import os, sys, traceback\nresult = ''\ntry:\n"
        + textwrap.indent(textwrap.dedent(script).strip(), "    ")
        + "\nexcept BaseException as error:\n    result = f'refused: {error}'\n"
        "print('apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: m}\\ndata: {x: ' + ascii(str(result)) + '}')\n"
    )
    python = {"command": ["/usr/bin/python3", "-I", "-c", wrapped]}
    return {"kind": "ConfigManagementPlugin", "metadata": {"name": "mine"}, "spec": {"generate": python}}


def outcome(make_bench: Any, script: str, **more: Any) -> str:
    bench = make_bench(plugins=[attack(script)], **more)
    (found,) = bench.render(OWNER, source={"plugin": {"name": "mine"}}).manifests
    return str(found["data"]["x"])


pytestmark = pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="the attacks are written in Python")


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A data directory as `argosy up` has it."""
    for name in ("ca.key", "kubeconfig", "store.db"):
        (tmp_path / name).write_text(CANARY)
    return tmp_path


def test_it_reads_no_file_of_the_host(make_bench: Any, secrets: Path) -> None:
    paths = [*(str(secrets / name) for name in ("ca.key", "kubeconfig", "store.db")), "/etc/shadow", "/etc/passwd"]
    paths += [str(Path.home() / ".ssh"), "/etc/hostname", "/proc/1/environ", "/proc/1/cmdline", "/proc/kcore"]
    for path in paths:
        script = f"result = open({path!r}).read() if os.path.isfile({path!r}) else os.listdir({path!r})"
        found = outcome(make_bench, script)
        # A pid namespace has a process 1 of its own, which is our launcher.
        assert found.startswith("refused") or found in ("", "[]") or "argosy.confinement" in found, (path, found)


def test_not_even_its_name_is_there(make_bench: Any, secrets: Path) -> None:
    script = f"result = [os.path.exists(path) for path in ({str(secrets)!r}, '/etc/shadow', '/home')]"
    assert outcome(make_bench, script) in ("[False, False, False]", "[True, True, True]")


def test_it_writes_nothing_but_into_its_scratch(make_bench: Any, secrets: Path) -> None:
    places = [str(secrets), "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/local/bin", sys.prefix]
    script = f"""
    made = []
    for place in {places!r}:
        try:
            open(place + '/argosy-attack', 'w').write('x'); made.append(place)
        except OSError:
            pass
    result = made
    """
    assert outcome(make_bench, script) == "[]"
    assert not [place for place in places if Path(place, "argosy-attack").exists()]
    assert outcome(make_bench, "open(os.environ['TMPDIR'] + '/x', 'w').write('x'); result = 'written'") == "written"


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[list[Any]]:
    """One socket with a name, one without, one of the internet; each counts who came."""
    found: list[socket.socket] = []
    for family, address in (
        (socket.AF_UNIX, str(tmp_path / "s")),
        (socket.AF_UNIX, f"\0argosy-test-{os.getpid()}"),
        (socket.AF_INET, ("127.0.0.1", 0)),
    ):
        made = socket.socket(family)
        made.bind(address)
        made.listen()
        made.setblocking(False)
        found.append(made)
    yield found
    for made in found:
        made.close()


def test_it_reaches_no_socket(make_bench: Any, listening: list[socket.socket]) -> None:
    for made in listening:
        address = made.getsockname()
        address = address.decode() if isinstance(address, bytes) else address
        script = f"import socket; socket.socket({int(made.family)}).connect({address!r}); result = 'connected'"
        assert outcome(make_bench, script).startswith("refused")
        with pytest.raises(BlockingIOError):
            made.accept()
    assert outcome(make_bench, "import socket; socket.socket(16, 3, 0); result = 'netlink'").startswith("refused")


def test_it_signals_nobody_else(make_bench: Any) -> None:
    with subprocess.Popen(["sleep", "60"]) as victim:
        script = f"""
        import signal
        for pid in [os.getppid(), {os.getpid()}, {victim.pid}, 1, *range(2, 12)]:
            if pid not in (0, os.getpid()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
        result = 'still here'
        """
        assert outcome(make_bench, script) == "still here"
        assert victim.poll() is None
        victim.kill()


def test_it_traces_nobody(make_bench: Any) -> None:
    script = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    result = [libc.ptrace(16, pid, 0, 0) for pid in (os.getppid(), 1)]
    """
    assert outcome(make_bench, script) == "[-1, -1]"


def test_it_has_no_more_than_its_number_of_processes(make_bench: Any) -> None:
    script = """
    count = 0
    try:
        for _ in range(400):
            if os.fork() == 0:
                import time; time.sleep(60)
            count += 1
    except OSError:
        pass
    result = count
    """
    try:
        found = outcome(make_bench, script, limits=Limits(wall_seconds=20.0))
    except RenderError as error:  # counted from outside, where the kernel does not count
        assert "processes, the limit is 128" in str(error)
    else:
        assert int(found) < 128


def test_it_has_no_more_than_its_disk(make_bench: Any) -> None:
    script = """
    written = 0
    try:
        for number in range(344):
            with open(f"{os.environ['TMPDIR']}/{number}", 'wb') as file:
                file.write(bytes(1 << 20))
            written += 1
    except OSError as error:
        result = f'{written} {error.strerror}'
    else:
        result = f'{written} all'
    """
    with pytest.raises(RenderError, match=r"its disk of 320 MiB is full|MiB of disk, the limit is 320 MiB"):
        outcome(make_bench, script)


def test_it_has_no_more_than_its_memory(make_bench: Any) -> None:
    assert outcome(make_bench, "result = len(bytearray(1 << 30))").startswith("refused")
    together = """
    import time
    for _ in range(8):
        if os.fork() == 0:
            held = bytearray(300 << 20); time.sleep(60)
    time.sleep(60)
    """
    with pytest.raises(RenderError, match=r"was stopped at .* MiB, the limit is 768 MiB"):
        outcome(make_bench, together)


def test_nothing_that_it_started_outlives_it(make_bench: Any) -> None:
    script = """
    import subprocess
    for command in (['sleep', '6079'], ['setsid', 'sleep', '6079'], ['setsid', '-f', 'sleep', '6079']):
        subprocess.Popen(command, start_new_session=True)
    result = 'started'
    """
    bench = make_bench(plugins=[attack(script)])
    bench.render(OWNER, source={"plugin": {"name": "mine"}})
    _wait_until(lambda: not _running("sleep\x006079"))  # the kernel ends them, by and by


def test_nothing_that_it_started_outlives_argosy(tmp_path: Path) -> None:
    program = tmp_path / "killed.py"
    program.write_text(
        textwrap.dedent(
            """
            import asyncio, sys, threading
            sys.path[:0] = [sys.argv[1]]
            from tests.render.conftest import Bench, request
            from tests.render.test_plugin_attacks import attack, OWNER
            script = "import subprocess, time; subprocess.Popen(['setsid', 'sleep', '6081']); time.sleep(60)"
            bench = Bench(plugins=[attack(script)])
            print('ready', flush=True)
            bench.render(OWNER, source={'plugin': {'name': 'mine'}})
            """
        )
    )
    root = str(Path(__file__).parents[2])
    with subprocess.Popen([sys.executable, str(program), root], stdout=subprocess.PIPE) as process:
        _wait_until(lambda: bool(_running("sleep\x006081")))
        process.send_signal(signal.SIGKILL)
        process.wait()
        _wait_until(lambda: not _running("sleep\x006081"))


def test_another_applications_plugin_meets_nothing_of_it(make_bench: Any) -> None:
    script = f"""
    import glob
    here = os.environ['TMPDIR']
    found = [name for name in glob.glob('/tmp/**', recursive=True) + glob.glob(here + '/../**') if 'left' in name]
    open(here + '/left-{CANARY}', 'w').write('x')
    result = found
    """
    bench = make_bench(plugins=[attack(script)])
    for name in ("one", "two"):
        (found,) = bench.render(OWNER | {"app/b.txt": name}, source={"plugin": {"name": "mine"}}).manifests
        assert found["data"]["x"] == "[]"


def test_without_the_kernels_means_no_plugin_runs_and_it_is_said_why(
    make_bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argosy.confinement.box import Box

    plain = Box.description
    poor = ["view", "landlock", "scope", "pids", "network", "seccomp", "user"]
    monkeypatch.setattr(Box, "description", lambda box, **more: plain(box, **more) | {"without": poor})
    with pytest.raises(RenderError, match=r"no plugin worker can be started.*does not let us promise.*sees no files"):
        outcome(make_bench, "result = 'ran'")
    good = {"app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
    assert make_bench().render(good).manifests


def _running(command: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += [process.name] if command in (process / "cmdline").read_text() else []
    return found


def _wait_until(is_so: Any) -> None:
    import time

    for _ in range(400):
        if is_so():
            return
        time.sleep(0.05)  # noqa: TID251  (a real program)
    raise AssertionError("it did not come to be")


def test_a_setuid_program_gains_it_nothing(make_bench: Any) -> None:
    script = """
    import subprocess
    status = dict(line.split(':', 1) for line in open('/proc/self/status') if ':' in line)
    result = status['NoNewPrivs'].strip(), int(status['CapEff'], 16), int(status['CapPrm'], 16)
    """
    assert outcome(make_bench, script) == "('1', 0, 0)"
