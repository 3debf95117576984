"""Tokens of ours count, and nothing that only looks like one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.server.sessions.tokens import InvalidToken, encoded, sign, verified

KEY = b"k" * 32
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": "argocd",
    "sub": "ann:login",
    "iat": AT - 10,
    "nbf": AT - 10,
    "exp": AT + 60,
    "jti": "1",
}


def text(
    header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes, key: bytes = KEY, digest: Any = hashlib.sha256
) -> str:
    parts = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in (header, claims)]
    head = ".".join(encoded(item) for item in parts)
    return f"{head}.{encoded(hmac.digest(key, head.encode(), digest))}"


def test_what_was_signed_is_read_again() -> None:
    assert verified(sign(CLAIMS, KEY), KEY, NOW) == CLAIMS


HS = {"alg": "HS256", "typ": "JWT"}
TWICE = json.dumps(CLAIMS)[:-1].encode() + b', "sub": "admin:login"}'
MUTATIONS = {
    "no algorithm": text({"alg": "none"}, CLAIMS).rpartition(".")[0] + ".",
    "none in other letters": text({"alg": "nOnE"}, CLAIMS),
    "HS512": text({"alg": "HS512"}, CLAIMS, digest=hashlib.sha512),
    "HS384": text({"alg": "HS384"}, CLAIMS, digest=hashlib.sha384),
    "RS256 by the key": text({"alg": "RS256"}, CLAIMS),
    "ES256 by the key": text({"alg": "ES256"}, CLAIMS),
    "algorithm missing": text({"typ": "JWT"}, CLAIMS),
    "algorithm a list": text({"alg": ["HS256"]}, CLAIMS),
    "critical extensions": text({**HS, "crit": ["exp"]}, CLAIMS),
    "another key": text(HS, CLAIMS, key=b"x" * 32),
    "an empty key": text(HS, CLAIMS, key=b""),
    "empty signature": text(HS, CLAIMS).rpartition(".")[0] + ".",
    "cut signature": text(HS, CLAIMS)[:-6],
    "four parts": text(HS, CLAIMS) + ".x",
    "two parts": text(HS, CLAIMS).rpartition(".")[0],
    "one part": "abc",
    "nothing": "",
    "no base64": "a$.b$.c$",
    "no JSON": text(b"{", CLAIMS),
    "claims no object": text(HS, b"[]"),
    "claims no JSON": text(HS, b"{1}"),
    "a claim twice": text(HS, TWICE),
    "expired": text(HS, {**CLAIMS, "exp": AT}),
    "long expired": text(HS, {**CLAIMS, "exp": AT - 4000}),
    "not yet": text(HS, {**CLAIMS, "nbf": AT + 90}),
    "issued in the future": text(HS, {**CLAIMS, "iat": AT + 90}),
    "expiry as text": text(HS, {**CLAIMS, "exp": str(AT + 60)}),
    "expiry as boolean": text(HS, {**CLAIMS, "exp": True}),
    "huge": text(HS, {**CLAIMS, "pad": "x" * 70_000}),
    "deep": text(HS, b'{"a":' * 3000 + b"1" + b"}" * 3000),
    "not ASCII": "é.é.é",
    "other claims": ".".join(
        [text(HS, CLAIMS).split(".")[0], encoded(b'{"sub":"admin"}'), text(HS, CLAIMS).split(".")[2]]
    ),
    "signature in standard base64": text(HS, CLAIMS).rpartition(".")[0]
    + "."
    + base64.b64encode(hmac.digest(b"y", b"y", hashlib.sha256)).decode(),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_token_that_was_changed_does_not_count(name: str) -> None:
    with pytest.raises(InvalidToken):
        verified(MUTATIONS[name], KEY, NOW)


def test_without_a_key_no_token_counts() -> None:
    with pytest.raises(InvalidToken):
        verified(sign(CLAIMS, b""), b"", NOW)


def test_a_token_ends_at_its_expiry_exactly() -> None:
    token = sign({**CLAIMS, "exp": AT + 1}, KEY)
    assert verified(token, KEY, NOW)
    with pytest.raises(InvalidToken, match="expired"):
        verified(token, KEY, datetime.fromtimestamp(AT + 1, UTC))
