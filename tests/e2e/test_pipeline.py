"""`make up`, as a person tries it: images go through the stages, a bad one is stopped, the gate is opened by hand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.runtime.clock import RealClock

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
CLOCK = RealClock()


class Demonstration:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.text = ""
        started = CLOCK.monotonic()
        command = [sys.executable, "-m", "argosy.cli.main", "demo", "--data-dir", str(directory)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line
            if "Stop it with" in line:
                break
        self.seconds = CLOCK.monotonic() - started
        found = re.search(r"images of (\S+) go", self.text)
        assert found, self.text
        self.images = found[1]

    def argosy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        place = [] if arguments[0] == "image" else ["--data-dir", str(self.directory)]
        command = [sys.executable, "-m", "argosy.cli.main", *arguments, *place]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    def well(self, *arguments: str) -> str:
        done = self.argosy(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    made = Demonstration(tmp_path_factory.mktemp("demo") / "data")
    try:
        yield made
    finally:
        made.end()


def test_a_good_image_comes_to_production_when_the_gate_is_opened_and_a_bad_one_stops_in_staging(
    demonstration: Demonstration,
) -> None:
    argosy = demonstration
    argosy.well("image", "push", f"{argosy.images}:1.1.0")
    assert "live and healthy" in argosy.well("wait-for", "1.1.0", "--in", "staging", "--timeout", "200")
    assert "waits for a promotion by hand" in argosy.well("trace", "1.1.0")

    preview = argosy.well("promote", "prod", "--preview")
    assert "+    newTag: 1.1.0" in preview or "newTag: 1.1.0" in preview
    assert "pushes to refs/heads/env/prod" in preview
    assert "Nothing was pushed" in preview
    assert "1.1.0" not in git(argosy, "env/prod")

    argosy.well("promote", "prod", "--wait", "--timeout", "200")
    assert "1.1.0" in git(argosy, "env/prod")
    trace = argosy.well("trace", "1.1.0")
    for part in ("image", "Promotion prod.", "Application shop-prod: Synced, Healthy", "Rollout shop: Healthy"):
        assert part in trace

    argosy.well("image", "push", f"{argosy.images}:1.2.0-bad")
    stopped = argosy.argosy("wait-for", "1.2.0-bad", "--in", "prod", "--timeout", "200")
    assert stopped.returncode == 1
    assert "stopped in staging: verification Failed" in stopped.stdout
    assert "1.2.0-bad" not in git(argosy, "env/prod")
    assert argosy.argosy("promote", "prod", "--freight", "1.2.0-bad").returncode != 0


def git(argosy: Demonstration, branch: str) -> str:
    command = ["git", "-C", str(argosy.directory / "demo"), "show", f"{branch}:shop/overlays/prod/kustomization.yaml"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
