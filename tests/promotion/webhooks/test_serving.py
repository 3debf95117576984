"""Deliveries over HTTP, and what a stranger may send."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest

from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import PROJECT_CONFIGS, SECRETS, WAREHOUSES
from argosy.promotion.webhooks.deliveries import Receiving
from argosy.promotion.webhooks.delivery import BODY_LIMIT, Delivery, Reply
from argosy.promotion.webhooks.serving import Listener
from argosy.runtime.clock import RealClock
from tests.vectors.kargo.webhooks import Objects

SECRET, PATH = "s3cr3t-key", "/github/abc"
PUSH = {
    "ref": "refs/heads/main",
    "repository": {"clone_url": "https://git.example.com/team/app.git", "ssh_url": ""},
    "commits": [],
}


def subscribed(*names: str) -> Objects:
    objects = Objects()
    for name in names:
        url = "https://git.example.com/team/app.git" if name != "other" else "https://git.example.com/team/other"
        spec = {"subscriptions": [{"git": {"repoURL": url, "branch": "main"}}]}
        objects.add(WAREHOUSES.plural, {"metadata": {"name": name, "namespace": "demo"}, "spec": spec})
    receiver = {"name": "gh", "github": {"secretRef": {"name": "hook"}}}
    config = {
        "metadata": {"name": "demo", "namespace": "demo"},
        "spec": {"webhookReceivers": [receiver]},
        "status": {"webhookReceivers": [{"name": "gh", "path": PATH}]},
    }
    objects.add(PROJECT_CONFIGS.plural, config)
    data = {"secret": base64.b64encode(SECRET.encode()).decode()}
    objects.add(SECRETS.plural, {"metadata": {"name": "hook", "namespace": "demo"}, "data": data})
    return objects


def signature(body: bytes) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={digest}"}


def answered(objects: Objects, headers: Mapping[str, str], body: bytes, path: str = PATH) -> Reply:
    receiving = Receiving(objects, RealClock(), "system")  # type: ignore[arg-type]
    return asyncio.run(receiving.answer(path, Delivery(headers=headers, body=body)))


def served(objects: Objects, talk: Callable[[aiohttp.ClientSession, str], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        listener = Listener(Receiving(objects, RealClock(), "system"))  # type: ignore[arg-type]
        async with listener.listening("127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
            return await talk(session, f"http://127.0.0.1:{port}")

    return asyncio.run(run())


def test_a_delivery_over_http_refreshes_exactly_the_warehouses_concerned() -> None:
    objects, body = subscribed("app", "other"), json.dumps(PUSH).encode()

    async def deliver(session: aiohttp.ClientSession, base: str) -> tuple[int, Any]:
        async with session.post(base + PATH, data=body, headers=signature(body)) as answer:
            return answer.status, await answer.json()

    assert served(objects, deliver) == (200, {"msg": "refreshed 1 warehouse(s)"})
    assert objects.written == ["Warehouse/demo/app"]


def test_the_signature_comes_before_anything_else_of_a_delivery() -> None:
    """A sender who cannot sign does not even learn whether the event is known, or the body JSON."""
    headers = {"X-GitHub-Event": "nonsense", "X-Hub-Signature-256": "sha256=00"}

    reply = answered(subscribed("app"), headers, b"{not json")

    assert (reply.status, reply.body) == (401, {"error": "unauthorized"})


def test_no_answer_holds_the_secret_or_the_right_signature() -> None:
    body = json.dumps(PUSH).encode()

    reply = answered(subscribed("app"), {"X-GitHub-Event": "push", "X-Hub-Signature-256": "sha256=1"}, body)

    assert SECRET not in str(reply)
    assert signature(body)["X-Hub-Signature-256"] not in str(reply)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(chunked: bool) -> None:
    size = BODY_LIMIT + 10

    async def parts() -> Any:
        for _ in range(size // 65536 + 1):
            yield b"x" * 65536

    async def deliver(session: aiohttp.ClientSession, base: str) -> tuple[int, str]:
        async with session.post(base + PATH, data=parts() if chunked else io.BytesIO(b"x" * size)) as answer:
            return answer.status, await answer.text()

    status, text = served(subscribed("app"), deliver)

    assert status == 413
    assert f"content exceeds limit of {BODY_LIMIT} bytes" in text


def test_a_path_that_nobody_published_is_not_found() -> None:
    assert answered(subscribed("app"), {}, b"{}", "/github/guessed").status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"ref":5}', b'{"repository":[]}', b'{"commits":[{"added":"x"}]}', b"[" * 100_000],
)
def test_a_signed_body_of_the_wrong_shape_is_reported_as_invalid(body: bytes) -> None:
    reply = answered(subscribed("app"), signature(body), body)

    assert (reply.status, reply.body) == (400, {"error": "invalid request body"})


def test_what_cannot_be_refreshed_is_counted_and_the_others_are() -> None:
    class Failing(Objects):
        async def write(self, request: Write) -> Any:
            if request.key.name == "b":
                raise StatusError(500, "InternalError", "no")
            return await super().write(request)

    objects, body = Failing(), json.dumps(PUSH).encode()
    objects.objects = subscribed("a", "b", "c").objects

    reply = answered(objects, signature(body), body)

    assert (reply.status, reply.body) == (500, {"error": "failed to refresh 1 of 3 warehouses"})
    assert objects.written == ["Warehouse/demo/a", "Warehouse/demo/c"]


def test_health_is_reported() -> None:
    async def ask(session: aiohttp.ClientSession, base: str) -> int:
        async with session.get(f"{base}/healthz") as answer:
            return answer.status

    assert served(subscribed(), ask) == 200
