"""Policy chains, and the contents of the target Secret."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.apis.schema import read
from argosy.certs.certificate import checks, keystores, target_secret
from argosy.machinery import timestamps

CHAINS = {"trigger": checks.TRIGGER, "readiness": checks.READINESS, "temporary": checks.TEMPORARY}


def policy_chain(case: dict[str, Any]) -> Iterator[str]:
    raw = dict(case["certificate"])
    if window := case.get("ariSuggestedWindow"):
        raw["status"] = {**raw.get("status", {}), "acme": {"ari": {"suggestedWindow": window}}}
    stored = checks.Stored(
        certificate=read(Certificate, raw),
        secret=_secret(case.get("secret")),
        current=_request(case.get("currentRequest")),
        use_renewal_information=True,
    )
    for name, expected in case["expect"].items():
        finding = checks.first_finding(CHAINS[name], stored, timestamps.parse(case["now"]))
        reason = finding.reason if finding else None
        if reason != (expected.get("reason") if expected["violated"] else None):
            yield f"{name}: {finding} instead of {expected}"


def _secret(raw: dict[str, Any] | None) -> Secret | None:
    if raw is None:
        return None
    data = {key: base64.b64encode(text.encode()).decode() for key, text in (raw.get("data") or {}).items()}
    return read(Secret, {"metadata": {"annotations": raw.get("annotations") or {}}, "data": data})


def _request(raw: dict[str, Any] | None) -> CertificateRequest | None:
    if raw is None:
        return None
    request = base64.b64encode(raw["spec"]["request"].encode()).decode()
    return read(CertificateRequest, {**raw, "spec": {**raw["spec"], "request": request}})


def secret_contents(case: dict[str, Any]) -> Iterator[str]:
    certificate = read(Certificate, case["certificate"])
    issued = case["issued"]
    key, chain, ca = (issued.get(name, "").encode() for name in ("privateKey", "certificate", "ca"))
    stores = keystores.encode(certificate.spec.keystores, {}, key=key, certificate=chain, ca=ca)
    made = target_secret.secret_of(
        certificate,
        target_secret.Issued(key=key, certificate=chain, ca=ca, issuer=certificate.spec.issuer_ref, keystores=stores),
        type_="",
        owner_ref=False,
    )
    expected = case["expect"]
    found = {
        "type": made["type"],
        "annotations": made["metadata"]["annotations"],
        "labels": made["metadata"]["labels"],
        "data": made["data"],
    }
    for name, value in found.items():
        if value != expected[name]:
            yield f"{name}: {value} instead of {expected[name]}"
