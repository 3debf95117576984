"""Which Certificates are created, changed and deleted for one Ingress, Gateway or ListenerSet.

Every annotated field is compared, not only those that upstream compares: a changed IP address or usage takes effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.certs.pki.usages import DEFAULT
from argosy.certs.settings import Settings
from argosy.certs.shim import annotations as shim_annotations
from argosy.certs.shim import hosts
from argosy.machinery.objects import JsonObject

API_VERSIONS: Final = {
    "Ingress": "networking.k8s.io/v1",
    "Gateway": "gateway.networking.k8s.io/v1",
    "ListenerSet": "gateway.networking.k8s.io/v1",
}
_APPLYSET: Final = "applyset.kubernetes.io/part-of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Certificates as JSON; `faults` are reported as BadConfig."""

    create: tuple[JsonObject, ...] = ()
    update: tuple[JsonObject, ...] = ()
    delete: tuple[JsonObject, ...] = ()
    faults: tuple[str, ...] = ()


def plan(kind: str, obj: JsonObject, existing: Sequence[JsonObject], settings: Settings) -> Plan:
    """`existing`: the Certificates of the object's namespace. Raises BadAnnotation, and then nothing is written."""
    metadata = obj["metadata"]
    notes = metadata.get("annotations") or {}
    automatic = settings.auto_annotations if kind == "Ingress" else ()
    if not shim_annotations.is_shimmed(notes, automatic) or _is_deleted_in_foreground(metadata):
        return Plan()
    try:
        issuer = shim_annotations.issuer_of(notes, settings.default_issuer)
    except shim_annotations.BadConfig as error:
        return Plan(faults=(f"Could not determine issuer for ingress due to bad annotations: {error}",))
    if kind == "Ingress" and (twice := hosts.duplicates(obj)):
        return Plan(faults=(twice,))
    wanted, skipped = hosts.hosts_by_secret(kind, obj, settings.extra_protocols)
    by_name = {one["metadata"]["name"]: one for one in existing}
    create, update = [], []
    for secret, names in wanted.items():
        made = _certificate(kind, obj, secret, names, issuer, settings)
        found = by_name.get(secret)
        if found is None:
            create.append(made)
        elif _is_controlled(found, metadata) and (changed := _changed(found, made, settings)):
            update.append(changed)
    used = hosts.secret_names(kind, obj)
    delete = [
        one
        for one in existing
        if _is_controlled(one, metadata) and (one.get("spec") or {}).get("secretName") not in used
    ]
    return Plan(create=tuple(create), update=tuple(update), delete=tuple(delete), faults=tuple(skipped))


def _is_deleted_in_foreground(metadata: JsonObject) -> bool:
    return bool(metadata.get("deletionTimestamp")) and "foregroundDeletion" in (metadata.get("finalizers") or ())


def _is_controlled(certificate: JsonObject, owner: JsonObject) -> bool:
    refs = certificate["metadata"].get("ownerReferences") or ()
    return any(one.get("controller") and one.get("uid") == owner["uid"] for one in refs)


def _certificate(
    kind: str, obj: JsonObject, secret: str, names: Sequence[str], issuer: JsonObject, settings: Settings
) -> JsonObject:
    metadata = obj["metadata"]
    notes: Mapping[str, str] = metadata.get("annotations") or {}
    spec: JsonObject = {"secretName": secret, "issuerRef": issuer, "usages": list(DEFAULT)}
    dns, addresses = hosts.split(names)
    translated = shim_annotations.translated(notes)
    spec |= {"dnsNames": dns + translated.pop("dnsNames", [])}
    spec |= {"ipAddresses": addresses + translated.pop("ipAddresses", [])}
    spec |= translated
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != _APPLYSET}
    annotations = shim_annotations.copied(notes, settings.extra_annotations) | shim_annotations.solver_annotations(
        kind, obj
    )
    owner = {
        "apiVersion": API_VERSIONS[kind],
        "kind": kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    made = {"name": secret, "namespace": metadata["namespace"], "labels": labels, "annotations": annotations}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {key: value for key, value in made.items() if value} | {"ownerReferences": [owner]},
        "spec": {key: value for key, value in spec.items() if value not in ([], {}, None)},
    }


def _changed(found: JsonObject, made: JsonObject, settings: Settings) -> JsonObject | None:
    """The existing Certificate with the wanted fields, or None if it is up to date.

    How challenges are solved is only set on creation: users may have changed it since.
    """
    metadata = found["metadata"]
    copied = shim_annotations.copied(made["metadata"].get("annotations") or {}, settings.extra_annotations)
    annotations = {**(metadata.get("annotations") or {}), **copied}
    labels = made["metadata"].get("labels") or {}
    same_metadata = annotations == (metadata.get("annotations") or {}) and labels == (metadata.get("labels") or {})
    if same_metadata and found.get("spec") == made["spec"]:
        return None
    changed = {**metadata, "labels": labels, "annotations": annotations}
    kept = {key: value for key, value in changed.items() if value or key not in ("labels", "annotations")}
    return {**found, "metadata": kept, "spec": made["spec"]}
