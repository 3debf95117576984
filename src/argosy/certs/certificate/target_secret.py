"""The Secret that stores a Certificate: its data, labels and annotations, and whether it is up to date.

Source: spec/cert-manager.md section 6. Written by server-side apply under upstream's field manager, so that Secrets
change owner without a write, and fields that are no longer wanted disappear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from argosy.apis.certmanager import Certificate, IssuerRef
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import encoded
from argosy.certs.names import CERTIFICATE_NAME, FAO, ISSUER_GROUP, ISSUER_KIND, ISSUER_NAME
from argosy.certs.pki import certificates, pem, subject
from argosy.machinery.objects import JsonObject

FIELD_MANAGER: Final = "cert-manager-certificates-issuing"
KEYSTORE_ENTRIES: Final = ("keystore.jks", "truststore.jks", "keystore.p12", "truststore.p12")
_PREFIX: Final = "cert-manager.io/"
_SUBJECT_ANNOTATIONS: Final = (
    ("subject-organizations", subject.ORGANIZATION),
    ("subject-organizationalunits", subject.ORGANIZATIONAL_UNIT),
    ("subject-countries", subject.COUNTRY),
    ("subject-provinces", subject.PROVINCE),
    ("subject-localities", subject.LOCALITY),
    ("subject-postalcodes", subject.POSTAL_CODE),
    ("subject-streetaddresses", subject.STREET),
    ("subject-serialnumber", subject.SERIAL_NUMBER),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What to store. `issuer` as written in the request; None for a temporary certificate."""

    key: bytes = field(repr=False)
    """PEM, in the encoding of the spec."""
    certificate: bytes
    ca: bytes = b""
    issuer: IssuerRef | None = None
    keystores: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def secret_of(certificate: Certificate, issued: Issued, *, type_: str, owner_ref: bool) -> JsonObject:
    """The complete object that we apply. `type_`: an existing Secret keeps its own."""
    spec = certificate.spec
    template = spec.secret_template
    metadata: JsonObject = {
        "name": spec.secret_name,
        "namespace": certificate.metadata.namespace,
        "labels": {**(template.labels if template else {}), FAO: "true"},
        "annotations": {**(template.annotations if template else {}), **_annotations(certificate, issued)},
    }
    if owner_ref:
        metadata["ownerReferences"] = [owner_reference(certificate)]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "data": {key: encoded(value) for key, value in _data(certificate, issued).items()},
        "type": type_ or "kubernetes.io/tls",
    }


def owner_reference(certificate: Certificate) -> JsonObject:
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "name": certificate.metadata.name,
        "uid": certificate.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _data(certificate: Certificate, issued: Issued) -> dict[str, bytes]:
    data = {"tls.key": issued.key, "tls.crt": issued.certificate}
    if issued.ca:
        data["ca.crt"] = issued.ca
    formats = {one.type for one in certificate.spec.additional_output_formats}
    if "DER" in formats:
        data["key.der"] = next(pem.blocks(issued.key, pem.LARGEST_KEY)).der
    if "CombinedPEM" in formats:
        data["tls-combined.pem"] = issued.key + b"\n" + issued.certificate
    return data | dict(issued.keystores)


def _annotations(certificate: Certificate, issued: Issued) -> dict[str, str]:
    found = certificate_annotations(certificates.first_of(issued.certificate))
    found[CERTIFICATE_NAME] = certificate.metadata.name
    if issued.issuer is not None:
        found |= {
            ISSUER_NAME: issued.issuer.name,
            ISSUER_KIND: issued.issuer.kind,
            ISSUER_GROUP: issued.issuer.group,
        }
    return found


def certificate_annotations(found: certificates.X509) -> dict[str, str]:
    """From the certificate, not the spec: what was issued, not what was requested."""
    names = found.alt_names
    made = {
        "common-name": subject.common_name(found.names),
        "alt-names": csv_line(names.dns),
        "ip-sans": csv_line(names.addresses),
        "uri-sans": csv_line(names.uris),
    }
    optional = {"email-sans": names.emails}
    optional |= {key: subject.values(found.names, oid) for key, oid in _SUBJECT_ANNOTATIONS}
    made |= {key: csv_line(values) for key, values in optional.items() if any(values)}
    return {_PREFIX + key: value for key, value in made.items()}


def csv_line(values: Iterable[str]) -> str:
    """One line as Go's encoding/csv writes it."""
    return ",".join(_quoted(value) for value in values)


def _quoted(value: str) -> str:
    plain = value and value != r"\." and not any(char in value for char in ',"\r\n') and not value[0].isspace()
    if plain or not value:
        return value
    return '"' + value.replace('"', '""') + '"'


def differs(secret: Secret, wanted: JsonObject) -> bool:
    """Whether the Secret must be applied again: a value differs from ours, or we own a field that is not wanted.

    Keystores are compared by presence: upstream's have random salts.
    """
    metadata, live = wanted["metadata"], secret.metadata
    if any(live.labels.get(key) != value for key, value in metadata["labels"].items()):
        return True
    if any(live.annotations.get(key) != value for key, value in metadata["annotations"].items()):
        return True
    if any(_data_differs(secret, key, value) for key, value in wanted["data"].items()):
        return True
    owned = owned_fields(secret)
    return owned != {
        "labels": set(metadata["labels"]),
        "annotations": set(metadata["annotations"]),
        "data": set(wanted["data"]),
        "ownerReferences": {f'k:{{"uid":"{one["uid"]}"}}' for one in metadata.get("ownerReferences", ())},
    }


def _data_differs(secret: Secret, key: str, value: str) -> bool:
    return key not in secret.data if key in KEYSTORE_ENTRIES else secret.data.get(key) != value


def owned_fields(secret: Secret) -> dict[str, set[str]]:
    """The fields that our manager applied, by their paths."""
    found: dict[str, set[str]] = {"labels": set(), "annotations": set(), "data": set(), "ownerReferences": set()}
    for entry in secret.raw["metadata"].get("managedFields") or ():
        if entry.get("manager") != FIELD_MANAGER or entry.get("operation") != "Apply":
            continue
        fields = entry.get("fieldsV1") or {}
        metadata = fields.get("f:metadata") or {}
        for where in ("labels", "annotations"):
            found[where] |= _names(metadata.get(f"f:{where}"))
        found["data"] |= _names(fields.get("f:data"))
        found["ownerReferences"] |= {key for key in metadata.get("f:ownerReferences") or () if key.startswith("k:")}
    return found


def _names(fields: JsonObject | None) -> set[str]:
    return {key[2:] for key in fields or () if key.startswith("f:")}
