"""The self check of HTTP-01 requests the challenge's path and no other, whatever a server calls its token."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argosy.certs.acme.ports import CheckWebsite, NotYet, Visible
from argosy.certs.adapters.dns.lookup import Lookup
from argosy.certs.adapters.website import Websites
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Answer, Egress, EgressPolicy
from argosy.sources.port import Credentials
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

PATH = "/.well-known/acme-challenge/"
CANARY = b"canary-2b7c: an internal page"


class Hasty(RealClock):
    """Between two looks no time passes."""

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        await super().sleep(0, background=background)


class Elsewhere(Egress):
    """The website's port is 80; a test's is another."""

    def __init__(self, url: str) -> None:
        super().__init__(EgressPolicy(allow_loopback=True))
        self._url = url

    async def get(self, url: str, credentials: Credentials, **more: Any) -> Answer:
        assert url.startswith("http://website.test/")
        return await super().get(url.replace("http://website.test", self._url, 1), credentials, **more)


def checked(token: str, answer: Reply) -> tuple[Visible | NotYet, list[Asked]]:
    async def scenario() -> tuple[Visible | NotYet, list[Asked]]:
        async with ScriptedHttp(lambda asked: answer).running() as server:
            egress = Elsewhere(server.url)
            try:
                websites = Websites(egress, Hasty(), Lookup(egress, egress.policy))
                return await websites.check(CheckWebsite("website.test", token, "key", (), 1)), server.asked
            finally:
                await egress.close()

    return asyncio.run(scenario())


def test_a_key_that_is_served_at_each_look_is_visible() -> None:
    found, asked = checked("token-1_a", (200, b"key"))
    assert found == Visible()
    assert {one.raw_path for one in asked} == {f"{PATH}token-1_a"}
    assert len(asked) == 5


@pytest.mark.parametrize("token", ["../../admin", "/../../admin?x=1", "..%2f..%2fadmin", "a?b#c", "a\\..\\b", "@host/"])
def test_a_token_leads_to_no_other_path(token: str) -> None:
    _, asked = checked(token, (200, b"key"))
    for one in asked:
        assert one.raw_path.startswith(PATH)
        assert not {"/", "?", "#", "\\"} & set(one.raw_path.removeprefix(PATH))


@pytest.mark.parametrize("status", [200, 403, 500])
def test_what_is_served_instead_is_not_shown(status: int) -> None:
    found, _ = checked("token", (status, CANARY))
    assert isinstance(found, NotYet)
    assert "canary" not in str(found)
