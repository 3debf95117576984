"""Signed tokens (JWT): ours by HMAC-SHA256 alone. What is signed otherwise, or for longer than it may, is refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final

ISSUER: Final = "argocd"
SKEW_SECONDS: Final = 60
MAX_BYTES: Final = 65_536
ALGORITHM: Final = {"alg": "HS256", "typ": "JWT"}


class InvalidToken(Exception):
    """Why it does not count; no part of the token itself."""


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken("token is malformed: could not base64 decode") from None


def sign(claims: dict[str, Any], key: bytes) -> str:
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (ALGORITHM, claims))
    head = ".".join(encoded(part) for part in parts)
    return f"{head}.{encoded(hmac.digest(key, head.encode(), hashlib.sha256))}"


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """(header, claims, what is signed, signature), nothing verified. Raises InvalidToken."""
    if len(token) > MAX_BYTES:
        raise InvalidToken("token is too large")
    pieces = token.split(".")
    if len(pieces) != 3:
        raise InvalidToken("token is malformed: token contains an invalid number of segments")
    if not token.isascii():
        raise InvalidToken("token is malformed")
    header, claims = (_object(decoded(piece)) for piece in pieces[:2])
    return header, claims, f"{pieces[0]}.{pieces[1]}".encode(), decoded(pieces[2])


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise InvalidToken("token is malformed") from None
    if not isinstance(found, dict):
        raise InvalidToken("token is malformed")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a claim is given twice")
    return found


def verified(token: str, key: bytes, now: datetime) -> dict[str, Any]:
    """The claims of a token of ours. Raises InvalidToken."""
    header, claims, signed, signature = parts_of(token)
    if header.get("alg") != ALGORITHM["alg"] or "crit" in header:
        raise InvalidToken("token signature algorithm is not accepted")
    if not key or not hmac.compare_digest(hmac.digest(key, signed, hashlib.sha256), signature):
        raise InvalidToken("token signature is invalid")
    check_times(claims, now)
    return claims


def check_times(claims: dict[str, Any], now: datetime) -> None:
    """`exp`, `nbf` and `iat`, with a minute's skew. Raises InvalidToken."""
    moment = now.timestamp()
    if (ends := seconds_of(claims, "exp")) is not None and moment >= ends + SKEW_SECONDS * _is_foreign(claims):
        raise InvalidToken("token has invalid claims: token is expired")
    for name in ("nbf", "iat"):
        if (begins := seconds_of(claims, name)) is not None and moment < begins - SKEW_SECONDS:
            raise InvalidToken("token has invalid claims: token is not valid yet")


def _is_foreign(claims: dict[str, Any]) -> int:
    """Another machine's clock counts for the tokens of others alone."""
    return int(claims.get("iss") != ISSUER)


def seconds_of(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"token has invalid claims: {name} is invalid")
    return float(value)


def time_text(seconds: float | None) -> str:
    """RFC 3339; "" for none."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""
