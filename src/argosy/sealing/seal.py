"""Seals: from a Secret to a SealedSecret, as Sealed Secrets' command-line client does.

Source: sealed-secrets, pkg/kubeseal/kubeseal.go and NewSealedSecret. `entropy` returns the session keys: it must be
the operating system's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from argosy.machinery.objects import JsonObject
from argosy.sealing.assembly import API_VERSION
from argosy.sealing.item import SESSION_KEY_BYTES, seal
from argosy.sealing.scope import (
    CLUSTER_WIDE,
    MANAGED,
    NAMESPACE_WIDE,
    SKIP_OWNER,
    Scope,
    is_true,
    label_of,
    scope_annotations,
    scope_of,
)

LAST_APPLIED: Final = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubecfg.ksonnet.io/last-applied-configuration",
)
KEPT: Final = ("name", "namespace", "labels", "annotations", "finalizers", "generateName")
"""The part of the Secret's metadata that is copied to the template."""

Entropy = Callable[[int], bytes]


class SealError(ValueError):
    """The input cannot be sealed; the text names the field and never quotes a value."""


class Sealer:
    """Seals for one public key."""

    def __init__(self, public_key: RSAPublicKey, entropy: Entropy) -> None:
        self._public_key, self._entropy = public_key, entropy

    def item(self, label: str, value: bytes) -> str:
        return seal(self._public_key, label, value, self._entropy(SESSION_KEY_BYTES))

    def sealed(self, secret: JsonObject, *, allow_empty: bool = False) -> JsonObject:
        """The SealedSecret of a Secret that has its name, namespace and scope annotations. Raises SealError."""
        values = values_of(secret)
        if not values and not allow_empty:
            raise SealError(
                "secret.data is empty in the input Secret, which looks like a mistake: --allow-empty-data seals it"
            )
        metadata = secret["metadata"]
        scope = scope_of(metadata.get("annotations"))
        label = label_of(scope, metadata.get("namespace") or "", metadata["name"])
        own = {name: metadata[name] for name in ("name", "namespace") if metadata.get(name)}
        if marks := scope_annotations(scope):
            own["annotations"] = marks
        template: JsonObject = {"metadata": template_metadata(metadata)}
        template |= {name: secret[name] for name in ("type", "immutable") if secret.get(name) is not None}
        items = {key: self.item(label, value) for key, value in sorted(values.items())}
        return {
            "kind": "SealedSecret",
            "apiVersion": API_VERSION,
            "metadata": own,
            "spec": {"template": template, "encryptedData": items},
        }


def prepared(
    secret: object, *, namespace: str = "", default_namespace: str = "", name: str = "", scope: str = ""
) -> JsonObject:
    """The Secret with name, namespace and scope from the options. Raises SealError.

    `namespace` must match the one in the Secret, unless the scope is cluster-wide; `default_namespace` is the fallback.
    """
    if not isinstance(secret, dict) or secret.get("kind") != "Secret" or secret.get("apiVersion") != "v1":
        kind = secret.get("kind") if isinstance(secret, dict) else type(secret).__name__
        raise SealError(f"kind: {kind!r}: a v1 Secret would be right")
    metadata = dict(secret.get("metadata") or {})
    if name:
        metadata["name"] = name
    if not metadata.get("name"):
        raise SealError("metadata.name is missing in the input Secret: give it there, or with --name")
    if scope and scope != Scope.STRICT:
        marks = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _SCOPES}
        metadata["annotations"] = {**marks, **scope_annotations(parsed_scope(scope))}
    elif scope:
        parsed_scope(scope)
    found = metadata.get("namespace") or ""
    is_wide = scope_of(metadata.get("annotations")) is Scope.CLUSTER_WIDE
    if namespace and found and found != namespace and not is_wide:
        raise SealError(f"metadata.namespace: the Secret is in {found!r}, and --namespace says {namespace!r}")
    if not is_wide:
        metadata["namespace"] = found or namespace or default_namespace
        if not metadata["namespace"]:
            raise SealError("metadata.namespace is missing in the input Secret: give it there, or with --namespace")
    elif namespace and not found:
        metadata["namespace"] = namespace
    return {**secret, "metadata": metadata}


_SCOPES: Final = (CLUSTER_WIDE, NAMESPACE_WIDE)


def parsed_scope(text: str) -> Scope:
    """Raises SealError."""
    try:
        return Scope(text)
    except ValueError:
        raise SealError(f"--scope {text!r}: one of {', '.join(Scope)} would be right") from None


def template_metadata(metadata: JsonObject) -> JsonObject:
    """Without server-set fields, owners, and the clear-text copy of the values by `kubectl apply`."""
    kept = {name: metadata[name] for name in KEPT if metadata.get(name)}
    marks = {key: value for key, value in (kept.pop("annotations", None) or {}).items() if key not in LAST_APPLIED}
    return {**kept, "annotations": marks} if marks else kept


def values_of(secret: JsonObject) -> dict[str, bytes]:
    """`stringData` wins over `data`. Raises SealError."""
    found: dict[str, bytes] = {}
    for key, text in _texts(secret, "data").items():
        try:
            found[key] = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise SealError(f"data[{key}]: illegal base64 data") from None
    return {**found, **{key: text.encode() for key, text in _texts(secret, "stringData").items()}}


def _texts(secret: JsonObject, field: str) -> Mapping[str, str]:
    found = secret.get(field) or {}
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise SealError(f"{field}: a map of texts would be right; numbers and booleans need quotes")
    return found


def warnings(secret: JsonObject) -> list[str]:
    """What will not work in the cluster, although it can be sealed."""
    annotations = (secret.get("metadata") or {}).get("annotations") or {}
    if is_true(annotations, SKIP_OWNER) and not is_true(annotations, MANAGED):
        return [f"{SKIP_OWNER} without {MANAGED}: the Secret is made once and then reported as not managed"]
    return []


def public_key_of(certificate_pem: bytes, now: datetime) -> RSAPublicKey:
    """The key of the first certificate. Raises SealError if that has expired, or holds no RSA key."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = certificate.public_key()
    except ValueError:
        raise SealError(
            "the certificate cannot be read: PEM that begins with BEGIN CERTIFICATE would be right"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise SealError("the certificate holds no RSA key")
    if now > certificate.not_valid_after_utc:
        raise SealError(f"the certificate has expired on {certificate.not_valid_after_utc:%B %d, %Y}")
    return key
