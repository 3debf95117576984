"""ServiceAccount tokens: what is issued is understood, and nothing else is (security rule 6)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from argosy.cluster.auth.tokens import Bound, ServiceAccountTokens, TokenRefused, make_signing_key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY = make_signing_key()


class Accounts:
    def __init__(self) -> None:
        self.objects = {
            ("serviceaccounts", "ns", "bot"): {"metadata": {"name": "bot", "uid": "u1"}},
            ("pods", "ns", "p"): {"metadata": {"name": "p", "uid": "p1"}},
        }

    def get(self, group: str, plural: str, namespace: str, name: str) -> dict[str, Any] | None:
        return self.objects.get((plural, namespace, name))

    def list(self, group: str, plural: str, namespace: str = "") -> list[dict[str, Any]]:
        return []


class OneId:
    def uuid(self) -> str:
        return "11111111-1111-4111-8111-111111111111"

    def uniform(self, low: float, high: float) -> float:
        return low

    def suffix(self, length: int) -> str:
        return "b" * length

    def token_bytes(self, length: int) -> bytes:
        return bytes(length)

    def fork(self, name: str) -> OneId:
        return self


def tokens(accounts: Accounts | None = None) -> ServiceAccountTokens:
    return ServiceAccountTokens(KEY, accounts or Accounts(), OneId())


def signed(claims: Any, header: Any = None, key: bytes = KEY) -> str:
    """A token of the test's own making, signed with `key`."""
    private = serialization.load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    head = header if header is not None else {"alg": "ES256", "kid": tokens().key_id}
    text = ".".join(_part(value if isinstance(value, bytes) else orjson.dumps(value)) for value in (head, claims))
    r, s = decode_dss_signature(private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{_part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(NOON.timestamp())
    found = {
        "aud": [tokens().issuer],
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "iss": tokens().issuer,
        "jti": "j",
        "kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "bot", "uid": "u1"}},
        "sub": "system:serviceaccount:ns:bot",
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not None}


def test_an_issued_token_is_the_account_with_its_groups() -> None:
    """R04"""
    issuer = tokens()
    user = issuer.verify(issuer.issue("ns", "bot", "u1", NOON), NOON).user
    assert user.name == "system:serviceaccount:ns:bot"
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated")
    assert user.uid == "u1"


def test_our_own_hand_made_token_passes_so_that_the_refusals_below_mean_something() -> None:
    assert tokens().verify(signed(claims()), NOON).user.uid == "u1"


def test_a_token_dies_with_its_account_and_with_the_object_it_is_bound_to() -> None:
    accounts = Accounts()
    issuer = tokens(accounts)
    plain = issuer.issue("ns", "bot", "u1", NOON)
    bound = issuer.issue("ns", "bot", "u1", NOON, bound=Bound("Pod", "p", "p1"))
    assert issuer.verify(bound, NOON).user.extra["authentication.kubernetes.io/pod-name"] == ("p",)
    del accounts.objects["pods", "ns", "p"]
    with pytest.raises(TokenRefused, match="bound to"):
        issuer.verify(bound, NOON)
    issuer.verify(plain, NOON)
    accounts.objects["serviceaccounts", "ns", "bot"] = {"metadata": {"name": "bot", "uid": "u2"}}
    with pytest.raises(TokenRefused, match="account does not exist"):
        issuer.verify(plain, NOON)


def test_audiences_are_shared_ones_only() -> None:
    issuer = tokens()
    token = issuer.issue("ns", "bot", "u1", NOON, audiences=["vault", "other"])
    assert issuer.verify(token, NOON, ["vault", "x"]).audiences == ("vault",)
    for wanted in ((), ("x",)):
        with pytest.raises(TokenRefused, match="audience"):
            issuer.verify(token, NOON, wanted)


def test_time_is_kept_to_within_a_minute() -> None:
    issuer = tokens()
    token = issuer.issue("ns", "bot", "u1", NOON, 600)
    issuer.verify(token, NOON + timedelta(seconds=659))
    with pytest.raises(TokenRefused, match="expired"):
        issuer.verify(token, NOON + timedelta(seconds=660))
    issuer.verify(token, NOON - timedelta(seconds=60))
    with pytest.raises(TokenRefused, match="not valid yet"):
        issuer.verify(token, NOON - timedelta(seconds=61))


def _mutations() -> dict[str, str]:
    now = int(NOON.timestamp())
    good = signed(claims())
    head, body, signature = good.split(".")
    kid = tokens().key_id
    other_key = make_signing_key()
    flipped = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    return {
        "empty": "",
        "one part": head,
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.x",
        "empty signature": f"{head}.{body}.",
        "flipped signature": f"{head}.{body}.{flipped}",
        "zero signature": f"{head}.{body}.{_part(bytes(64))}",
        "short signature": f"{head}.{body}.{_part(bytes(32))}",
        "signature of other claims": f"{head}.{_part(orjson.dumps(claims(jti='other')))}.{signature}",
        "alg none": signed(claims(), {"alg": "none", "kid": kid}),
        "alg None": signed(claims(), {"alg": "None", "kid": kid}),
        "alg HS256": signed(claims(), {"alg": "HS256", "kid": kid}),
        "alg RS256": signed(claims(), {"alg": "RS256", "kid": kid}),
        "alg missing": signed(claims(), {"kid": kid}),
        "alg list": signed(claims(), {"alg": ["ES256"], "kid": kid}),
        "kid unknown": signed(claims(), {"alg": "ES256", "kid": "x"}),
        "kid missing": signed(claims(), {"alg": "ES256"}),
        "crit header": signed(claims(), {"alg": "ES256", "kid": kid, "crit": ["x"]}),
        "header twice": signed(claims(), b'{"alg":"none","alg":"ES256","kid":"%s"}' % kid.encode()),
        "header no object": signed(claims(), ["ES256"]),
        "header not JSON": signed(claims(), b"{"),
        "huge header": signed(claims(), {"alg": "ES256", "kid": kid, "x": "y" * 20_000}),
        "deep claims": signed(b'{"a":' + b"[" * 300 + b"]" * 300 + b"}"),
        "other key": signed(claims(), key=other_key),
        "claims twice": signed(b'{"iss":"x",' + orjson.dumps(claims())[1:]),
        "claims no object": signed([1]),
        "other issuer": signed(claims(iss="https://evil")),
        "no issuer": signed(claims(iss=None)),
        "no audience": signed(claims(aud=None)),
        "audience object": signed(claims(aud={"a": 1})),
        "no expiry": signed(claims(exp=None)),
        "expiry text": signed(claims(exp="9999999999")),
        "expiry true": signed(claims(exp=True)),
        "expired": signed(claims(exp=now - 61)),
        "future": signed(claims(nbf=now + 61)),
        "issued in the future": signed(claims(iat=now + 61)),
        "subject of another": signed(claims(sub="system:serviceaccount:ns:admin")),
        "no subject": signed(claims(sub=None)),
        "no account": signed(claims(**{"kubernetes.io": {"namespace": "ns"}})),
        "account text": signed(claims(**{"kubernetes.io": "x"})),
        "other uid": signed(
            claims(**{"kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "bot", "uid": "u2"}}})
        ),
        "no uid": signed(claims(**{"kubernetes.io": {"namespace": "ns", "serviceaccount": {"name": "bot"}}})),
        "padding": f"{head}.{body}.{signature}==",
        "standard alphabet": good.replace("-", "+").replace("_", "/") + "+",
        "spaces": f" {good}",
    }


@pytest.mark.parametrize("name", sorted(_mutations()))
def test_a_mutated_token_is_refused_without_telling_why_in_its_own_words(name: str) -> None:
    token = _mutations()[name]
    with pytest.raises(TokenRefused) as refused:
        tokens().verify(token, NOON)
    assert len(token) < 10 or token not in str(refused.value)


def test_the_key_set_verifies_an_issued_token() -> None:
    issuer = tokens()
    (published,) = issuer.jwks()["keys"]
    assert (published["alg"], published["kty"], published["kid"]) == ("ES256", "EC", issuer.key_id)
    x, y = (int.from_bytes(base64.urlsafe_b64decode(published[name] + "=="), "big") for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    private = serialization.load_pem_private_key(KEY, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert public == private.public_key()
    assert "d" not in published


def test_the_signing_key_never_shows() -> None:
    assert "PRIVATE" not in repr(tokens())
    assert KEY.decode()[40:80] not in repr(vars(tokens()))
