"""The provider at `/api/dex`: to whom codes are given, and for what they count."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from argosy.server.connectors.identity import Identity
from argosy.server.connectors.issuer import CLI_CLIENT, CLIENT, BadRequest, Issuer, asked_of, subject

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OWN = ["https://argo.test/auth/callback"]
VERIFIER = "v" * 48
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ADA = Identity(user_id="u1", username="Ada", email="a@x.test", email_verified=True, groups=("ops",))
QUERY = {
    "client_id": CLI_CLIENT,
    "redirect_uri": "http://localhost:8085/auth/callback",
    "response_type": "code",
    "scope": "openid email groups profile federated:id",
    "state": "st",
    "nonce": "no",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
ISSUER = Issuer("https://argo.test/api/dex", b"server key")


def code(**more: str) -> str:
    return ISSUER.code(asked_of({**QUERY, **more}, OWN), ADA, "gh", "id-1", b"n" * 12, NOW)


def form(given: str, **more: str) -> dict[str, str]:
    found = {name: QUERY[name] for name in ("client_id", "redirect_uri")}
    return {"grant_type": "authorization_code", "code": given, "code_verifier": VERIFIER, **found, **more}


def test_a_code_gives_an_id_token_that_counts_by_the_published_keys() -> None:
    found = ISSUER.exchanged(form(code()), "", NOW)
    token = ISSUER.id_token(found, 3600, "access", NOW)

    published = KeySet.import_key_set({"keys": ISSUER.keys()["keys"]})
    claims: dict[str, Any] = jwt.decode(token, published, algorithms=["ES256"]).claims
    assert claims["iss"] == ISSUER.description()["issuer"]
    assert (claims["aud"], claims["nonce"], claims["groups"]) == (CLI_CLIENT, "no", ["ops"])
    assert claims["federated_claims"] == {"connector_id": "gh", "user_id": "u1"}
    assert claims["sub"] == subject("u1", "gh") == "CgJ1MRICZ2g"
    assert claims["exp"] - claims["iat"] == 3600
    assert "d" not in ISSUER.keys()["keys"][0]


def test_all_replicas_have_the_same_keys_and_another_servers_key_gives_others() -> None:
    assert Issuer("https://argo.test/api/dex", b"server key").keys() == ISSUER.keys()
    assert Issuer("https://argo.test/api/dex", b"another").keys() != ISSUER.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "stranger"},
        {"redirect_uri": "https://evil.test/auth/callback"},
        {"redirect_uri": "http://localhost.evil.test/auth/callback"},
        {"redirect_uri": "http://localhost:8085/elsewhere"},
        {"client_id": CLIENT, "redirect_uri": "https://argo.test/auth/callback/x"},
        {"response_type": "token"},
        {"scope": "email"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_client_that_may_not_is_sent_nowhere(wrong: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        asked_of({**QUERY, **wrong}, OWN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grant_type": "password"},
        {"code": "x"},
        {"code": ""},
        {"code_verifier": "w" * 48},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:1/auth/callback"},
        {"client_id": CLIENT},
    ],
)
def test_a_code_counts_for_who_asked_for_it_alone(wrong: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        ISSUER.exchanged({**form(code()), **wrong}, ISSUER.client_secret, NOW)


def test_a_code_counts_for_less_than_a_minute() -> None:
    assert ISSUER.exchanged(form(code()), "", NOW + timedelta(seconds=59)).identity == ADA
    with pytest.raises(BadRequest, match="too old"):
        ISSUER.exchanged(form(code()), "", NOW + timedelta(seconds=60))


def test_the_confidential_client_proves_its_secret() -> None:
    asked = {"client_id": CLIENT, "redirect_uri": OWN[0]}
    given = form(code(**asked), **asked)
    assert ISSUER.exchanged(given, ISSUER.client_secret, NOW).asked.client == CLIENT
    with pytest.raises(BadRequest, match="secret is wrong"):
        ISSUER.exchanged(given, "guess", NOW)
