"""Validation of Certificates. Source: spec/cert-manager.md section 10.1.

The rule for renewBeforePercentage is applied to its complement, as upstream: 95 % of an hour is refused, though it is
a share of life *before expiry* when it is used. 100 without a duration should be refused, too, but upstream accepts
it, so it is accepted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from argosy.apis.certmanager import CertificateSpec, IssuerRef
from argosy.apis.certmanager.certificate import (
    JksKeystore,
    NameConstraintItem,
    Pkcs12Keystore,
    RenewalWindow,
    Subject,
)
from argosy.apis.schema import parts
from argosy.certs.admission.errors import FieldError, forbidden, invalid, required, unsupported
from argosy.certs.certificate import renewal
from argosy.certs.names import ALLOW_INJECTION
from argosy.certs.pki import alt_names, der, subject, usages
from argosy.certs.pki.signatures import ALLOWED
from argosy.machinery import duration, names
from argosy.machinery.timestamps import parse

_HOUR: Final = 3_600_000_000_000
_FIVE_MINUTES: Final = 300_000_000_000
_DEFAULT_DURATION: Final = 2160 * _HOUR
_LONGEST_NAME: Final = 64
_MOST_ANNOTATIONS: Final = 256 * 1024
_SPECIALS: Final = frozenset('()[]<>:;@\\,"')
_ANY_TIME: Final = parse("2026-01-01T00:00:00Z")

Gates = dict[str, bool]
"""Feature gates by name; absent means on."""


def validate(spec: CertificateSpec, gates: Gates | None = None) -> list[FieldError]:
    """All errors, in upstream's order."""
    on = gates or {}
    return [
        *_secret_name(spec),
        *issuer_ref(spec.issuer_ref, "spec"),
        *_subject(spec, literal_allowed=on.get("LiteralCertificateSubject", True)),
        *_addresses(spec),
        *_other_names(spec, allowed=on.get("OtherNames", True)),
        *_key(spec),
        *_times(spec),
        *_usages(spec),
        *_revisions(spec),
        *_template(spec),
        *_constraints(spec, allowed=on.get("NameConstraints", True)),
        *_formats(spec),
        *_keystores(spec),
        *_renewal(spec),
    ]


def _secret_name(spec: CertificateSpec) -> Iterator[FieldError]:
    if not spec.secret_name:
        yield required("spec.secretName", "must be specified")
        return
    for problem in names.dns_subdomain(spec.secret_name):
        yield invalid("spec.secretName", spec.secret_name, problem)


def issuer_ref(ref: IssuerRef, path: str) -> Iterator[FieldError]:
    if not ref.name:
        yield required(f"{path}.issuerRef.name", "must be specified")
    if ref.is_ours and ref.kind not in ("", "Issuer", "ClusterIssuer"):
        hint = "" if ref.group else f" (an issuer of another API needs {path}.issuerRef.group)"
        yield invalid(f"{path}.issuerRef.kind", ref.kind, f"must be one of Issuer or ClusterIssuer{hint}")


def _subject(spec: CertificateSpec, *, literal_allowed: bool) -> Iterator[FieldError]:
    common_name = spec.common_name
    if spec.literal_subject:
        if not literal_allowed:
            yield forbidden("spec.literalSubject", "the feature gate LiteralCertificateSubject is off")
        if common_name:
            yield invalid("spec.commonName", common_name, "must be empty if literalSubject is set")
        if spec.subject and any(getattr(spec.subject, part.attribute) for part in parts(Subject)):
            yield invalid("spec.subject", "", "must be empty if literalSubject is set")
        try:
            rdns = subject.literal(spec.literal_subject)
        except subject.SubjectError as error:
            yield invalid("spec.literalSubject", spec.literal_subject, str(error))
            rdns = ()
        common_name = subject.common_name(rdns) or common_name
        for one in (one for rdn in rdns for one in rdn if not one.oid):
            yield invalid(
                "spec.literalSubject", spec.literal_subject, f"no attribute is known for the value [{one.value}]"
            )
    sans = (spec.dns_names, spec.uris, spec.email_addresses, spec.ip_addresses, spec.other_names)
    if not common_name and not any(sans):
        message = (
            "at least one of commonName (from the commonName field or from a literalSubject), dnsNames, emailSANs, "
            "ipAddresses, otherNames, or uriSANs must be set"
        )
        yield invalid("spec", "", message)
    if len(common_name.encode()) > _LONGEST_NAME:
        yield FieldError("TooLong", "spec.commonName", f"may not be more than {_LONGEST_NAME} bytes")


def _addresses(spec: CertificateSpec) -> Iterator[FieldError]:
    for at, text in enumerate(spec.ip_addresses):
        if alt_names.parse_address(text) is None:
            yield invalid(f"spec.ipAddresses[{at}]", text, "invalid IP address")
    for at, text in enumerate(spec.email_addresses):
        if not is_email(text):
            message = "invalid email address: make sure the supplied value only contains the email address itself"
            yield invalid(f"spec.emailAddresses[{at}]", text, message)


def is_email(text: str) -> bool:
    """An address without a display name, as Go's net/mail parses it: dot-atoms, or an address in brackets."""
    local, at, domain = text.rpartition("@")
    if not at or not _is_dot_atom(local):
        return False
    if domain.startswith("[") and domain.endswith("]"):
        return alt_names.parse_address(domain[1:-1]) is not None
    return _is_dot_atom(domain)


def _is_dot_atom(text: str) -> bool:
    """Visible characters except the specials of RFC 5322, and characters beyond ASCII; dots between them."""
    return all(
        atom and not any(char in _SPECIALS or char <= " " or char == "\x7f" for char in atom)
        for atom in text.split(".")
    )


def _other_names(spec: CertificateSpec, *, allowed: bool) -> Iterator[FieldError]:
    if spec.other_names and not allowed:
        yield forbidden("spec.OtherNames", "the feature gate OtherNames is off")
        return
    for at, one in enumerate(spec.other_names):
        path = f"spec.otherNames[{at}]"
        if not one.oid:
            yield required(f"{path}.oid", "must be specified")
        try:
            der.oid(one.oid)
        except der.DerError:
            yield invalid(f"{path}.oid", one.oid, "invalid oid syntax")
        if not one.utf8_value:
            yield required(f"{path}.utf8Value", "the name itself is missing")


def _key(spec: CertificateSpec) -> Iterator[FieldError]:
    key = spec.private_key
    algorithm = key.algorithm or "RSA"
    if algorithm == "RSA" and key.size > 0 and not 2048 <= key.size <= 8192:
        yield invalid("spec.privateKey.size", key.size, "must be between 2048 and 8192 for rsa keyAlgorithm")
    elif algorithm == "ECDSA" and key.size > 0 and key.size not in (256, 384, 521):
        yield unsupported("spec.privateKey.size", key.size, ["256", "384", "521"])
    elif algorithm not in ALLOWED:
        message = "is none of RSA, ECDSA and Ed25519"
        yield invalid("spec.privateKey.algorithm", key.algorithm, message)
    signs = ALLOWED.get(algorithm)
    if spec.signature_algorithm and signs and spec.signature_algorithm not in signs:
        message = f"for key algorithm {algorithm} the allowed signature algorithms are [{' '.join(signs)}]"
        yield invalid("spec.signatureAlgorithm", spec.signature_algorithm, message)


def _times(spec: CertificateSpec) -> Iterator[FieldError]:
    if not spec.duration and not spec.renew_before:
        return
    try:
        lasts = duration.nanoseconds(spec.duration) if spec.duration else _DEFAULT_DURATION
        before = duration.nanoseconds(spec.renew_before) if spec.renew_before else None
    except duration.DurationError as error:
        yield invalid("spec.duration", spec.duration or spec.renew_before, str(error))
        return
    share = spec.renew_before_percentage
    if lasts < _HOUR:
        yield invalid("spec.duration", lasts, "certificate duration must be greater than 1h0m0s")
    if before is not None and share is not None:
        message = "renewBefore and renewBeforePercentage are mutually exclusive and cannot both be set"
        yield invalid("spec.renewBefore", before, message)
        yield invalid("spec.renewBeforePercentage", share, message)
    if before is not None and before < _FIVE_MINUTES:
        yield invalid("spec.renewBefore", before, "certificate renewBefore must be greater than 5m0s")
    if before is not None and before >= lasts:
        longest, wanted = duration.spelled(lasts), duration.spelled(before)
        message = f"certificate duration {longest} must be greater than renewBefore {wanted}"
        yield invalid("spec.renewBefore", before, message)
    if share is not None:
        yield from _share(share, lasts)


def _share(share: int, lasts: int) -> Iterator[FieldError]:
    before = int(float(lasts) * float(100 - share) / 100)
    path = "spec.renewBeforePercentage"
    if before < _FIVE_MINUTES:
        message = "leaves less than 5m0s for renewal"
        yield invalid(path, share, message)
    if before >= lasts:
        yield invalid(path, share, "would renew before the certificate begins")


def _usages(spec: CertificateSpec) -> Iterator[FieldError]:
    for at, name in enumerate(spec.usages):
        if not usages.is_known(name):
            yield invalid(f"spec.usages[{at}]", name, "unknown keyusage")


def _revisions(spec: CertificateSpec) -> Iterator[FieldError]:
    limit = spec.revision_history_limit
    if limit is not None and limit < 1:
        yield invalid("spec.revisionHistoryLimit", limit, "must not be less than 1")


def _template(spec: CertificateSpec) -> Iterator[FieldError]:
    template = spec.secret_template
    if template is None:
        return
    for key, value in template.labels.items():
        path = "spec.secretTemplate.labels"
        yield from (invalid(path, key, problem) for problem in names.qualified_name(key))
        yield from (invalid(path, value, problem) for problem in names.label_value(value))
    path = "spec.secretTemplate.annotations"
    for key in template.annotations:
        if key.startswith("cert-manager.io/") and key != ALLOW_INJECTION:
            yield invalid(path, key, "cert-manager.io/* annotations are not allowed")
    for key in template.annotations:
        yield from (invalid(path, key, problem) for problem in names.qualified_name(key.lower()))
    if sum(len(key) + len(value) for key, value in template.annotations.items()) > _MOST_ANNOTATIONS:
        yield FieldError("TooLong", path, f"may not be more than {_MOST_ANNOTATIONS} bytes")


def _constraints(spec: CertificateSpec, *, allowed: bool) -> Iterator[FieldError]:
    asked, path = spec.name_constraints, "spec.nameConstraints"
    if asked is None:
        return
    if not allowed:
        yield forbidden(path, "the feature gate NameConstraints is off")
        return
    if not spec.is_ca:
        yield invalid(path, {}, "isCA should be true when nameConstraints is set")
    if asked.permitted is None and asked.excluded is None:
        yield invalid(path, {}, "names neither a permitted nor an excluded part")
    yield from _ranges(asked.permitted, f"{path}.permitted")
    yield from _ranges(asked.excluded, f"{path}.excluded")


def _ranges(item: NameConstraintItem | None, path: str) -> Iterator[FieldError]:
    for at, text in enumerate(item.ip_ranges if item else ()):
        if alt_names.parse_range(text) is None:
            yield invalid(f"{path}.ipRanges[{at}]", text, "is not an address range such as 10.0.0.0/8")


def _formats(spec: CertificateSpec) -> Iterator[FieldError]:
    seen: set[str] = set()
    for one in spec.additional_output_formats:
        if one.type in seen:
            yield FieldError("Duplicate", "spec.additionalOutputFormats[type]", "", one.type)
        seen.add(one.type)


def _keystores(spec: CertificateSpec) -> Iterator[FieldError]:
    if spec.keystores:
        yield from _keystore(spec.keystores.jks, "spec.keystores.jks", "JKS")
        yield from _keystore(spec.keystores.pkcs12, "spec.keystores.pkcs12", "PKCS#12")


def _keystore(store: JksKeystore | Pkcs12Keystore | None, path: str, name: str) -> Iterator[FieldError]:
    if store is None:
        return
    has_ref = bool(store.password_secret_ref and store.password_secret_ref.name)
    if (store.password is not None) == has_ref:
        yield forbidden(path, f"a {name} keystore takes one of passwordSecretRef and password")
    if store.password == "":
        yield forbidden(f"{path}.password", f"a {name} keystore does not take an empty password")


def _renewal(spec: CertificateSpec) -> Iterator[FieldError]:
    asked = spec.renewal
    if asked is None:
        return
    if asked.policy == "Disabled":
        if asked.windows:
            yield forbidden("spec.renewal.windows", "policy Disabled takes no windows")
        return
    if asked.policy != "RenewBefore":
        yield unsupported("spec.renewal.policy", asked.policy, ["Disabled", "RenewBefore"])
    for at, window in enumerate(asked.windows):
        yield from _window(window, f"spec.renewal.windows[{at}]")


def _window(window: RenewalWindow, path: str) -> Iterator[FieldError]:
    if not window.window_duration:
        yield required(f"{path}.windowDuration", "how long the window stays open, above 0")
    try:
        renewal.check_zone(window.timezone)
    except renewal.WindowError as error:
        yield invalid(f"{path}.timezone", window.timezone, str(error))
    try:
        renewal.next_start(window.cron, window.timezone, _ANY_TIME)
    except renewal.WindowError as error:
        yield invalid(f"{path}.cron", window.cron, str(error))
