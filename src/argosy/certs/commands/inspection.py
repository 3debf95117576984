"""What a Secret with a certificate holds, and whether its parts belong together. Shows no key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.pki import certificates, keys, subject
from argosy.certs.pki.certificates import X509
from argosy.certs.pki.subject import Rdns
from argosy.machinery.timestamps import seconds

_LIMIT = 400_000


def lines(secret: Secret, now: datetime) -> Iterator[str]:
    try:
        chain = certificates.chain_of(secret.value("tls.crt") or b"", _LIMIT)
    except certificates.CertificateError as error:
        yield f"tls.crt: {error}"
        return
    leaf = chain[0]
    yield from _certificate(leaf, now)
    yield f"Private key: {_key(secret, leaf)}"
    yield f"Chain: {_chain(chain)}"
    yield f"Authority (ca.crt): {_authority(secret, chain)}"
    for entry in sorted(set(secret.data) - {"tls.crt", "tls.key", "ca.crt"}):
        yield f"Further entry: {entry}"


def _certificate(leaf: X509, now: datetime) -> Iterator[str]:
    names = leaf.alt_names
    yield f"Subject: {_name(leaf.names) or '(empty)'}"
    yield f"Issuer: {_name(leaf.issuer_names) or '(empty)'}"
    for label, values in (
        ("DNS names", names.dns),
        ("IP addresses", names.addresses),
        ("URIs", names.uris),
        ("E-mail addresses", names.emails),
    ):
        if values:
            yield f"{label}: {', '.join(values)}"
    state = "has ended" if now > leaf.not_after else "is not valid yet" if now < leaf.not_before else "is valid"
    yield f"Validity: {seconds(leaf.not_before)} to {seconds(leaf.not_after)}; it {state}"
    yield f"Serial: {leaf.serial:x}"
    yield f"Certificate authority: {'yes' if leaf.is_ca else 'no'}"
    yield f"SHA-256: {hashlib.sha256(leaf.der_bytes).hexdigest()}"


def _key(secret: Secret, leaf: X509) -> str:
    try:
        facts = keys.facts_of(secret.value("tls.key") or b"")
    except keys.KeyError_ as error:
        return str(error)
    size = f" {facts.kind.size}" if facts.kind.size else ""
    belongs = "belongs to the certificate" if facts.public == leaf.public else "is NOT that of the certificate"
    return f"{facts.kind.algorithm}{size}; it {belongs}"


def _chain(chain: tuple[X509, ...]) -> str:
    for lower, upper in pairwise(chain):
        if lower.issuer != upper.subject:
            return f"{len(chain)} certificates; {_name(upper.names)} did not issue the one before it"
    return f"{len(chain)} certificate{'s' if len(chain) != 1 else ''} in order"


def _authority(secret: Secret, chain: tuple[X509, ...]) -> str:
    text = secret.value("ca.crt")
    if not text:
        return "none"
    try:
        found = certificates.chain_of(text, _LIMIT)
    except certificates.CertificateError as error:
        return str(error)
    issued = any(one.subject == chain[-1].issuer for one in found)
    return f"{_name(found[0].names)}; it {'issued' if issued else 'did NOT issue'} the end of the chain"


def _name(names: Rdns) -> str:
    return ",".join(f"{_SPELLED.get(one.oid, one.oid)}={one.value}" for rdn in names for one in rdn)


_SPELLED = {
    subject.COMMON_NAME: "CN",
    subject.ORGANIZATION: "O",
    subject.ORGANIZATIONAL_UNIT: "OU",
    subject.COUNTRY: "C",
    subject.LOCALITY: "L",
    subject.PROVINCE: "ST",
    subject.SERIAL_NUMBER: "serialNumber",
}
