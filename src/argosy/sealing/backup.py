"""Key Secrets in a backup: which belong there, what of them is kept, and what may be restored. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.sealing.keyring import UnreadableKey, is_key_secret, sealing_key
from argosy.sealing.scope import KEY_LABEL
from argosy.sealing.settings import Settings

_KEPT: Final = ("name", "namespace", "labels", "annotations", "creationTimestamp")
_RESTORED: Final = ("name", "labels", "annotations")
PEM_LIMIT: Final = 36_500
"""Characters, before anything is parsed (security rule 2)."""


def belongs_to_backup(labels: Mapping[str, str], name: str, prefix: str) -> bool:
    """Retired keys too, which were relabelled: what they sealed may still be in Git."""
    return is_key_secret(labels, name, prefix) or KEY_LABEL in labels


def backed_up(secrets: Iterable[JsonObject]) -> JsonObject:
    """The List of a backup."""
    return {"apiVersion": "v1", "kind": "List", "items": [_kept(obj) for obj in secrets]}


def restored(obj: JsonObject, namespace: str) -> JsonObject:
    """The Secret to create. Raises KeyError, TypeError if it is not a Secret."""
    kept = {name: obj[name] for name in ("apiVersion", "kind", "type", "data")}
    return {**kept, "metadata": {**_metadata(obj, _RESTORED), "namespace": namespace}}


def checked(obj: Any, settings: Settings) -> JsonObject:
    """A key of a stranger's backup as the Secret to create: a readable key, its labels, and nothing else.

    Other labels and annotations would let the sender configure something else with it, so they are dropped. Raises
    UnreadableKey, which quotes nothing of a key.
    """
    if not isinstance(obj, dict) or not isinstance(metadata := obj.get("metadata"), dict):
        raise UnreadableKey("no Secret")
    name, labels, data = metadata.get("name"), metadata.get("labels") or {}, obj.get("data")
    if not isinstance(name, str) or not isinstance(labels, dict) or not isinstance(data, dict):
        raise UnreadableKey("no Secret")
    if not belongs_to_backup(labels, name, settings.key_prefix):
        raise UnreadableKey(f"no key Secret: the label {KEY_LABEL} is missing")
    sealing_key(_bytes(data.get("tls.key")), _bytes(data.get("tls.crt")))
    annotations = metadata.get("annotations") or {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": settings.namespace,
            "labels": _texts(labels, {KEY_LABEL, *settings.key_labels}),
            "annotations": _texts(annotations, settings.key_annotations),
        },
        "type": "kubernetes.io/tls",
        "data": {"tls.key": data["tls.key"], "tls.crt": data["tls.crt"]},
    }


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str) or len(text) > PEM_LIMIT:
        raise UnreadableKey("data: no base64 text of a key")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise UnreadableKey("data: no base64 text of a key") from None


def _texts(found: Any, names: Iterable[str]) -> dict[str, str]:
    known = found if isinstance(found, dict) else {}
    return {name: text for name in names if isinstance(text := known.get(name), str)}


def _kept(obj: JsonObject) -> JsonObject:
    metadata = _metadata(obj, _KEPT)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": obj["type"], "data": obj["data"]}


def _metadata(obj: JsonObject, names: Iterable[str]) -> JsonObject:
    return {name: obj["metadata"][name] for name in names if obj["metadata"].get(name)}
