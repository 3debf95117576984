"""Whether a request, a certificate or a key matches the spec. Source: spec/cert-manager.md section 3.11."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from argosy.apis.certmanager import CertificateRequest, CertificateSpec, IssuerRef
from argosy.apis.certmanager.certificate import Subject
from argosy.certs.base64_text import decoded
from argosy.certs.names import REVISION
from argosy.certs.pki import alt_names, requests, subject
from argosy.certs.pki.certificates import X509
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject


def request_of(request: CertificateRequest) -> requests.Request:
    """Raises RequestError."""
    return requests.read(decoded(request.spec.request))


class Compared(NamedTuple):
    """`fields` of the spec that a CertificateRequest does not match, and the public key of the request."""

    fields: tuple[str, ...]
    public: bytes


def compared(request: CertificateRequest, spec: CertificateSpec) -> Compared:
    """Raises RequestError, SubjectError.

    Four controllers ask at every status change, which leaves both specs unchanged: they are compared once.
    """
    asked, wanted = request.spec.raw, spec.raw
    uid = request.metadata.uid
    known = _known.get(uid)
    if known is not None and known[0] is asked and known[1] is wanted:
        return known[2]
    found = Compared(_compare(request, spec), request_of(request).public)
    _known[uid] = (asked, wanted, found)
    if len(_known) > _REMEMBERED:
        _known.popitem(last=False)
    return found


def differing_fields(request: CertificateRequest, spec: CertificateSpec) -> tuple[str, ...]:
    """Raises what `compared` raises."""
    return compared(request, spec).fields


def public_of(request: CertificateRequest) -> bytes:
    """The public key that a request is for. Raises RequestError."""
    known = _known.get(request.metadata.uid)
    return known[2].public if known is not None and known[0] is request.spec.raw else request_of(request).public


_REMEMBERED: Final = 20_000
_known: OrderedDict[str, tuple[JsonObject, JsonObject, Compared]] = OrderedDict()
"""By the request's uid: the JSON of both specs, which nobody changes, and the result of their last comparison."""


def _compare(request: CertificateRequest, spec: CertificateSpec) -> tuple[str, ...]:
    found = request_of(request)
    return (
        *_differing_names(found, spec),
        *(_differing_subject(found.names, spec) if not spec.literal_subject else _differing_literal(found, spec)),
        *_differing_terms(request, spec),
    )


def _differing_names(found: requests.Request, spec: CertificateSpec) -> list[str]:
    names = found.alt_names
    fields = [
        ("spec.ipAddresses", not _same(names.addresses, _addresses(spec.ip_addresses))),
        ("spec.uris", not _same(names.uris, spec.uris)),
        ("spec.emailAddresses", not _same(names.emails, spec.email_addresses)),
        ("spec.dnsNames", not _same(names.dns, spec.dns_names)),
        ("spec.otherNames", bool(spec.other_names) and not _same_others(names, spec)),
    ]
    return [field for field, differs in fields if differs]


def _same_others(names: alt_names.AltNames, spec: CertificateSpec) -> bool:
    if names.undecodable_others:
        raise requests.RequestError("an other name of the request is not UTF-8 text")
    return _same(names.others, [(one.oid, one.utf8_value) for one in spec.other_names])


def _differing_subject(names: subject.Rdns, spec: CertificateSpec) -> list[str]:
    asked = spec.subject or Subject()
    serials = subject.values(names, subject.SERIAL_NUMBER)
    fields: list[tuple[str, bool]] = [
        ("spec.commonName", subject.common_name(names) != spec.common_name),
        ("spec.subject.serialNumber", (serials[-1] if serials else "") != asked.serial_number),
    ]
    for field, oid, wanted in (
        ("organizations", subject.ORGANIZATION, asked.organizations),
        ("countries", subject.COUNTRY, asked.countries),
        ("localities", subject.LOCALITY, asked.localities),
        ("organizationalUnits", subject.ORGANIZATIONAL_UNIT, asked.organizational_units),
        ("postCodes", subject.POSTAL_CODE, asked.postal_codes),
        ("provinces", subject.PROVINCE, asked.provinces),
        ("streetAddresses", subject.STREET, asked.street_addresses),
    ):
        fields.append((f"spec.subject.{field}", not _same(subject.values(names, oid), wanted)))
    return [field for field, differs in fields if differs]


def _differing_literal(found: requests.Request, spec: CertificateSpec) -> list[str]:
    return [] if found.subject == subject.of_spec(spec) else ["spec.literalSubject"]


def _differing_terms(request: CertificateRequest, spec: CertificateSpec) -> list[str]:
    asked = request.spec
    fields = [
        ("spec.isCA", asked.is_ca != spec.is_ca),
        ("spec.usages", not _same(asked.usages, spec.usages)),
        ("spec.duration", _durations_differ(asked.duration, spec.duration)),
        ("spec.issuerRef", not same_issuer(asked.issuer_ref, spec.issuer_ref)),
    ]
    return [field for field, differs in fields if differs]


def _durations_differ(left: str, right: str) -> bool:
    """Compares only if both are set."""
    return bool(left and right) and duration.nanoseconds(left) != duration.nanoseconds(right)


def same_issuer(left: IssuerRef, right: IssuerRef) -> bool:
    """Compares after defaulting."""
    return (left.name, left.full_kind, left.full_group) == (right.name, right.full_kind, right.full_group)


def loosely_differing_fields(found: X509, spec: CertificateSpec) -> list[str]:
    """Checks the certificate itself if its request is deleted: an issuer may have moved names into the subject."""
    names = found.alt_names
    common = subject.common_name(found.names)
    has = {*names.dns, *([common] if common else [])}
    wants = {*spec.dns_names, *([spec.common_name] if spec.common_name else [])}
    common_differs = bool((spec.common_name and spec.common_name not in has) or (common and common not in wants))
    dns_differs = not has.issuperset(spec.dns_names) or not wants.issuperset(names.dns)
    fields = [
        ("spec.commonName", has != wants and common_differs),
        ("spec.dnsNames", has != wants and dns_differs),
        ("spec.ipAddresses", not _same(names.addresses, _addresses(spec.ip_addresses))),
        ("spec.uris", not _same(names.uris, spec.uris)),
        ("spec.emailAddresses", not _same(names.emails, spec.email_addresses)),
    ]
    return [field for field, differs in fields if differs]


def _addresses(texts: Iterable[str]) -> list[str]:
    return [str(alt_names.parse_address(text) or text) for text in texts]


def _same(left: Sequence[object], right: Sequence[object]) -> bool:
    """As unordered lists: duplicates count."""
    return Counter(left) == Counter(right)


def revision_of(request: CertificateRequest) -> int | None:
    """None if the request has no valid revision."""
    text = request.metadata.annotations.get(REVISION)
    try:
        return int(text) if text is not None and text.strip() == text else None
    except (TypeError, ValueError):
        return None


def of_revision(requests_: Iterable[CertificateRequest], revision: int) -> list[CertificateRequest]:
    return [one for one in requests_ if revision_of(one) == revision]
