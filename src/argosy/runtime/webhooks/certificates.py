"""The certificates of this process's webhooks on a real cluster: one CA for all replicas, a leaf for each.

The CA is in a Secret, so that replicas agree on it: `tls.crt` and `tls.key`, and in `ca.crt` all that an API server
should trust - the CA and the one before it. A leaf lives a week in memory only and is replaced each day; the TLS
context is always the same object, so that new connections use the new leaf. Keys are made by the cryptography
library; times are passed in.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

AUTHORITY_LIFE: Final = timedelta(days=365)
LEAF_LIFE: Final = timedelta(days=7)
LEAF_RENEWED: Final = timedelta(days=1)
BACKDATED: Final = timedelta(hours=1)
"""Clocks of API servers may be behind ours."""
SECRETS: Final = Resource("", "v1", "secrets", "Secret")


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA that signs the leaves, in PEM; `trusted` is what clients should trust."""

    certificate: bytes
    key: bytes = field(repr=False)
    trusted: bytes

    @property
    def ca_bundle(self) -> str:
        """In the format of a webhook configuration."""
        return base64.b64encode(self.trusted).decode()


@dataclass(frozen=True, slots=True)
class Serving:
    """A certificate that somebody else manages, and the CA that verifies it, in PEM."""

    certificate: bytes
    key: bytes = field(repr=False)
    trusted: bytes


async def ensured(client: Client, secret: Key, now: datetime) -> Authority:
    """The CA in `secret`: created when there is none or it is unreadable, replaced after two thirds of its life.

    Of replicas that create one at once the first wins. Raises StatusError.
    """
    for _ in range(3):
        stored = await _stored(client, secret)
        found = authority_of(stored) if stored else None
        if found is not None and now < _due(found.certificate):
            return found
        made = renewed(found, now)
        try:
            await client.write(_write(stored, secret, made))
        except StatusError as error:
            if error.code == 409:  # another replica was faster
                continue
            raise
        return made
    raise StatusError(409, "Conflict", f"Secret {secret}: the webhooks' authority is replaced all the time by others")


def renewed(before: Authority | None, now: datetime) -> Authority:
    """A new CA, trusted together with the previous one."""
    made = make(now)
    certificates = [made.certificate]
    if before is not None and now < x509.load_pem_x509_certificate(before.certificate).not_valid_after_utc:
        certificates.append(before.certificate)
    return Authority(made.certificate, made.key, b"".join(certificates))


def make(now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argosy-webhook-ca")])
    builder = _builder(name, name, key, now, AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return Authority(certificate, _pem(key), certificate)


def leaf(authority: Authority, names: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
    """Certificate and key in PEM, for servers of these DNS names and IP addresses."""
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    issuer_key = serialization.load_pem_private_key(authority.key, None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argosy-webhooks")])
    builder = _builder(subject, issuer.subject, key, now, LEAF_LIFE)
    builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    made = builder.add_extension(authority_id, critical=False).sign(issuer_key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM), _pem(key)


def service_names(services: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The DNS names by which an API server reaches Services, from (namespace, name)."""
    found = [f"{name}.{namespace}{tail}" for namespace, name in services for tail in (".svc", ".svc.cluster.local", "")]
    return tuple(found)


def server_context() -> ssl.SSLContext:
    """TLS 1.2 or later, without a certificate yet: `present` gives it one, and each later one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


def present(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """For new connections."""
    with tempfile.TemporaryDirectory() as directory:  # the ssl module takes files only; the directory is 0700
        path = Path(directory) / "serving.pem"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + key)
        context.load_cert_chain(path)


def authority_of(secret: JsonObject) -> Authority | None:
    """None for a Secret without a CA that can sign."""
    data = secret.get("data") or {}
    try:
        found = [base64.b64decode(data[name], validate=True) for name in ("tls.crt", "tls.key", "ca.crt")]
        x509.load_pem_x509_certificate(found[0])
        key = serialization.load_pem_private_key(found[1], None)
        x509.load_pem_x509_certificates(found[2])
    except (KeyError, ValueError, TypeError):
        return None
    return Authority(*found) if isinstance(key, ec.EllipticCurvePrivateKey) else None


def serving_of(secret: JsonObject, names: Iterable[str], now: datetime) -> Serving | None:
    """None for a Secret whose certificate does not fit its key, is not valid now, or is not for all of `names`."""
    data = secret.get("data") or {}
    try:
        found = [base64.b64decode(data[name], validate=True) for name in ("tls.crt", "tls.key", "ca.crt")]
        shown = x509.load_pem_x509_certificate(found[0])
        key = serialization.load_pem_private_key(found[1], None)
        x509.load_pem_x509_certificates(found[2])
        held = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (KeyError, ValueError, TypeError, x509.ExtensionNotFound):
        return None
    fits = shown.public_key() == key.public_key() and shown.not_valid_before_utc <= now < shown.not_valid_after_utc
    return Serving(*found) if fits and all(_alternative(name) in held for name in names) else None


def bundle(authority: Authority, serving: Serving | None) -> str:
    """All that an API server should trust, as a webhook configuration has it."""
    trusted = authority.trusted if serving is None else serving.trusted.rstrip() + b"\n" + authority.trusted
    return base64.b64encode(trusted).decode()


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _due(certificate: bytes) -> datetime:
    found = x509.load_pem_x509_certificate(certificate)
    return found.not_valid_before_utc + (found.not_valid_after_utc - found.not_valid_before_utc) * 2 / 3


async def _stored(client: Client, secret: Key) -> JsonObject | None:
    try:
        return await client.get(Get(SECRETS, secret))
    except StatusError as error:
        if error.is_not_found:
            return None
        raise


def _write(stored: JsonObject | None, secret: Key, made: Authority) -> requests.Write:
    held = {"tls.crt": made.certificate, "tls.key": made.key, "ca.crt": made.trusted}
    data = {name: base64.b64encode(value).decode() for name, value in held.items()}
    if stored is not None:
        return requests.merge(SECRETS, stored, {"data": data})
    metadata = {"namespace": secret.namespace, "name": secret.name}
    obj = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}
    return requests.create(SECRETS, obj)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
