"""The data directory: one process at a time, a port that can be had, nobody else's eyes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from argosy.cli.failing import CommandError
from argosy.cli.place import HOST, Place


def test_while_it_is_held_it_is_running_and_afterwards_not(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    assert place.running() == 0
    with place.held():
        assert place.running() == os.getpid()
        with pytest.raises(CommandError, match=f"already running in .* as process {os.getpid()}"), place.held():
            pass
    assert place.running() == 0
    assert not place.pid_file.exists()


def test_what_a_killed_process_left_behind_does_not_count(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from argosy.cli.place import Place;"
        "held = Place(Path(sys.argv[1])).held(); held.__enter__(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    place = Place(tmp_path)
    assert place.pid_file.exists()
    assert place.running() == 0
    with place.held():
        assert place.running() == os.getpid()


def test_only_its_owner_may_look_inside(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    place.make()
    assert place.directory.stat().st_mode & 0o777 == 0o700


def test_a_port_that_was_asked_for_and_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"--port {port}: in use"):
            Place(tmp_path).port(port)


def test_the_port_of_the_last_run_comes_back_and_another_one_when_it_is_taken(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    place.kubeconfig.write_text(f'{{"server": "https://{HOST}:{port}"}}')
    assert place.port(None) == port
    with socket.socket() as taken:
        taken.bind((HOST, port))
        taken.listen()
        assert place.port(None) not in (0, port)


def test_the_environment_names_the_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ARGOSY_DATA_DIR", str(tmp_path / "elsewhere"))
    assert Place(None).directory == tmp_path / "elsewhere"


@pytest.mark.parametrize("name", ["pid_file", "log"])
def test_a_directory_that_cannot_be_written_to_is_named_in_one_line(tmp_path: Path, name: str) -> None:
    place = Place(tmp_path)
    getattr(place, name).mkdir()  # nobody can write there, not even root
    with pytest.raises(CommandError, match=f"--data-dir {tmp_path}: Is a directory: give a directory that can be"):
        if name == "log":
            place.open_log()
        else:
            place.held().__enter__()


def test_a_disk_that_is_full_at_the_start_is_reported_in_one_line(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from argosy.cli.main import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)); sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "up", "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    told = f"argosy up: the disk of {tmp_path}/data is full: make room there, 16 MiB at least, and start again\n"
    assert done.stderr == told
