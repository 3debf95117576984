"""Reads the annotations of an Ingress or Gateway that configure its Certificate."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from argosy.certs.admission.certificate import is_email
from argosy.certs.pki import alt_names, usages
from argosy.certs.settings import DefaultIssuer
from argosy.machinery import duration
from argosy.machinery.objects import JsonObject

PREFIX: Final = "cert-manager.io/"
ACME: Final = "acme.cert-manager.io/"
_HOUR: Final = 3_600_000_000_000
_LONGEST_NAME: Final = 64
_FIELD: Final = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
_LINE: Final = re.compile(rf"\n*{_FIELD}(?:,{_FIELD})*\n*")
"""Parses comma-separated values. A quote within an unquoted value is refused; Python's csv would keep it."""
_LARGEST: Final = 2**31 - 1
_EMPTY_IS_UNSET: Final = frozenset({"common-name", "alt-names", "ip-sans", "email-sans", "subject-serialnumber"})
"""Annotations that are ignored if empty; other empty annotations are refused."""
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})


class BadConfig(ValueError):
    """The issuer cannot be determined; the object is skipped, with an Event."""


class BadAnnotation(ValueError):
    """An annotation cannot be parsed; nothing is written until it can."""


def is_shimmed(annotations: Mapping[str, str], automatic: tuple[str, ...]) -> bool:
    """Whether the annotations ask for a Certificate at all."""
    named = any(f"{PREFIX}{name}" in annotations for name in ("issuer", "cluster-issuer"))
    return named or any(annotations.get(name) in _TRUE for name in automatic)


def issuer_of(annotations: Mapping[str, str], default: DefaultIssuer) -> JsonObject:
    """The issuerRef, without empty parts. Raises BadConfig."""
    issuer, cluster = annotations.get(f"{PREFIX}issuer"), annotations.get(f"{PREFIX}cluster-issuer")
    kind, group = annotations.get(f"{PREFIX}issuer-kind"), annotations.get(f"{PREFIX}issuer-group")
    faults = []
    if issuer is not None and cluster is not None:
        faults.append('both "cert-manager.io/issuer" and "cert-manager.io/cluster-issuer" may not be set')
    if cluster is not None and group is not None:
        faults.append('both "cert-manager.io/cluster-issuer" and "cert-manager.io/issuer-group" may not be set')
    if cluster is not None and kind is not None:
        faults.append('both "cert-manager.io/cluster-issuer" and "cert-manager.io/issuer-kind" may not be set')
    found = {"name": default.name, "kind": default.kind, "group": default.group}
    if issuer is not None:
        found |= {"name": issuer, "kind": "Issuer"}
    if cluster is not None:
        found |= {"name": cluster, "kind": "ClusterIssuer"}
    found |= {key: value for key, value in (("kind", kind), ("group", group)) if value is not None}
    if not found["name"]:
        faults.append("failed to determine issuer name to be used for ingress resource")
    if faults:
        raise BadConfig(", ".join(faults))
    return {key: value for key, value in found.items() if value}


def translated(annotations: Mapping[str, str]) -> JsonObject:
    """The fields of a Certificate's spec that annotations set; lists are appended. Raises BadAnnotation."""
    spec: JsonObject = {}
    for name, read in _READERS:
        text = annotations.get(f"{PREFIX}{name}")
        if text is None or (not text and name in _EMPTY_IS_UNSET):
            continue
        try:
            read(spec, text)
        except ValueError as error:
            raise BadAnnotation(f'invalid "{PREFIX}{name}" annotation: {error}') from None
    if not spec.get("subject", True):
        del spec["subject"]
    return spec


def _common_name(spec: JsonObject, text: str) -> None:
    if len(text.encode()) > _LONGEST_NAME:
        raise ValueError(f"longer than {_LONGEST_NAME} bytes")
    spec["commonName"] = text


def _alt_names(spec: JsonObject, text: str) -> None:
    spec["dnsNames"] = text.split(",")


def _addresses(spec: JsonObject, text: str) -> None:
    found = [one.strip() for one in text.split(",")]
    if bad := [one for one in found if alt_names.parse_address(one) is None]:
        raise ValueError(f"{bad[0]!r} is not an IP address")
    spec["ipAddresses"] = found


def _emails(spec: JsonObject, text: str) -> None:
    found = [one.strip() for one in text.split(",")]
    if bad := [one for one in found if not is_email(one)]:
        raise ValueError(f"{bad[0]!r} is not a bare e-mail address")
    spec["emailAddresses"] = found


def _subject_list(field: str) -> Callable[[JsonObject, str], None]:
    def read(spec: JsonObject, text: str) -> None:
        try:
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
        except csv.Error as error:
            raise ValueError(str(error)) from None
        if not _LINE.fullmatch(text) or len(rows) != 1:
            raise ValueError(f"{text!r} is not one line of values with commas between them")
        spec.setdefault("subject", {})[field] = rows[0]

    return read


def _subject_serial(spec: JsonObject, text: str) -> None:
    spec.setdefault("subject", {})["serialNumber"] = text


def _duration(field: str, least: int) -> Callable[[JsonObject, str], None]:
    def read(spec: JsonObject, text: str) -> None:
        found = duration.nanoseconds(text)
        if found < least:
            raise ValueError(f"must be at least {duration.spelled(least)}")
        spec[field] = duration.spelled(found)

    return read


def _integer(field: str, least: int | None = None) -> Callable[[JsonObject, str], None]:
    def read(spec: JsonObject, text: str) -> None:
        if not text.lstrip("+-").isdigit() or not text.isascii():
            raise ValueError(f"{text!r} is not a number")
        found = int(text)
        if abs(found) > _LARGEST:
            raise ValueError(f"{text!r} is too large")
        if least is not None and found < least:
            raise ValueError(f"must be at least {least}")
        spec[field] = found

    return read


def _usages(spec: JsonObject, text: str) -> None:
    found = [one.strip() for one in text.split(",")]
    if bad := [one for one in found if not usages.is_known(one)]:
        raise ValueError(f"{bad[0]!r} is not a key usage")
    spec["usages"] = found


def _word(field: str, known: tuple[str, ...]) -> Callable[[JsonObject, str], None]:
    def read(spec: JsonObject, text: str) -> None:
        if text not in known:
            raise ValueError(f"{text!r} is not one of {', '.join(known)}")
        spec.setdefault("privateKey", {})[field] = text

    return read


def _key_size(spec: JsonObject, text: str) -> None:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a number")
    size = int(text)
    key = spec.setdefault("privateKey", {})
    algorithm = key.get("algorithm") or "RSA"
    if algorithm == "RSA" and not 2048 <= size <= 8192:
        raise ValueError("an RSA key has 2048 to 8192 bits")
    if algorithm == "ECDSA" and size not in (256, 384, 521):
        raise ValueError("an ECDSA key has 256, 384 or 521 bits")
    key["size"] = size


def _secret_template(spec: JsonObject, text: str) -> None:
    try:
        template, _ = json.JSONDecoder().raw_decode(text.lstrip())  # text after the first value is ignored
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg}") from None
    if isinstance(template, dict):
        template = {key: value for key, value in template.items() if value is not None}
    if template is None:
        return
    if not isinstance(template, dict) or set(template) - {"annotations", "labels"}:
        raise ValueError("it holds more than annotations and labels")
    parts: list[Any] = list(template.values())
    if any(not isinstance(part, dict) or not all(isinstance(one, str) for one in part.values()) for part in parts):
        raise ValueError("annotations and labels are maps of texts")
    if bad := [key for key in template.get("annotations") or {} if key.startswith(PREFIX)]:
        raise ValueError(f"{bad[0]!r} may not be set")
    if any(parts):
        spec["secretTemplate"] = template


_READERS: Final[tuple[tuple[str, Callable[[JsonObject, str], None]], ...]] = (
    ("common-name", _common_name),
    ("alt-names", _alt_names),
    ("ip-sans", _addresses),
    ("email-sans", _emails),
    ("subject-organizations", _subject_list("organizations")),
    ("subject-organizationalunits", _subject_list("organizationalUnits")),
    ("subject-countries", _subject_list("countries")),
    ("subject-provinces", _subject_list("provinces")),
    ("subject-localities", _subject_list("localities")),
    ("subject-postalcodes", _subject_list("postalCodes")),
    ("subject-streetaddresses", _subject_list("streetAddresses")),
    ("subject-serialnumber", _subject_serial),
    ("duration", _duration("duration", _HOUR)),
    ("renew-before", _duration("renewBefore", 300_000_000_000)),
    ("renew-before-percentage", _integer("renewBeforePercentage")),
    ("usages", _usages),
    ("revision-history-limit", _integer("revisionHistoryLimit", 1)),
    ("private-key-algorithm", _word("algorithm", ("RSA", "ECDSA", "Ed25519"))),
    ("private-key-encoding", _word("encoding", ("PKCS1", "PKCS8"))),
    ("private-key-size", _key_size),
    ("private-key-rotation-policy", _word("rotationPolicy", ("Never", "Always"))),
    ("secret-template", _secret_template),
)


def copied(annotations: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """`--extra-certificate-annotations`."""
    return {name: annotations[name] for name in names if name in annotations}


def solver_annotations(kind: str, obj: JsonObject) -> dict[str, str]:
    """How HTTP-01 challenges of this object's Certificate are solved."""
    annotations = obj["metadata"].get("annotations") or {}
    found = dict(_ingress_overrides(annotations))
    name = obj["metadata"]["name"]
    if annotations.get(f"{ACME}http01-edit-in-place") == "true":
        found[f"{ACME}http01-override-ingress-name"] = name
        found[f"{PREFIX}issue-temporary-certificate"] = "true"
    if kind in ("Gateway", "ListenerSet"):
        found |= {f"{ACME}http01-parentrefname": name, f"{ACME}http01-parentrefkind": kind}
    if kind == "ListenerSet" and annotations.get(f"{ACME}http01-parentreffallback") == "true":
        parent = (obj.get("spec") or {}).get("parentRef") or {}
        found |= {f"{ACME}http01-parentrefname": parent.get("name") or ""}
        found |= {f"{ACME}http01-parentrefkind": parent.get("kind") or "Gateway"}
        if parent.get("namespace"):
            found[f"{ACME}http01-parentrefnamespace"] = parent["namespace"]
    return found


def _ingress_overrides(annotations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if text := annotations.get(f"{ACME}http01-ingress-class"):
        yield f"{ACME}http01-override-ingress-class", text
    if text := annotations.get(f"{ACME}http01-ingress-ingressclassname"):
        yield f"{ACME}http01-override-ingress-ingressclassname", text
