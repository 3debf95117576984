"""An object of which only a part is kept, marked so that it is not mistaken for the complete object."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, JsonValue

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Outline(dict[str, JsonValue]):
    """The type and some metadata of an object. What is absent here says nothing about the object."""

    __slots__ = ()


def outline(obj: JsonObject) -> JsonObject:
    """A `Strip` for metadata-only caches: all metadata but managed fields and kubectl's last-applied annotation."""
    metadata = obj.get("metadata") or {}
    kept = {name: value for name, value in metadata.items() if name != "managedFields"}
    if LAST_APPLIED in (kept.get("annotations") or ()):
        kept["annotations"] = {name: value for name, value in kept["annotations"].items() if name != LAST_APPLIED}
    return Outline(apiVersion=obj.get("apiVersion"), kind=obj.get("kind"), metadata=kept)
