"""Which live object belongs to which application (spec 3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import INSTALLATION_ID, TRACKING_ID, ResourceKey, annotations_of, resource_key
from argosy.machinery.objects import JsonObject

LABEL_LIMIT = 63
_TAIL = re.compile(r"[^a-zA-Z0-9]+$")


class Marks(NamedTuple):
    """The settings for marking objects."""

    tracking_method: str = "annotation"
    label_key: str = "app.kubernetes.io/instance"
    installation_id: str = ""


class TrackingId(NamedTuple):
    """`<app>:<group>/<kind>:<namespace>/<name>`."""

    app: str
    key: ResourceKey

    def __str__(self) -> str:
        key = self.key
        return f"{self.app}:{key.group}/{key.kind}:{key.namespace}/{key.name}"


def parse(text: str) -> TrackingId | None:
    """None if the text has another form."""
    parts = text.split(":", 2)
    if len(parts) != 3:
        return None
    group, slash, kind = parts[1].partition("/")
    namespace, second, name = parts[2].partition("/")
    if not slash or not second:
        return None
    return TrackingId(parts[0], ResourceKey(group, kind, namespace, name))


def tracked(obj: JsonObject, app: str, namespace: str, settings: Settings) -> JsonObject:
    """The manifest with its application's marks. `namespace` is used if the object names none."""
    key = resource_key(obj)
    if key.kind == "CustomResourceDefinition":
        return obj
    metadata = dict(obj.get("metadata") or {})
    if settings.tracking_method != "label":
        name = TrackingId(app, key._replace(namespace=key.namespace or namespace))
        metadata["annotations"] = {**(metadata.get("annotations") or {}), TRACKING_ID: str(name)}
    if settings.tracking_method != "annotation":
        value = app if settings.tracking_method == "label" else _TAIL.sub("", app[:LABEL_LIMIT])
        metadata["labels"] = {**(metadata.get("labels") or {}), settings.label_key: value}
    if settings.installation_id:
        metadata["annotations"] = {
            **(metadata.get("annotations") or {}),
            INSTALLATION_ID: settings.installation_id,
        }
    return {**obj, "metadata": metadata}


def is_root(obj: JsonObject) -> bool:
    """Whether the object was not generated for another one: only roots belong to an application, not copied marks."""
    if (obj.get("metadata") or {}).get("ownerReferences"):
        return False
    return (obj.get("apiVersion"), obj.get("kind")) != ("v1", "Endpoints")  # generated for the Service of the same name


def owner_of(obj: JsonObject, settings: Settings | Marks) -> str:
    """The application's instance name in a live object's marks; "" if it is not one of ours."""
    if not is_root(obj):
        return ""
    annotations = annotations_of(obj)
    if settings.installation_id and annotations.get(INSTALLATION_ID) != settings.installation_id:
        return ""
    if settings.tracking_method == "label":
        return str(((obj.get("metadata") or {}).get("labels") or {}).get(settings.label_key) or "")
    found = parse(annotations.get(TRACKING_ID) or "")
    return found.app if found else ""


def labelled_owner(obj: JsonObject, settings: Settings) -> str:
    """The application that tracked it by label, before the method was changed; "" for all others."""
    if settings.tracking_method == "label" or TRACKING_ID in annotations_of(obj) or not is_root(obj):
        return ""
    return str(((obj.get("metadata") or {}).get("labels") or {}).get(settings.label_key) or "")


def migrated(live: JsonObject, target: JsonObject, settings: Settings) -> JsonObject:
    """As if an object tracked by label had the annotation already: a change of method makes nothing OutOfSync."""
    metadata = live.get("metadata") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    wanted = annotations_of(target).get(TRACKING_ID)
    key = settings.label_key
    if settings.tracking_method == "label" or not wanted or TRACKING_ID in annotations or key not in labels:
        return live
    made = {**metadata, "annotations": {**annotations, TRACKING_ID: wanted}}
    if key not in ((target.get("metadata") or {}).get("labels") or {}):
        made["labels"] = {name: value for name, value in labels.items() if name != key}
    return {**live, "metadata": made}


def is_self_referenced(obj: JsonObject, settings: Settings) -> bool:
    """Whether the mark was made for this very object, not copied from another (spec 3, copied annotations)."""
    if settings.tracking_method == "label":
        return True
    text = annotations_of(obj).get(TRACKING_ID)
    if not text:
        return True
    found, key = parse(text), resource_key(obj)
    if found is None:
        return False
    # A cluster-scoped object's id may still contain the destination namespace that it was generated with.
    mark = found.key if key.namespace else found.key._replace(namespace="")
    return mark == key
