"""The password is printed as soon as a server that has just started has made it; a deleted one is not waited for."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.cli.admin.initial_password import ACCOUNTS, NAME, PATIENCE_SECONDS, password
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.virtual import run_virtual


class Server:
    """One that makes its Secrets so many seconds after the first question; `made`: those that there are then."""

    def __init__(self, after: float, *made: str) -> None:
        self.clock: Any = None
        self.began = 0.0
        self._after, self._made = after, made

    async def get(self, request: requests.Get) -> JsonObject:
        if request.key.name not in self._made or self.clock.monotonic() - self.began < self._after:
            raise StatusError(404, "NotFound", "there is none")
        key = "password" if request.key.name == NAME else "admin.password"
        return {"data": {key: base64.b64encode(b"a-password").decode()}}


@pytest.mark.parametrize(
    ("server", "told", "seconds"),
    [
        (Server(0, NAME, ACCOUNTS), "a-password", 0),
        (Server(5, NAME, ACCOUNTS), "a-password", 5),
        (Server(0, ACCOUNTS), "", 0),
        (Server(0), "", PATIENCE_SECONDS),
    ],
)
def test_the_password_is_waited_for_until_the_server_has_made_one(server: Server, told: str, seconds: float) -> None:
    async def scenario(clock: Any, rng: Any) -> tuple[str, float]:
        server.clock, server.began = clock, clock.monotonic()
        client: Any = server
        return await password(client, clock, "argocd"), clock.monotonic() - server.began

    found, took = run_virtual(scenario)
    assert found == told
    assert seconds <= took < seconds + 0.5
