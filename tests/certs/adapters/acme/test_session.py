"""An issuer's server may be anybody: what it answers is a problem document, or it is not shown."""

from __future__ import annotations

import asyncio
import json

import pytest

from argosy.certs.acme.ports import Refused, Server, Unavailable
from argosy.certs.adapters.acme.session import Session, Troubled
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.scripted_http import ScriptedHttp

CANARY = "canary-93d1"


def refused(status: int, body: bytes) -> Refused | Unavailable:
    async def scenario() -> Refused | Unavailable:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            async with ScriptedHttp(lambda asked: (status, body)).running() as server:
                session = Session(Server(url=f"{server.url}/internal"), egress, RealClock(), lambda *_: None)
                with pytest.raises(Troubled) as troubled:
                    await session.directory()
                return troubled.value.trouble
        finally:
            await egress.close()

    return asyncio.run(scenario())


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [f"<html>{CANARY}</html>".encode(), f'["{CANARY}"]'.encode(), f'"{CANARY}"'.encode(), b"[" * 100_000, b"\xff\xfe"],
    ids=["page", "list", "text", "nested", "bytes"],
)
def test_a_body_that_is_no_problem_document_is_not_shown(status: int, body: bytes) -> None:
    told = str(refused(status, body))
    assert CANARY not in told
    assert "[[" not in told


@pytest.mark.parametrize("status", [400, 403, 503])
def test_what_a_problem_document_says_is_reported(status: int) -> None:
    problem = {"type": "urn:ietf:params:acme:error:malformed", "detail": "the order is no more"}
    assert "the order is no more" in str(refused(status, json.dumps(problem).encode()))
