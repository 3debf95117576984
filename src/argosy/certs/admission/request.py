"""Validation of CertificateRequests: their spec, the requester's identity, and approval.

Source: spec/cert-manager.md section 10.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from argosy.apis.certmanager import CertificateRequest
from argosy.apis.schema import read
from argosy.certs.admission.certificate import issuer_ref
from argosy.certs.admission.errors import FieldError, forbidden, invalid, required
from argosy.certs.base64_text import decoded
from argosy.certs.pki import requests, signing, usages
from argosy.machinery.objects import JsonObject

_IDENTITY = ("username", "uid", "groups", "extra")
_SHOWN = 100


def identified(obj: JsonObject, user: Mapping[str, Any]) -> JsonObject:
    """The request with the identity of its requester, which is never taken from the request itself."""
    spec = {key: value for key, value in (obj.get("spec") or {}).items() if key not in _IDENTITY}
    return {**obj, "spec": spec | {key: user[key] for key in _IDENTITY if user.get(key)}}


def validate_new(obj: JsonObject) -> list[FieldError]:
    request = read(CertificateRequest, obj)
    return [
        *issuer_ref(request.spec.issuer_ref, "spec"),
        *_request(request),
        *_approval(_conditions(obj)),
    ]


def validate_change(old: JsonObject, new: JsonObject) -> list[FieldError]:
    errors = [*_annotations(old, new), *_annotations(new, old)]
    for name in ("Approved", "Denied"):
        before, after = (_condition(obj, name) for obj in (old, new))
        if before is not None and before != after:
            errors.append(forbidden("status.conditions", f"'{name}' condition stays as it was set"))
    errors += _approval(_conditions(new))
    if (old.get("spec") or {}) != (new.get("spec") or {}):
        errors.append(forbidden("spec", "cannot change spec after creation"))
    return errors


def validate_identity(obj: JsonObject, user: Mapping[str, Any]) -> list[FieldError]:
    """On creation, the identity must be the requester's."""
    spec = obj.get("spec") or {}
    errors = []
    for name in _IDENTITY:
        named, is_ = spec.get(name) or None, user.get(name) or None
        if name == "groups":
            named, is_ = sorted(named or ()), sorted(is_ or ())
        if named != is_:
            errors.append(forbidden(f"spec.{name}", f"{name} is not what the API server says of the requester"))
    return errors


def _annotations(one: JsonObject, other: JsonObject) -> Iterator[FieldError]:
    theirs = other.get("metadata", {}).get("annotations") or {}
    for key, value in (one.get("metadata", {}).get("annotations") or {}).items():
        if key.startswith(("cert-manager.io", "acme.cert-manager.io")) and theirs.get(key) != value:
            yield forbidden(f"metadata.annotations.{key}", "stays as it was created")


def _request(request: CertificateRequest) -> Iterator[FieldError]:
    spec = request.spec
    if not spec.request:
        yield required("spec.request", "must be specified")
        return
    try:
        usages.of(spec.usages, is_ca=spec.is_ca)
    except usages.UnknownUsage as error:
        yield invalid("spec.usages", list(spec.usages), str(error))
        return
    try:
        signing.template_of(requests.read(decoded(spec.request)), asked=spec.usages, is_ca=spec.is_ca)
    except ValueError as error:
        yield invalid("spec.request", decoded(spec.request).decode("ascii", "replace")[:_SHOWN], str(error))


def _conditions(obj: JsonObject) -> list[JsonObject]:
    return list((obj.get("status") or {}).get("conditions") or ())


def _condition(obj: JsonObject, type_: str) -> JsonObject | None:
    return next((one for one in _conditions(obj) if one.get("type") == type_), None)


def _approval(conditions: list[JsonObject]) -> Iterator[FieldError]:
    found = {name: [one for one in conditions if one.get("type") == name] for name in ("Approved", "Denied")}
    for name, listed in found.items():
        if len(listed) > 1:
            yield forbidden("status.conditions", f'multiple "{name}" conditions present')
        elif listed and listed[0].get("status") != "True":
            message = f'"{name}" condition may only be set to True'
            yield invalid(f"status.conditions.{name}", listed[0].get("status"), message)
    if all(found.values()):
        yield forbidden("status.conditions", "a request is not both Approved and Denied")


def is_approval(old: JsonObject, new: JsonObject) -> bool:
    """Whether a change adds Approved or Denied, which needs a permission of its own."""
    return any(_condition(old, name) is None and _condition(new, name) is not None for name in ("Approved", "Denied"))
