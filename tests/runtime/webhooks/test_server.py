"""The webhook server over real TLS on loopback: routes, limits, what is refused, and its certificates."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from cryptography import x509

from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.runtime.clock import RealClock
from argosy.runtime.webhooks import certificates
from argosy.runtime.webhooks import server as webhook_server
from argosy.runtime.webhooks.server import Address, AddressError, Route, WebhookServer, address_of, answered

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
Asking = Callable[[str, Any], Awaitable[tuple[int, str]]]


async def allow(path: str, body: bytes) -> bytes:
    return answered(json.loads(body)["request"], {"allowed": True})


async def broken(path: str, body: bytes) -> bytes:
    raise RuntimeError(f"no luck with {body!r}")


async def picky(path: str, body: bytes) -> bytes:
    raise KeyError("kind")


async def endless(path: str, body: bytes) -> bytes:
    await asyncio.Event().wait()
    return b""


ROUTES = (Route("/a/validate", allow), Route("/broken", broken), Route("/picky", picky), Route("/endless", endless))
REVIEW = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u-1"}}


def served(asking: Callable[[Asking], Awaitable[None]]) -> None:
    async def main() -> None:
        now = RealClock().now()
        authority = certificates.make(now)
        context = certificates.server_context()
        certificates.present(context, *certificates.leaf(authority, ["127.0.0.1", "hook.argocd.svc"], now))
        trusting = ssl.create_default_context(cadata=authority.trusted.decode())
        server = WebhookServer(ROUTES, RealClock())
        async with server.listening(Address("127.0.0.1", 0), context) as at, aiohttp.ClientSession() as session:

            async def ask(path: str, body: Any) -> tuple[int, str]:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                headers = {"Content-Type": "application/json"}
                url = f"https://127.0.0.1:{at.port}{path}"
                async with session.post(url, data=data, headers=headers, ssl=trusting) as response:
                    return response.status, await response.text()

            await asking(ask)

    asyncio.run(main())


def test_a_review_is_answered_on_its_path_under_its_uid() -> None:
    async def asking(ask: Asking) -> None:
        status, text = await ask("/a/validate?timeout=10s", REVIEW)
        assert status == 200
        assert json.loads(text) == {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": "u-1", "allowed": True},
        }

    served(asking)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/elsewhere", REVIEW, 404, "there are /a/validate"),
        ("/a/validate", b"{", 400, "not JSON"),
        ("/a/validate", {"kind": "Pod"}, 400, "kind: must be AdmissionReview"),
        ("/a/validate", {**REVIEW, "apiVersion": "admission.k8s.io/v1beta1"}, 400, "apiVersion: must be"),
        ("/a/validate", {**REVIEW, "request": {}}, 400, "request.uid: must be set"),
        ("/picky", REVIEW, 400, "not an AdmissionReview of this webhook's kinds"),
        ("/broken", REVIEW, 500, "the review failed"),
    ],
)
def test_what_is_not_a_review_is_refused_with_the_reason(path: str, body: Any, status: int, says: str) -> None:
    async def asking(ask: Asking) -> None:
        found = await ask(path, body)
        assert found[0] == status and says in found[1]

    served(asking)


def test_an_error_inside_shows_nothing_of_the_object(caplog: pytest.LogCaptureFixture) -> None:
    async def asking(ask: Asking) -> None:
        _, text = await ask("/broken", {**REVIEW, "request": {"uid": "u", "object": {"data": "canary-value"}}})
        assert "canary-value" not in text + caplog.text

    served(asking)


def test_a_body_beyond_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_server, "BODY_LIMIT", 1000)

    async def asking(ask: Asking) -> None:
        assert (await ask("/a/validate", {**REVIEW, "padding": "x" * 2000}))[0] == 413

    served(asking)


def test_reviews_beyond_the_bound_and_beyond_the_time_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_server, "AT_ONCE", 1)
    monkeypatch.setattr(webhook_server, "SECONDS", 0.3)

    async def asking(ask: Asking) -> None:
        found = await asyncio.gather(ask("/endless", REVIEW), ask("/endless", REVIEW))
        assert sorted(status for status, _ in found) == [429, 504]

    served(asking)


def test_a_path_belongs_to_one_room() -> None:
    with pytest.raises(ValueError, match="'/x' is declared twice"):
        WebhookServer([Route("/x", allow), Route("/x", allow)], RealClock())


@pytest.mark.parametrize(
    ("text", "found"),
    [(":9443", Address("0.0.0.0", 9443)), ("[::1]:1", Address("::1", 1)), ("10.0.0.1:80", Address("10.0.0.1", 80))],
)
def test_an_address_is_host_and_port(text: str, found: Address) -> None:
    assert address_of(text) == found


@pytest.mark.parametrize("text", ["9443", "host:", "host:http", ":70000"])
def test_a_text_that_is_no_address_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(AddressError, match="such as :9443"):
        address_of(text)


class Store:
    """The Secrets of a server, as much as `ensured` asks of it."""

    def __init__(self) -> None:
        self.secret: dict[str, Any] | None = None
        self.faster: certificates.Authority | None = None
        """Another replica writes this one just before us."""

    async def get(self, request: Any) -> Any:
        if self.secret is None:
            raise StatusError(404, "NotFound", "not found")
        return self.secret

    async def write(self, write: Any) -> Any:
        if self.faster is not None:
            made, self.faster = self.faster, None
            await self.write(certificates._write(None, write.key, made))
            raise StatusError(409, "AlreadyExists", "exists")
        metadata = {"uid": "u", "resourceVersion": "1", "name": write.key.name, "namespace": write.key.namespace}
        self.secret = {"metadata": metadata, "data": write.body["data"]}
        return self.secret


def test_replicas_share_one_authority_and_the_first_that_makes_one_wins() -> None:
    store = Store()
    store.faster = certificates.make(NOW)
    wanted = store.faster
    found = asyncio.run(certificates.ensured(store, Key("argocd", "ca"), NOW))  # type: ignore[arg-type]

    assert found == wanted
    assert asyncio.run(certificates.ensured(store, Key("argocd", "ca"), NOW)) == wanted  # type: ignore[arg-type]


def test_an_authority_is_replaced_after_two_thirds_of_its_life_and_the_old_one_stays_trusted() -> None:
    store = Store()

    def ensured(now: datetime) -> certificates.Authority:
        return asyncio.run(certificates.ensured(store, Key("argocd", "ca"), now))  # type: ignore[arg-type]

    first = ensured(NOW)
    assert ensured(NOW + timedelta(days=242)) == first
    second = ensured(NOW + timedelta(days=244))
    assert second.certificate != first.certificate
    assert second.trusted == second.certificate + first.certificate


def test_a_leaf_carries_the_services_names_and_never_outlives_its_authority() -> None:
    authority = certificates.make(NOW)
    names = certificates.service_names([("argocd", "hook")])
    made, _ = certificates.leaf(authority, names, NOW)
    found = x509.load_pem_x509_certificate(made)

    alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "hook.argocd.svc" in alternatives.get_values_for_type(x509.DNSName)
    assert found.not_valid_after_utc < x509.load_pem_x509_certificate(authority.certificate).not_valid_after_utc
    assert "PRIVATE" not in repr(authority)
