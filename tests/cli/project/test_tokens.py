"""Tokens of roles."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

from argosy.cli.project.tokens import entry_of, token_of, with_token

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_token_is_signed_with_the_servers_key_and_carries_upstreams_claims() -> None:
    token = token_of("proj:p:dev", entry_of("t1", NOW, 3600), b"key")
    head, claims, signature = token.split(".")
    wanted = hmac.new(b"key", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "==") == wanted
    issued = int(NOW.timestamp())
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {
        "iss": "argocd",
        "sub": "proj:p:dev",
        "nbf": issued,
        "iat": issued,
        "jti": "t1",
        "exp": issued + 3600,
    }


def test_a_token_for_ever_has_no_end_and_is_listed_first_in_the_status() -> None:
    entry = entry_of("t2", NOW, 0)
    assert "exp" not in entry
    status = with_token({"jwtTokensByRole": {"dev": {"items": [{"iat": 1}]}}}, "dev", entry)
    assert status["jwtTokensByRole"]["dev"]["items"] == [entry, {"iat": 1}]
