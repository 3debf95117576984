"""The authority of a simulated ACME server: a root, an intermediate, and leaves as such servers issue them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from argosy.certs.acme.renewal_information import certificate_id
from argosy.certs.pki import certificates
from argosy.runtime.clock import Clock

_LIFE: Final = timedelta(seconds=946771200)
_SECOND: Final = timedelta(seconds=1)
_BACKDATED: Final = timedelta(0)
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class SimulatedAuthority:
    """Keys are made by the cryptography library and kept for the process; times come from the clock."""

    def __init__(self, root: str, intermediate: str, algorithm: str, clock: Clock) -> None:
        self._clock, self._name = clock, _named(intermediate)
        root_key, self._key = _key(algorithm, "root"), _key(algorithm, "intermediate")
        now = clock.now()
        builder = _builder(self._name, _named(root), self._key.public_key(), now, now + _LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self._intermediate = _finished(builder, root_key, self._key, signs=True)
        self._ends: dict[str, datetime] = {}

    def issued(self, request: bytes, life: timedelta) -> bytes:
        """Of a request in DER: leaf and intermediate in PEM."""
        asked = x509.load_der_x509_csr(request)
        names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        first = next((str(one.value) for one in names), "")
        now = self._clock.now()
        builder = _builder(_named(first), self._name, asked.public_key(), now, now + life - _SECOND)  # type: ignore[arg-type]
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        leaf = _finished(builder, self._key, asked.public_key(), signs=False)
        self._ends[certificate_id(certificates.first_of(leaf))] = now + life - _SECOND
        return leaf + self._intermediate

    def end_of(self, certificate: str) -> datetime | None:
        return self._ends.get(certificate)


@lru_cache(maxsize=8)
def _key(algorithm: str, role: str) -> PrivateKey:
    return rsa.generate_private_key(65537, 2048) if algorithm == "RSA" else ec.generate_private_key(ec.SECP256R1())


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _finished(builder: x509.CertificateBuilder, signer: PrivateKey, key: object, *, signs: bool) -> bytes:
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    public = key.public_key() if isinstance(key, PrivateKey) else key
    made = (
        builder.add_extension(_usage(signs=signs), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)  # type: ignore[arg-type]
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
