"""What commands and hooks of containers mean without a rule."""

from __future__ import annotations

import pytest

from argosy.cluster.workloads.kubelet.commanded import commanded


@pytest.mark.parametrize(
    ("command", "args", "seconds", "code"),
    [
        (["sleep", "10"], [], 10.0, 0),
        (["sh", "-c", "sleep 5 && exit 3"], [], 5.0, 3),
        (["sh", "-c", "-x"], ["sleep 2 && exit 1"], 2.0, 1),
        (["/bin/sh", "-ec", "sleep 1; false"], [], 1.0, 1),
        (["sh", "-c", "false && sleep 9; sleep 1"], [], 1.0, 0),
        (["sh", "-c", "echo hello\nsleep 1m"], [], 60.0, 0),
        (["true"], [], 0.0, 0),
    ],
)
def test_a_script_of_sleeps_and_exits_runs_so_long_and_ends_so(
    command: list[str], args: list[str], seconds: float, code: int
) -> None:
    effect = commanded({"name": "c", "command": command, "args": args})
    assert (effect.run_for, effect.exit_code) == (seconds, code)


@pytest.mark.parametrize(
    "command", [["nginx", "-g", "daemon off;"], ["sh", "-c", "while true; do sleep 1; done"], ["sleep", "infinity"], []]
)
def test_any_other_command_runs_for_as_long_as_its_pod(command: list[str]) -> None:
    assert commanded({"name": "c", "command": command}).run_for is None


def test_a_program_that_is_not_there_never_starts() -> None:
    effect = commanded({"name": "c", "command": ["/bad-command"]})
    assert effect.fail is not None
    assert effect.fail.reason == "Error"


def test_hooks_that_sleep_delay_readiness_and_the_end() -> None:
    hooks = {
        "postStart": {"exec": {"command": ["sleep", "5"]}},
        "preStop": {"exec": {"command": ["sh", "-c", "sleep 7"]}},
    }
    effect = commanded({"name": "c", "lifecycle": hooks})
    assert (effect.ready_delay, effect.stop_delay) == (5.0, 7.0)
