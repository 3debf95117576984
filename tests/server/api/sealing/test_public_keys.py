"""The public halves of sealing keys: which seals, and that nothing private is shown."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from argosy.server.api.sealing.public_keys import shown_keys

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_secret(name: str, begins: datetime) -> dict[str, Any]:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, KEY.public_key(), 1, begins, begins + timedelta(days=9))
    pem = made.sign(KEY, SHA256()).public_bytes(Encoding.PEM)
    data = {"tls.crt": base64.b64encode(pem).decode(), "tls.key": base64.b64encode(b"PRIVATE-CANARY").decode()}
    return {"metadata": {"name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}, "data": data}


def test_the_newest_certificate_seals_and_the_others_open() -> None:
    old, young = (key_secret(name, datetime(2026, month, 1, tzinfo=UTC)) for name, month in (("a", 1), ("b", 2)))
    assert [(one["name"], one["seals"]) for one in shown_keys([old, young])] == [("b", True), ("a", False)]


def test_the_public_key_can_be_read_and_nothing_private_is_shown() -> None:
    found = shown_keys([key_secret("a", datetime(2026, 1, 1, tzinfo=UTC))])
    assert load_der_public_key(base64.b64decode(found[0]["publicKey"])) == KEY.public_key()
    assert found[0]["fingerprint"].startswith("SHA256:")
    assert found[0]["notAfter"] == "2026-01-10T00:00:00Z"
    assert "CANARY" not in repr(found)
    assert base64.b64encode(b"PRIVATE-CANARY").decode() not in repr(found)


def test_a_secret_without_a_certificate_is_left_out() -> None:
    assert shown_keys([{"metadata": {"name": "x"}, "data": {"tls.crt": "bm8="}}, {"metadata": {"name": "y"}}]) == []
