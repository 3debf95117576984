"""Requests and certificates are read and verified by OpenSSL."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.pki import certificates, chains, keys, pem, requests, signing
from argosy.machinery.objects import JsonObject

NOW = datetime.fromtimestamp(1_893_456_000, UTC)
SPEC: JsonObject = {
    "commonName": "full.example.com",
    "subject": {"organizations": ["Example Inc", "Münster"], "countries": ["DE"], "serialNumber": "42"},
    "dnsNames": ["full.example.com", "*.full.example.com"],
    "ipAddresses": ["192.0.2.10", "2001:db8::10"],
    "uris": ["spiffe://example.com/x"],
    "emailAddresses": ["ops@example.com"],
    "otherNames": [{"oid": "1.3.6.1.4.1.311.20.2.3", "utf8Value": "full@example.com"}],
    "usages": ["digital signature", "server auth", "client auth"],
}
CA_SPEC = {"commonName": "root", "isCA": True, "nameConstraints": {"permitted": {"dnsDomains": ["example.com"]}}}
KINDS = [
    keys.KeyKind("RSA", 2048),
    keys.KeyKind("ECDSA", 256),
    keys.KeyKind("ECDSA", 384),
    keys.KeyKind("ECDSA", 521),
    keys.KeyKind("Ed25519", 0),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_openssl_verifies_what_was_made(kind: keys.KeyKind, tmp_path: Path) -> None:
    key = keys.generate(kind)
    ca_spec = read(
        CertificateSpec,
        CA_SPEC,
    )
    ca = signed(requests.make(ca_spec, key), signing.Signer(key=key), (), is_ca=True)
    authority = certificates.first_of(ca)
    request = requests.make(read(CertificateSpec, SPEC), key)
    leaf = signed(request, signing.Signer(key=key, certificate=authority), tuple(SPEC["usages"]), is_ca=False)
    for name, data in (("ca.pem", ca), ("csr.pem", request), ("leaf.pem", leaf)):
        (tmp_path / name).write_bytes(data)

    assert "verify OK" in openssl(tmp_path, "req", "-in", "csr.pem", "-noout", "-verify")
    shown = openssl(tmp_path, "x509", "-in", "leaf.pem", "-noout", "-text")
    assert "DNS:*.full.example.com" in shown and "URI:spiffe://example.com/x" in shown
    assert "IP Address:192.0.2.10" in shown and "TLS Web Client Authentication" in shown
    again = certificates.first_of(leaf)
    assert again.was_issued_by(authority) and not authority.was_issued_by(again)
    assert chains.bundle_of([again, authority]) == (leaf, ca)


def signed(request: bytes, signer: signing.Signer, asked: tuple[str, ...], *, is_ca: bool) -> bytes:
    return signing.sign(
        signing.template_of(requests.read(request), asked=asked, is_ca=is_ca),
        signer,
        serial=12345,
        not_before=NOW,
        duration=timedelta(days=90),
        pointers=signing.Pointers(crl=("http://crl.example.com",), ocsp=("http://o.example.com",)),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no valid certificates found"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "malformed"),
        (b"x" * (pem.LARGEST_CHAIN + 1), "the limit is"),
    ],
)
def test_what_is_no_certificate_is_refused_without_quoting_it(text: bytes, says: str) -> None:
    with pytest.raises(certificates.CertificateError, match=says):
        certificates.chain_of(text)


def test_a_quadratic_pem_is_read_in_no_time() -> None:
    hostile = b"-----BEGIN CERTIFICATE-----\n" * 3000
    with pytest.raises(certificates.CertificateError):
        certificates.chain_of(hostile)


def test_a_request_whose_signature_is_broken_is_no_template() -> None:
    block = next(pem.blocks(requests.make(read(CertificateSpec, SPEC), keys.generate(KINDS[1])), 1 << 16))
    broken = pem.encoded(block.label, block.der[:-1] + bytes([block.der[-1] ^ 1]))
    with pytest.raises(signing.TemplateError, match="not signed by its own key"):
        signing.template_of(requests.read(broken), asked=(), is_ca=False)


def openssl(directory: Path, *arguments: str) -> str:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run(
        ["openssl", *arguments], cwd=directory, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
