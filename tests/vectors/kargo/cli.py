"""Kargo's command as it was recorded, against our API in virtual time: every call that it made, with its answer.

`calls` replays the calls; a command that has no recording here is carried out by its arguments, since those after it
see what it did. `command` runs the real `kargo` from $KARGO or the PATH, if there is one, and compares what it prints.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.vectors.kargo.cli_commands import calls_of
from tests.vectors.outcome import Outcome, not_run
from tests.vectors.reading import stories

FAMILY = "kargo/cli"
BETWEEN_SECONDS = 2.0
"""What people let pass between commands that change something."""


def calls(data: Path) -> Iterator[Outcome]:
    from tests.kit.kargo_cli import Replay

    sequence = json.loads((data / "kargo/cli/sequence.json").read_text())
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        replay = stack.enter_context(Replay(sequence, Path(directory)))
        for command in sequence["commands"]:
            file = data / "kargo/cli" / f"{command['transcript']}.json"
            recorded, unread = _transcript(file)
            if unread:
                yield unread
            if recorded is not None:
                faults = [fault for call in recorded["rest"] for fault in replay.faults_of(call, recorded)]
                if recorded["rest"]:
                    yield Outcome(FAMILY, command["transcript"], not faults, " | ".join(faults)[:1500])
                changes = any(call["method"] != "GET" for call in recorded["rest"])
            else:
                changes = replay.carry_out(calls_of(command["argv"], sequence["files"]))
            if changes:
                replay.pass_time(BETWEEN_SECONDS)


def _transcript(file: Path) -> tuple[Any, Outcome | None]:
    """What is recorded of a command, if it is given and can be read."""
    for _, recorded, unread in stories(FAMILY, [file] if file.exists() else [], "rest"):
        return (None, unread) if unread else (recorded, None)
    return None, None


def command(data: Path) -> Iterator[Outcome]:
    from tests.kit.kargo_cli import Replay
    from tests.kit.kargo_command import Command

    program = os.environ.get("KARGO") or shutil.which("kargo")
    if program is None:
        yield not_run(f"{FAMILY}/command", "", "there is no kargo: set KARGO to its path")
        return
    sequence = json.loads((data / "kargo/cli/sequence.json").read_text())
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        replay = stack.enter_context(Replay(sequence, Path(directory)))
        runner = stack.enter_context(Command(program, replay, Path(directory)))
        for one in sequence["commands"]:
            file = data / "kargo/cli" / f"{one['transcript']}.json"
            recorded, _ = _transcript(file)
            try:
                faults = runner.faults_of(one["argv"], recorded)
            except Exception as error:
                faults = [repr(error)]
            if recorded is not None:
                yield Outcome(f"{FAMILY}/command", one["transcript"], not faults, " | ".join(faults)[:1500])
