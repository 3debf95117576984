"""Copies a Secret to a Secret of another namespace, if both sides agree.

The receiver is a Secret of the same type with the annotation `argosy.dev/copy-of: NAMESPACE/NAME`; the source - of
a SealedSecret, a Certificate, or plain - names the receiver in `argosy.dev/copied-to: "NAMESPACE, NAMESPACE/NAME"`.
Either side ends it by removing its annotation: the copied data is then removed again.

Owns the copied keys of receiving Secrets, by server-side apply. Wakes when either Secret changes. A missing source and
one that grants nothing look the same, so that nobody can find out what others have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Event, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write

NAME: Final = "secret-copies"
COPY_OF: Final = "argosy.dev/copy-of"
COPIED_TO: Final = "argosy.dev/copied-to"
KEY_LABEL: Final = "sealedsecrets.bitnami.com/sealed-secrets-key"
REFUSED: Final = "is not there, or does not name this Secret in its annotation argosy.dev/copied-to"
_NEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "kubernetes.io/tls": {"tls.crt": "", "tls.key": ""},
    "kubernetes.io/dockerconfigjson": {".dockerconfigjson": "e30="},
}
"""The keys that an API server requires in a Secret of a type, even if there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    target: Secret
    source: Secret | None
    """None if it is missing, or not granted."""
    fault: str
    """Why nothing is copied; empty if there is no error."""
    memory: Any


def look(snapshot: Snapshot, key: Key) -> Seen | None:
    target = snapshot.get(Secret, key)
    if target is None or target.metadata.deletion_timestamp:
        return None
    place = target.metadata.annotations.get(COPY_OF)
    if not place:
        return Seen(target=target, source=None, fault="", memory=None) if _is_filled(target) else None
    wanted = place_of(place)
    if wanted is None:
        fault = f"annotation {COPY_OF}: {place!r} is not a NAMESPACE/NAME"
        return Seen(target=target, source=None, fault=fault, memory=snapshot.memory)
    source = snapshot.get(Secret, wanted)
    fault = fault_of(source, target, key)
    return Seen(target=target, source=None if fault else source, fault=fault, memory=snapshot.memory)


def fault_of(source: Secret | None, target: Secret, key: Key) -> str:
    place = target.metadata.annotations[COPY_OF]
    if source is None or not grants(source, key):
        return f"Secret {place} {REFUSED}"
    if source.metadata.annotations.get(COPY_OF):
        return f"Secret {place} is a copy itself: copy the first of them"
    if source.metadata.namespace == key.namespace and source.metadata.name == key.name:
        return "a Secret cannot be a copy of itself"
    if KEY_LABEL in source.metadata.labels:
        return f"Secret {place} is a sealing key, which is never copied"
    if source.type != target.type:
        return f"Secret {place} is of type {source.type}, this one of type {target.type}: re-create it"
    return ""


def grants(source: Secret, key: Key) -> bool:
    """By namespace, or by namespace and name; there is no wildcard."""
    listed = [one.strip() for one in source.metadata.annotations.get(COPIED_TO, "").split(",")]
    return key.namespace in listed or f"{key.namespace}/{key.name}" in listed


def place_of(text: str) -> Key | None:
    namespace, slash, name = text.strip().partition("/")
    return Key(namespace, name) if slash and namespace and name and "/" not in name else None


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.source is None:
        return _withdrawn(seen)
    if all(seen.target.data.get(key) == value for key, value in seen.source.data.items()) and not _surplus(seen):
        return NOTHING if seen.memory is None else Decision(memory=None)
    message = f"Copied from Secret {seen.target.metadata.annotations[COPY_OF]}"
    event = Event(about=seen.target.raw, reason="Copied", message=message)
    return Decision((_applied(seen.target, seen.source.data), event), memory=None)


def _withdrawn(seen: Seen) -> Decision:
    """The copied data is removed; the cause is reported once."""
    events = () if not seen.fault or seen.memory == seen.fault else (_refusal(seen),)
    if not _is_filled(seen.target):
        return Decision(events, memory=seen.fault) if events else NOTHING
    return Decision((_applied(seen.target, {}), *events), memory=seen.fault)


def _refusal(seen: Seen) -> Event:
    return Event(about=seen.target.raw, reason="CopyRefused", message=seen.fault, type="Warning")


def _is_filled(target: Secret) -> bool:
    """Whether it holds keys of ours that are not mere placeholders."""
    needed = _NEEDED.get(target.type, {})
    return any(key not in needed or target.data.get(key) != needed[key] for key in _owned(target))


def _surplus(seen: Seen) -> bool:
    assert seen.source is not None
    return any(key not in seen.source.data for key in _owned(seen.target))


def _owned(target: Secret) -> set[str]:
    """The keys of its data that this controller applied."""
    for entry in target.raw["metadata"].get("managedFields") or ():
        if entry.get("manager") == NAME and entry.get("operation") == "Apply":
            fields = (entry.get("fieldsV1") or {}).get("f:data") or {}
            return {name.removeprefix("f:") for name in fields if name.startswith("f:")}
    return set()


def _applied(target: Secret, data: Mapping[str, str]) -> Write:
    metadata = {"name": target.metadata.name, "namespace": target.metadata.namespace, "uid": target.metadata.uid}
    obj: JsonObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "data": {**_NEEDED.get(target.type, {}), **data},
    }
    return requests.apply(Secret, obj, manager=NAME)


def controller() -> Controller[Seen]:
    return Controller(name=NAME, kind=Secret, look=look, decide=decide, manager=NAME)
