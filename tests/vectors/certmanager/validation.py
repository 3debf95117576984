"""Admission: what is refused, at which field, in which order."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from argosy.apis.certmanager import CertificateSpec, IssuerRef
from argosy.apis.schema import read
from argosy.certs import signers
from argosy.certs.admission import acme, issuer, request
from argosy.certs.admission import certificate as certificates
from argosy.certs.admission.errors import FieldError
from argosy.machinery import duration
from argosy.machinery.objects import Resource


def certificate(case: dict[str, Any]) -> Iterator[str]:
    found = certificates.validate(read(CertificateSpec, case["spec"]), case.get("featureGates"))
    yield from _differ(found, case["errors"])


def issuers(case: dict[str, Any]) -> Iterator[str]:
    found, warnings = issuer.validate(case["spec"])
    yield from _differ(found, case["errors"])
    if len(warnings) != case["warnings"]:
        yield f"{warnings} instead of {case['warnings']}"


def requests(case: dict[str, Any]) -> Iterator[str]:
    if case["operation"] == "create":
        obj = _encoded({**case["request"], "status": case.get("status") or case["request"].get("status") or {}})
        yield from _differ(request.validate_new(obj), case["errors"])
    else:
        found = request.validate_change(_encoded(case["old"]), _encoded(case["new"]))
        yield from _differ(found, case["errors"])


def _encoded(obj: dict[str, Any]) -> dict[str, Any]:
    spec = dict(obj.get("spec") or {})
    if "request" in spec:
        spec["request"] = base64.b64encode(spec["request"].encode()).decode()
    return {"metadata": {}, **obj, "spec": spec}


def order_and_challenge(case: dict[str, Any]) -> Iterator[str]:
    judge = acme.order_change if case["kind"] == "Order" else acme.challenge_change
    yield from _differ(judge(case["old"], case["new"]), case["errors"])


def signer_names(case: dict[str, Any]) -> Iterator[str]:
    expected = case["expect"]
    if case["operation"] == "parse":
        parsed = signers.parse(case["signerName"])
        found: Any = parsed._asdict() if parsed else None
    else:
        ref = read(IssuerRef, case["issuerRef"])
        known = case.get("resource")
        resource = (
            Resource(ref.full_group, "v1", known["plural"], ref.full_kind, known["namespaced"]) if known else None
        )
        found = list(signers.approval_names(ref, case["namespace"], resource)) if resource else None
    if found != expected:
        yield f"{found} instead of {expected}"


def _differ(found: Sequence[FieldError], expected: Sequence[dict[str, Any]]) -> Iterator[str]:
    ours = sorted((one.kind, one.field) for one in found)
    theirs = sorted((one["type"], one["field"]) for one in expected)
    if ours != theirs:
        yield f"{[str(one) for one in found]} instead of {expected}"
        return
    if [(one.kind, one.field) for one in found] != [(one["type"], one["field"]) for one in expected]:
        if len({one.field for one in found}) > 1:
            yield f"order: {[one.field for one in found]}"
        return
    for one, wanted in zip(found, expected, strict=True):
        value = wanted.get("badValue")
        if value is not None and one.kind in ("Invalid", "NotSupported", "Duplicate") and not _same(one.value, value):
            yield f"{one.field}: {one.value!r} instead of {value!r}"


def _same(ours: Any, theirs: Any) -> bool:
    if ours == theirs:
        return True
    return isinstance(ours, int) and isinstance(theirs, str) and duration.spelled(ours) == theirs
