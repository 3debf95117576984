"""Requests, certificates, subjects and chains, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from argosy.apis.certmanager import CertificateSpec
from argosy.apis.schema import read
from argosy.certs.pki import certificates, chains, der, keys, requests, signatures, signing, subject
from argosy.machinery.duration import parse

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
_NAMES = {
    "SHA256-RSA": "SHA256WithRSA",
    "SHA384-RSA": "SHA384WithRSA",
    "SHA512-RSA": "SHA512WithRSA",
    "ECDSA-SHA256": "ECDSAWithSHA256",
    "ECDSA-SHA384": "ECDSAWithSHA384",
    "ECDSA-SHA512": "ECDSAWithSHA512",
    "Ed25519": "PureEd25519",
}


@lru_cache
def key_of(kind: keys.KeyKind) -> keys.Key:
    return keys.generate(kind)


@lru_cache
def authority() -> signing.Signer:
    key = key_of(keys.KeyKind("ECDSA", 384))
    spec = read(CertificateSpec, {"commonName": "root", "isCA": True})
    request = requests.read(requests.make(spec, key))
    template = signing.template_of(request, asked=(), is_ca=True)
    signed = signing.sign(
        template,
        signing.Signer(key=key),
        serial=1,
        not_before=NOW,
        duration=timedelta(days=3650),
        pointers=signing.Pointers(),
    )
    return signing.Signer(key=key, certificate=certificates.first_of(signed))


def csr_and_certificate(case: dict[str, Any]) -> Iterator[str]:
    spec = read(CertificateSpec, case["spec"])
    expected = case["expect"]
    try:
        made = requests.make(spec, key_of(keys.wanted(spec.private_key)))
    except (requests.RequestError, keys.KeyError_) as error:
        if not expected.get("error"):
            yield f"no request: {error}"
        return
    if expected.get("error"):
        yield "a request was made of what cannot be"
        return
    request = requests.read(made)
    yield from _differs("subject", request.subject.hex(), expected["csr"]["subjectDER"])
    yield from _differs("csr extensions", _listed(request.extensions), _wanted(expected["csr"]))
    yield from _differs("signature", _algorithm(request.der_bytes), _NAMES[expected["csr"]["signatureAlgorithm"]])
    if "certificate" in expected:
        yield from _certificate(spec, request, case.get("caIssuer") or {}, expected["certificate"])


def _certificate(
    spec: CertificateSpec, request: requests.Request, issuer: dict[str, Any], expected: dict[str, Any]
) -> Iterator[str]:
    template = signing.template_of(request, asked=spec.usages, is_ca=spec.is_ca)
    signed = signing.sign(
        template,
        authority(),
        serial=2,
        not_before=NOW,
        duration=parse(spec.duration) if spec.duration else signing.DEFAULT_DURATION,
        pointers=signing.Pointers(
            crl=tuple(issuer.get("crlDistributionPoints") or ()),
            ocsp=tuple(issuer.get("ocspServers") or ()),
            issuing=tuple(issuer.get("issuingCertificateURLs") or ()),
        ),
    )
    found = certificates.first_of(signed)
    if not found.was_issued_by(authority().certificate or found):
        yield "the certificate was not issued by its CA"
    wanted = _wanted(expected)
    identifiers = ("2.5.29.14", "2.5.29.35")
    listed = [(oid, critical, "" if oid in identifiers else v) for oid, critical, v in _listed(found.extensions)]
    yield from _differs("certificate extensions", sorted(listed), sorted(wanted))
    yield from _differs("life", (found.not_after - found.not_before).total_seconds(), expected["lifetimeSeconds"])


def _listed(extensions: tuple[requests.Extension, ...]) -> list[tuple[str, bool, str]]:
    return [(one.oid, one.critical, one.value.hex()) for one in extensions]


def _wanted(expected: dict[str, Any]) -> list[tuple[str, bool, str]]:
    return [(one["oid"], one.get("critical", False), one["value"]) for one in expected["extensions"]]


def _algorithm(whole: bytes) -> str:
    oid = der.oid_text(der.children(der.children(der.first(whole))[1])[0].content)
    return next(one.name for one in signatures.ALGORITHMS.values() if one.oid == oid)


def subject_der(case: dict[str, Any]) -> Iterator[str]:
    try:
        found = subject.of_spec(read(CertificateSpec, case["spec"])).hex()
    except ValueError as error:
        if not case["expect"].get("error"):
            yield str(error)
        return
    yield from _differs("subject", found, case["expect"].get("subjectDER"))


def ca_chain(case: dict[str, Any]) -> Iterator[str]:
    expected = case["expect"]
    try:
        bag = [one for text in case["certificates"] for one in certificates.chain_of(text.encode())]
        found = chains.bundle_of(bag)
    except ValueError as error:
        if not expected.get("error"):
            yield f"no chain: {error}"
        return
    if expected.get("error"):
        yield "a chain was made of what forms none"
        return
    yield from _differs("chain", found.chain.decode(), expected["chain"])
    yield from _differs("ca", found.ca.decode(), expected.get("ca", ""))


def _differs(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r} instead of {wanted!r}"
