"""Answers one admission request to this room.

What only the server can check - whether the issuer's kind exists, and whether the user may approve - is returned as a
permission to check: the caller knows how to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.apis.certmanager import CertificateRequest, CertificateSpec, IssuerRef
from argosy.apis.certmanager.shared import ACME_GROUP, GROUP
from argosy.apis.schema import read
from argosy.certs.admission import acme, certificate, issuer, request
from argosy.certs.admission.errors import FieldError, forbidden, together
from argosy.machinery.objects import JsonObject

KINDS: Final = frozenset(
    {
        (GROUP, "Certificate"),
        (GROUP, "CertificateRequest"),
        (GROUP, "Issuer"),
        (GROUP, "ClusterIssuer"),
        (ACME_GROUP, "Order"),
        (ACME_GROUP, "Challenge"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The object to admit. `old` is None for a creation; `user` has username, uid, groups, extra."""

    group: str
    kind: str
    subresource: str = ""
    obj: JsonObject
    old: JsonObject | None = None
    user: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`obj` with defaults applied; empty `errors` means admitted, if the user has the permission to check."""

    obj: JsonObject
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[str, ...] = ()
    approves: IssuerRef | None = None
    """The user must have permission to approve for this issuer."""

    @property
    def refusal(self) -> str:
        return together(self.errors)


def mutate(asked: Asked) -> JsonObject:
    """The object as it is stored: requests record who created them."""
    if (asked.group, asked.kind) == (GROUP, "CertificateRequest") and asked.old is None and not asked.subresource:
        return request.identified(asked.obj, asked.user)
    return asked.obj


def review(asked: Asked) -> Verdict:
    """Whether the (mutated) object is admitted."""
    obj, old = asked.obj, asked.old
    errors: list[FieldError] = []
    warnings: list[str] = []
    approves: IssuerRef | None = None
    match asked.kind:
        case "Certificate" if asked.subresource == "":
            errors = certificate.validate(read(CertificateSpec, obj.get("spec") or {}))
        case "Issuer" | "ClusterIssuer" if asked.subresource == "":
            errors, warnings = issuer.validate(obj.get("spec") or {})
        case "CertificateRequest" if old is None:
            errors = [*request.validate_new(obj), *request.validate_identity(obj, asked.user)]
        case "CertificateRequest":
            assert old is not None
            errors = request.validate_change(old, obj)
            if asked.subresource == "status" and request.is_approval(old, obj):
                approves = read(CertificateRequest, obj).spec.issuer_ref
        case "Order" if old is not None:
            errors = acme.order_change(old, obj)
        case "Challenge" if old is not None:
            errors = acme.challenge_change(old, obj)
    return Verdict(obj=obj, errors=tuple(errors), warnings=tuple(warnings), approves=approves)


def unknown_signer(ref: IssuerRef) -> FieldError:
    spelled = f"{{{ref.name} {ref.kind} {ref.group}}}"
    return forbidden("spec.issuerRef", f"referenced signer resource does not exist: {spelled}")


def may_not_approve(username: str, ref: IssuerRef) -> FieldError:
    spelled = f"{{{ref.name} {ref.kind} {ref.group}}}"
    message = f'user "{username}" does not have permissions to set approved/denied conditions for issuer {spelled}'
    return forbidden("status.conditions", message)
