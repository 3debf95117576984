"""Names, annotations, back-off, ownership, renewal times and signer names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.apis.certmanager import Certificate, CertificateSpec
from argosy.apis.certmanager.certificate import CertificateStatus
from argosy.apis.schema import read
from argosy.certs import names
from argosy.certs.certificate import backoff, ownership, renewal
from argosy.certs.settings import Settings
from argosy.machinery import duration, timestamps

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def computed_names(case: dict[str, Any]) -> Iterator[str]:
    operation = case["operation"]
    if operation == "shorten52":
        found = names.shortened(case["input"])
    elif operation == "computeName":
        found = names.computed(case["prefix"], case["json"])
    elif operation == "orderName":
        found = names.order_name(case["certificateRequestName"], case["orderSpec"])
    elif operation == "adler32":
        found = names.label_hash(case["input"])
    else:
        found = names.request_name(case["certificateName"], case["revision"])
    if found != case["expect"]:
        yield f"{found!r} instead of {case['expect']!r}"


def annotation_copy(case: dict[str, Any]) -> Iterator[str]:
    found = names.copied_annotations(case["prefixes"], case["annotations"] or {})
    if found != (case["expect"] or {}):
        yield f"{found} instead of {case['expect']}"


def issuance_backoff(case: dict[str, Any]) -> Iterator[str]:
    """Whether the wait counts at all is the trigger's to say; here by what the case says of the next request."""
    settings = Settings(
        minimum_backoff=duration.parse(case["minimum"]), maximum_backoff=duration.parse(case["maximum"])
    )
    failed = case.get("lastFailureAgo")
    status: dict[str, Any] = {"failedIssuanceAttempts": case.get("failedIssuanceAttempts")}
    if failed is not None:
        status["lastFailureTime"] = timestamps.seconds(NOW - duration.parse(failed))
    ends = backoff.retry_at(read(CertificateStatus, status), settings)
    lifted = case["nextRequest"] in ("differs", "undecodable")
    wait = max(ends - NOW, timedelta()) if ends is not None and not lifted else timedelta()
    if wait != duration.parse(case["expectWait"]):
        yield f"{wait} instead of {case['expectWait']}"


def secret_ownership(case: dict[str, Any]) -> Iterator[str]:
    rivals = [
        read(
            Certificate,
            {
                "metadata": {"name": one["name"], "creationTimestamp": one["creationTimestamp"]},
                "spec": {"secretName": one["secretName"]},
            },
        )
        for one in case["certificates"]
    ]
    wanted = next(one for one in rivals if one.metadata.name == case["subject"]).spec.secret_name
    found = ownership.owner_among([one for one in rivals if one.spec.secret_name == wanted], case["secret"])
    if found != case["expectOwner"] or (found == case["subject"]) != case["subjectMayIssue"]:
        yield f"{found} instead of {case['expectOwner']}"


def renewal_time(case: dict[str, Any]) -> Iterator[str]:
    spec = read(CertificateSpec, case)
    expected = case["expect"]
    window = case.get("ariSuggestedWindow")
    found = renewal.renewal_time(
        timestamps.parse(case["notBefore"]),
        timestamps.parse(case["notAfter"]),
        renew_before=spec.renew_before,
        percentage=spec.renew_before_percentage,
        renewal=spec.renewal,
        suggested=timestamps.parse(window["start"]) if window else None,
    )
    if bool(found.error) != expected["windowError"]:
        yield f"window error {found.error!r}"
    at = timestamps.seconds(found.at) if found.at else None
    if "renewalTimeFrom" in expected:
        if not at or not expected["renewalTimeFrom"] <= at <= expected["renewalTimeUntil"]:
            yield f"{at} is not in {expected}"
    elif at != expected["renewalTime"]:
        yield f"{at} instead of {expected['renewalTime']}"
