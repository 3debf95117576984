"""The table of behaviours: identifier -> check. A check raises AssertionError where the behaviour is not true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .kubectl import Kubectl
from .world import World

Check = Callable[[World], Awaitable[None]]
ClientCheck = Callable[[Kubectl], Awaitable[None]]

CHECKS: dict[str, Check] = {}
CLIENT_CHECKS: dict[str, ClientCheck] = {}
"""Those that run the real kubectl against a served cluster."""


def proves(identifier: str) -> Callable[[Check], Check]:
    def note(check: Check) -> Check:
        assert identifier not in CHECKS, f"{identifier} has two checks"
        CHECKS[identifier] = check
        return check

    return note


def proves_with_kubectl(identifier: str) -> Callable[[ClientCheck], ClientCheck]:
    def note(check: ClientCheck) -> ClientCheck:
        assert identifier not in CLIENT_CHECKS, f"{identifier} has two checks"
        CLIENT_CHECKS[identifier] = check
        return check

    return note
