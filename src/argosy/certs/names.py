"""Labels, annotations and computed names, as upstream writes them.

Source: spec/cert-manager.md sections 1.5, 3.4 and 8.2.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

CERTIFICATE_NAME: Final = "cert-manager.io/certificate-name"
REVISION: Final = "cert-manager.io/certificate-revision"
KEY_HOLDER: Final = "cert-manager.io/private-key-secret-name"
NEXT_KEY: Final = "cert-manager.io/next-private-key"
FAO: Final = "controller.cert-manager.io/fao"
"""On every Secret of ours, so that caches can select them."""
TEMPORARY: Final = "cert-manager.io/issue-temporary-certificate"
ISSUER_NAME: Final = "cert-manager.io/issuer-name"
ISSUER_KIND: Final = "cert-manager.io/issuer-kind"
ISSUER_GROUP: Final = "cert-manager.io/issuer-group"
ALLOW_INJECTION: Final = "cert-manager.io/allow-direct-injection"
VENAFI_FIELDS: Final = "venafi.cert-manager.io/custom-fields"

COPIED_ANNOTATIONS: Final = ("*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/")
"""The default of `--copied-annotation-prefixes`."""

_LONGEST_CERTIFICATE_NAME: Final = 233
_KEPT_OF_LONGER: Final = 168
_KEPT: Final = 52


def request_name(certificate: str, revision: int) -> str:
    """The name of a revision's CertificateRequest: always the same."""
    if len(certificate) > _LONGEST_CERTIFICATE_NAME:
        digest = hashlib.sha256(certificate.encode()).hexdigest()
        certificate = f"{_cut(certificate, _KEPT_OF_LONGER)}-{digest}"
    return f"{certificate}-{revision}"


def shortened(prefix: str) -> str:
    """At most 52 characters, ending with a letter or digit."""
    return prefix if len(prefix) < _KEPT else _cut(prefix, _KEPT)


def _cut(text: str, size: int) -> str:
    text = text[:size]
    while text and not (text[-1].isascii() and text[-1].isalnum()):
        text = text[:-1]
    return text


def computed(prefix: str, content: str) -> str:
    """A prefix and a hash of `content`, which is JSON as Go writes it."""
    return f"{shortened(prefix)}-{fnv1_32(content.encode())}"


def fnv1_32(data: bytes) -> int:
    """FNV-1, not 1a."""
    value = 0x811C9DC5
    for byte in data:
        value = value * 0x01000193 & 0xFFFFFFFF ^ byte
    return value


def go_json(value: Any) -> str:
    """Compact JSON with Go's escapes of `<`, `>` and `&`."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def order_name(request: str, spec: Mapping[str, Any], *, whose: str = "certificateRequestName") -> str:
    """The name of a request's Order; `whose` is the request's kind. `spec` as in the Order; its request is ignored."""
    ordered: dict[str, Any] = {"request": None, "issuerRef": _in_order(spec["issuerRef"], ("name", "kind", "group"))}
    ordered |= _in_order(spec, ("commonName", "dnsNames", "ipAddresses", "duration", "profile", "replaces"))
    if len(request) >= _KEPT:
        return computed(request, go_json({whose: request, "spec": ordered}))
    return computed(request, go_json(ordered))


def _in_order(value: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value[key] for key in keys if value.get(key)}


def label_hash(text: str) -> str:
    """The value of the labels of solver objects: adler32, in decimal."""
    return str(zlib.adler32(text.encode()))


def copied_annotations(prefixes: Sequence[str], annotations: Mapping[str, str]) -> dict[str, str]:
    """In order: `-p` excludes names that begin with p, any other includes; one with a `*` includes everything."""
    everything = "*" in prefixes
    found: dict[str, str] = {}
    for prefix in prefixes:
        if prefix.startswith("-"):
            found = {key: value for key, value in found.items() if not key.startswith(prefix[1:])}
        else:
            found |= {key: value for key, value in annotations.items() if everything or key.startswith(prefix)}
    return found
