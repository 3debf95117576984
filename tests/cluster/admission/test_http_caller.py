"""The real door to webhooks, against a real TLS server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web

from argosy.cluster.admission.http_caller import ANSWER_LIMIT, HttpCaller
from argosy.cluster.admission.webhooks import CallFailed
from argosy.cluster.http import tls

NOW = datetime.now(UTC)  # noqa: TID251  # certificates are checked by the machine's clock
AUTHORITY = tls.make_authority(NOW)
SERVING = tls.issue_serving(AUTHORITY, NOW, (), ["127.0.0.1"])
Answer = Callable[[web.Request], Awaitable[web.Response]]


def asked(
    answer: Answer,
    ca_bundle: bytes = AUTHORITY.certificate,
    seconds: float = 5.0,
    afterwards: Callable[[], object] = lambda: None,
) -> bytes:
    async def main() -> bytes:
        application = web.Application()
        application.router.add_post("/hook", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.server_context(SERVING, AUTHORITY.certificate))
        await site.start()
        port = runner.addresses[0][1]
        caller = HttpCaller()
        try:
            return await caller.post(f"https://127.0.0.1:{port}/hook", b'{"a":1}', ca_bundle, seconds)
        finally:
            afterwards()
            await caller.close()
            await runner.cleanup()

    return asyncio.run(main())


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


def test_an_answer_comes_back_over_tls_that_the_bundle_vouches_for() -> None:
    assert asked(echo) == b'{"a":1}'


def test_a_server_that_the_bundle_does_not_vouch_for_is_not_asked() -> None:
    with pytest.raises(CallFailed, match="Certificate"):
        asked(echo, ca_bundle=tls.make_authority(NOW).certificate)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (web.Response(status=500), "answered 500"),
        (web.Response(status=302, headers={"Location": "https://127.0.0.1/other"}), "answered 302"),
        (web.Response(body=b"x" * (ANSWER_LIMIT + 1)), "larger than"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(answer: web.Response, told: str) -> None:
    async def fixed(request: web.Request) -> web.Response:
        return answer

    with pytest.raises(CallFailed, match=told):
        asked(fixed)


def test_a_silent_server_is_given_up() -> None:
    released = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    with pytest.raises(CallFailed, match=r"within 0\.1 s"):
        asked(silent, seconds=0.1, afterwards=released.set)


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "https://user:secret@127.0.0.1/", "file:///etc/passwd"])
def test_only_https_without_credentials_is_asked(url: str) -> None:
    with pytest.raises(CallFailed, match="must be https") as refused:
        asyncio.run(HttpCaller().post(url, b"", b"", 1.0))
    assert "secret" not in str(refused.value)
