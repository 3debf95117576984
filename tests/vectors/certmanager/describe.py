"""Objects as the recordings of cert-manager show them: what changes from run to run replaced, PEM described."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from argosy.certs.pki import keys, pem

_DROPPED = ("namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TIMES = ("lastTransitionTime", "notBefore", "notAfter", "renewalTime", "lastFailureTime", "failureTime", "presentedAt")
_NO_STATUS = ("Pod", "Service", "Ingress", "CustomResourceDefinition")
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def described(obj: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The comparable part of an object."""
    kind = obj["kind"]
    found = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind")}
    found["metadata"] = {key: value for key, value in obj["metadata"].items() if key not in _DROPPED}
    if kind in _NO_STATUS:
        found.pop("status", None)
    if kind == "CustomResourceDefinition":
        found["spec"] = {key: value for key, value in found["spec"].items() if key == "conversion"}
    if kind == "Secret":
        found["data"] = {key: _value(key, value) for key, value in (obj.get("data") or {}).items()}
    if kind in ("CertificateRequest", "CertificateSigningRequest", "Order"):
        found = _with_pem(found)
    plain: dict[str, Any] = _plain(json.loads(json.dumps(found).replace(namespace, "{ns}")))
    return plain


def _with_pem(obj: dict[str, Any]) -> dict[str, Any]:
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    if "request" in spec:
        spec["request"] = _request(_decoded(spec["request"]))
    for name in ("username", "uid", "groups", "extra"):
        spec.pop(name, None)
    for name in ("certificate", "ca"):
        if status.get(name):
            status[name] = _chain(_decoded(status[name]))
    return {**obj, "spec": spec, **({"status": status} if status else {})}


def _plain(value: Any, key: str = "") -> Any:
    """Times replaced, conditions sorted, empty things left out."""
    if isinstance(value, dict):
        made = {name: _plain(item, name) for name, item in value.items()}
        return {name: item for name, item in made.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        return sorted(items, key=lambda one: one.get("type", "")) if key == "conditions" else items
    if isinstance(value, str) and key == "caBundle":
        return _bundle(_decoded(value))
    if isinstance(value, str) and (key in _TIMES or _TIME.fullmatch(value)):
        return "{time}"
    return value


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _value(key: str, value: str) -> Any:
    data = _decoded(value)
    if key.endswith((".crt",)) and b"BEGIN CERTIFICATE" in data:
        return _chain(data)
    if key.endswith(".key") and b"PRIVATE KEY" in data:
        return _key(data)
    return {"entry": key}


def _bundle(data: bytes) -> Any:
    return _chain(data) if b"BEGIN CERTIFICATE" in data else {"unparsable": True, "length": len(data)}


def _chain(data: bytes) -> Any:
    try:
        found = [x509.load_der_x509_certificate(block.der) for block in pem.blocks(data, 1 << 20)]
    except ValueError:
        return {"undecodable": True}
    return {"chainLength": len(found), "certificates": [_certificate(one) for one in found]}


def _certificate(one: x509.Certificate) -> dict[str, Any]:
    life = one.not_valid_after_utc - one.not_valid_before_utc
    return {
        "subject": one.subject.rfc4514_string(),
        "issuer": one.issuer.rfc4514_string(),
        "durationSeconds": int(life.total_seconds()),
        "key": _kind(one.public_key()),
        "signature": one.signature_algorithm_oid._name,
        **_extensions(one.extensions),
    }


def _request(data: bytes) -> Any:
    block = next(pem.blocks(data, 1 << 20), None)
    if block is None:
        return {"undecodable": True}
    one = x509.load_der_x509_csr(block.der)
    return {
        "subject": one.subject.rfc4514_string(),
        "key": _kind(one.public_key()),
        "signature": one.signature_algorithm_oid._name,
        **_extensions(one.extensions),
    }


def _extensions(listed: x509.Extensions) -> dict[str, Any]:
    made: dict[str, Any] = {"critical": sorted(one.oid._name for one in listed if one.critical)}
    for one in listed:
        if isinstance(one.value, x509.KeyUsage):
            made["keyUsage"] = [name for name in _USAGES if getattr(one.value, name)]
        elif isinstance(one.value, x509.ExtendedKeyUsage):
            made["extKeyUsage"] = [usage._name for usage in one.value]
        elif isinstance(one.value, x509.BasicConstraints):
            made["basicConstraints"] = {"ca": one.value.ca, "pathLen": one.value.path_length}
        elif isinstance(one.value, x509.SubjectAlternativeName):
            made["sans"] = [_name(name) for name in one.value]
    return made


def _name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.OtherName):
        return f"Other:{name.type_id.dotted_string}={name.value.hex()}"
    kind = type(name).__name__.replace("Name", "").replace("Address", "").replace("ResourceIdentifier", "")
    return f"{kind}:{name.value}"


def _kind(key: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPublicKey):
        return {"algorithm": "RSA", "size": key.key_size}
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"algorithm": "ECDSA", "size": key.curve.key_size}
    assert isinstance(key, ed25519.Ed25519PublicKey)
    return {"algorithm": "Ed25519"}


def _key(data: bytes) -> Any:
    block = next(pem.blocks(data, 1 << 20), None)
    if block is None:
        return {"undecodable": True}
    try:
        kind = keys.facts_of(data).kind
    except keys.KeyError_:
        return {"undecodable": True}
    return {"pem": block.label, "algorithm": kind.algorithm, **({"size": kind.size} if kind.size else {})}
