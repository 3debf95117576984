"""The ACME protocol (RFC 8555, 9773): accounts, orders, authorizations, certificates, renewal information.

A server's answer is untrusted: one that does not have the protocol's form is reported as an error of that server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from argosy.certs.acme.ports import (
    AuthorizationFacts,
    Binding,
    Finished,
    FinishOrder,
    Offer,
    OrderFacts,
    PlaceOrder,
    Proven,
    Refused,
    Registered,
    RenewalWindow,
    Unavailable,
)
from argosy.certs.adapters.acme import jws
from argosy.certs.adapters.acme.session import Session, Signer, Troubled, json_of, retry_after, text_of
from argosy.certs.base64_text import url_decoded, url_encoded
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer

POLL: Final = 1.0
LONGEST_POLL: Final = 10.0
VALIDATION_SECONDS: Final = 120.0
FINISH_SECONDS: Final = 60.0
AUTHORIZATIONS: Final = 200
"""Limit for one order: certificates have no more names."""
ALTERNATES: Final = 10
_LINK: Final = re.compile(r'<([^>]*)>\s*;[^,]*rel\s*=\s*"?alternate"?', re.IGNORECASE)


class AcmeClient:
    """Requests of one account at one server. Every method raises Troubled."""

    def __init__(self, session: Session, signer: Signer, clock: Clock) -> None:
        self._session, self._signer, self._clock = session, signer, clock

    async def register(self, email: str, binding: Binding | None) -> Registered:
        url = await self._session.url_of("newAccount")
        contact = [f"mailto:{email.lower()}"] if email else []
        payload: JsonObject = {"termsOfServiceAgreed": True, **({"contact": contact} if contact else {})}
        if binding is not None:
            payload["externalAccountBinding"] = jws.bound(self._signer.key, binding.key_id, _mac(binding), url)
        signer = Signer(self._signer.key)
        answer = await self._session.post(url, signer, payload, "newAccount")
        uri = answer.headers.get("location", "")
        if not uri:
            raise Troubled(Unavailable("the server named no account"))
        if answer.status == 200 and json_of(answer).get("contact", contact) != contact:
            await self._session.post(uri, Signer(self._signer.key, uri), {"contact": contact}, "updateAccount")
        return Registered(uri)

    async def place(self, asked: PlaceOrder) -> OrderFacts:
        payload: JsonObject = {"identifiers": [{"type": one.type, "value": one.value} for one in asked.identifiers]}
        if asked.duration_seconds:
            ends = self._clock.now() + timedelta(seconds=asked.duration_seconds)
            payload["notAfter"] = timestamps.seconds(ends)
        if asked.profile:
            payload["profile"] = asked.profile
        url = await self._session.url_of("newOrder")
        try:
            more = {"replaces": asked.replaces} if asked.replaces else {}
            answer = await self._session.post(url, self._signer, {**payload, **more}, "newOrder")
        except Troubled as error:
            if not asked.replaces or not isinstance(error.trouble, Refused):
                raise
            answer = await self._session.post(url, self._signer, payload, "newOrder")
        if not (place := answer.headers.get("location", "")):
            raise Troubled(Unavailable("the server named no order"))
        return order_of(place, json_of(answer))

    async def order(self, url: str) -> OrderFacts:
        return order_of(url, json_of(await self._read(url, "order")))

    async def authorization(self, url: str) -> AuthorizationFacts:
        return authorization_of(url, json_of(await self._read(url, "authorization")))

    async def prove(self, challenge: str, authorization: str) -> Proven:
        """Accepts the challenge, and waits for the resulting state of the authorization."""
        found = await self.authorization(authorization)
        if found.state == "pending":
            try:
                await self._session.post(challenge, self._signer, {}, "challenge")
            except Troubled as error:
                # It may have been accepted before; the authorization then has the result.
                found = await self.authorization(authorization)
                if found.state == "pending" and isinstance(error.trouble, Refused):
                    raise
        until, pause = self._clock.monotonic() + VALIDATION_SECONDS, POLL
        while True:
            answer = await self._read(authorization, "authorization")
            found = authorization_of(authorization, json_of(answer))
            if found.state != "pending":
                return Proven(found.state, found.problem)
            pause = self._pause(answer, pause)
            if self._clock.monotonic() + pause > until:
                raise Troubled(Unavailable("the server has not validated the name in time"))
            await self._clock.sleep(pause)

    async def finish(self, asked: FinishOrder) -> Finished | OrderFacts:
        """The certificate; or the order if it finished differently."""
        until, pause = self._clock.monotonic() + FINISH_SECONDS, POLL
        finalized = False
        while True:
            answer = await self._read(asked.url, "order")
            body = json_of(answer)
            found = order_of(asked.url, body)
            if found.state == "valid":
                return Finished(await self._chain(text_of(body, "certificate"), asked.preferred_chain))
            if found.state == "ready" and not finalized:
                finalized = await self._finalize(found.finalize_url, asked.request)
                continue
            if found.state not in ("processing", "ready"):
                return found
            pause = self._pause(answer, pause)
            if self._clock.monotonic() + pause > until:
                raise Troubled(Unavailable("the server has not issued the certificate in time"))
            await self._clock.sleep(pause)

    async def _finalize(self, url: str, request: bytes) -> bool:
        try:
            await self._session.post(url, self._signer, {"csr": url_encoded(request)}, "finalize")
        except Troubled as error:
            if not (isinstance(error.trouble, Refused) and error.trouble.status == 403):
                raise  # 403: another request was faster; the order has its current state
        return True

    async def _chain(self, url: str, preferred: str) -> bytes:
        answer = await self._read(url, "certificate")
        if not preferred or _top_issuer(answer.body) == preferred:
            return answer.body
        links = answer.headers.get("link", "")
        for other in _LINK.findall(links)[:ALTERNATES]:
            found = await self._read(other, "certificate")
            if _top_issuer(found.body) == preferred:
                return found.body
        return answer.body

    async def renewal_window(self, certificate_id: str) -> RenewalWindow | None:
        base = (await self._session.directory()).get("renewalInfo")
        if not isinstance(base, str):
            return None
        answer = await self._session.get(f"{base.rstrip('/')}/{certificate_id}", "renewalInfo")
        body = json_of(answer)
        window = body.get("suggestedWindow")
        try:
            start, end = (timestamps.parse(window[name]) for name in ("start", "end"))  # type: ignore[index]
        except (TypeError, KeyError, ValueError, AttributeError):
            raise Troubled(Unavailable("the server's renewal information has no suggestedWindow")) from None
        after = retry_after(answer, self._clock.now())
        return RenewalWindow(start, end, text_of(body, "explanationURL"), after)

    async def _read(self, url: str, action: str) -> Answer:
        if not url.startswith(("https://", "http://")):
            raise Troubled(Unavailable(f"the server named no URL of its {action}"))
        return await self._session.post(url, self._signer, None, action)

    def _pause(self, answer: Answer, before: float) -> float:
        asked = retry_after(answer, self._clock.now())
        return min(asked or before * 1.5, LONGEST_POLL)


def order_of(url: str, body: Mapping[str, Any]) -> OrderFacts:
    listed = body.get("authorizations")
    urls = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    if not text_of(body, "status") or len(urls) > AUTHORIZATIONS:
        raise Troubled(Unavailable("the server's order has no status, or too many authorizations"))
    finalize = text_of(body, "finalize")
    return OrderFacts(url, text_of(body, "status"), finalize, tuple(urls), problem_text(body.get("error")))


def authorization_of(url: str, body: Mapping[str, Any]) -> AuthorizationFacts:
    identifier = body.get("identifier")
    value = text_of(identifier, "value") if isinstance(identifier, Mapping) else ""
    if not value or not text_of(body, "status"):
        raise Troubled(Unavailable("the server's authorization has no identifier or no status"))
    listed = body.get("challenges")
    offered = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    offers = [Offer(text_of(one, "type"), text_of(one, "url"), text_of(one, "token")) for one in offered]
    problems = [text for one in offered if (text := problem_text(one.get("error")))]
    return AuthorizationFacts(
        url,
        value.removeprefix("*."),
        body.get("wildcard") is True or value.startswith("*."),
        text_of(body, "status"),
        tuple(sorted((one for one in offers if is_sound(one)), key=lambda one: one.type)),
        "; ".join(problems),
    )


def is_sound(offer: Offer) -> bool:
    """Whether its token is safe in a path and a label: only the base64url alphabet, as RFC 8555 requires."""
    return bool(offer.type and offer.url) and re.fullmatch(r"[A-Za-z0-9_-]{1,256}", offer.token) is not None


def problem_text(problem: Any) -> str:
    if not isinstance(problem, Mapping):
        return ""
    status = problem.get("status")
    shown = status if isinstance(status, int) else 0
    return str(Refused(shown, text_of(problem, "type"), text_of(problem, "detail")))


def _top_issuer(chain: bytes) -> str:
    """The common name of the issuer of the chain's last certificate."""
    try:
        last: Sequence[x509.Certificate] = x509.load_pem_x509_certificates(chain)
        names = last[-1].issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(names[0].value) if names else ""


def _mac(binding: Binding) -> bytes:
    value = binding.key.value
    try:
        return url_decoded(value if isinstance(value, str) else value.decode())
    except ValueError:
        raise Troubled(Refused(0, "", "the key of the external account binding is not base64url text")) from None
