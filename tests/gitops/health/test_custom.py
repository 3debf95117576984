"""What a user's check said, as a verdict."""

from __future__ import annotations

import pytest

from argosy.gitops.health.custom import INVALID, MESSAGE_LIMIT, verdict
from argosy.render.lua.port import Answer


def table(**value: object) -> Answer:
    return Answer(value=value, kind="table")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (table(status="Suspended", message="mine"), ("Suspended", "mine")),
        (table(status="Healthy"), ("Healthy", "")),
        (table(status="Missing", message=3), ("Missing", "3")),
        (table(status="Fine"), ("Unknown", INVALID)),
        (table(status="healthy"), ("Unknown", INVALID)),
        (table(status=1), ("Unknown", INVALID)),
        (table(message="no status"), ("Unknown", INVALID)),
        (table(status="Healthy", message=[1]), ("Unknown", "message of the Lua script must be a string, not list")),
        (Answer(value=["Healthy"], kind="table"), ("Unknown", INVALID)),
        (Answer(value=[], kind="table"), None),
        (Answer(), None),
        (Answer(value=1, kind="number"), ("Unknown", "expect table output from Lua script, not number")),
        (Answer(value="x", kind="string"), ("Unknown", "expect table output from Lua script, not string")),
        (Answer(kind="function"), ("Unknown", "expect table output from Lua script, not function")),
        (Answer(error="no"), ("Unknown", "no")),
        (table(status="Degraded", message="x" * 9999), ("Degraded", "x" * MESSAGE_LIMIT)),
    ],
)
def test_what_a_script_returns_is_a_verdict(answer: Answer, found: tuple[str, str] | None) -> None:
    assert verdict(answer) == found
