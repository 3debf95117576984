"""The two annotations of these objects: description, and whether projects get copies. Pure."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.promotion.names import DESCRIPTION, REPLICATE_TO

TO_ALL = "*"


def annotations_of(description: str, *, replicate: bool) -> JsonObject:
    """Annotations for the `metadata` of a new object; empty if nothing is set."""
    found = {DESCRIPTION: description, REPLICATE_TO: TO_ALL if replicate else ""}
    kept = {name: value for name, value in found.items() if value}
    return {"annotations": kept} if kept else {}


def annotated(obj: JsonObject, changes: dict[str, str]) -> JsonObject:
    """An empty value removes an annotation."""
    metadata = obj["metadata"]
    found = {**(metadata.get("annotations") or {}), **changes}
    kept = {name: value for name, value in found.items() if value}
    rest = {name: value for name, value in metadata.items() if name != "annotations"}
    return {**obj, "metadata": {**rest, **({"annotations": kept} if kept else {})}}


def replaced(obj: JsonObject, description: str, *, replicate: bool) -> JsonObject:
    return annotated(obj, {DESCRIPTION: description, REPLICATE_TO: TO_ALL if replicate else ""})


def described(obj: JsonObject, body: JsonObject, description: str) -> JsonObject:
    """For a patch: keys that it does not name stay."""
    return annotated(obj, {DESCRIPTION: description}) if body.get("description") is not None else obj
