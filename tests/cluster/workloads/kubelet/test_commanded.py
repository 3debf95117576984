"""What a container's own command prints, and how long it runs."""

from __future__ import annotations

import pytest

from argosy.cluster.workloads.kubelet.commanded import commanded


@pytest.mark.parametrize(
    ("container", "lines", "seconds", "code"),
    [
        ({"args": ["echo", "hello", "world"]}, ((0.0, "hello world"),), 0.0, 0),
        ({"command": ["sh", "-c", "echo a; sleep 5; echo 'b c' && exit 3"]}, ((0.0, "a"), (5.0, "b c")), 5.0, 3),
        ({"command": ["sh", "-c", "echo to-file > /x; echo seen"]}, ((0.0, "seen"),), 0.0, 0),
        ({"command": ["sh", "-c", "false && echo never; echo then"]}, ((0.0, "then"),), 0.0, 0),
        ({"command": ["sleep", "7"]}, None, 7.0, 0),
    ],
)
def test_what_is_echoed_is_printed_when_its_turn_comes(
    container: dict[str, object], lines: object, seconds: float, code: int
) -> None:
    effect = commanded(container)
    assert (effect.logs, effect.run_for, effect.exit_code) == (lines, seconds, code)


def test_a_program_that_is_not_understood_prints_nothing() -> None:
    assert commanded({"command": ["sh", "-c", "echo a; nginx"]}).logs is None
