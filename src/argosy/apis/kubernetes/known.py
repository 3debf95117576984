"""The schema, defaults and canonical form of built-in kinds, for comparing and patching objects."""

from __future__ import annotations

from functools import cache

from argosy.apis.kubernetes.codec import printer_of, reader_of
from argosy.apis.kubernetes.compile import node_of
from argosy.apis.kubernetes.defaults import DEFAULTS
from argosy.apis.kubernetes.facts import resources
from argosy.apis.kubernetes.scalars import Mismatch
from argosy.machinery.objects import GroupKind, JsonObject, group_version
from argosy.machinery.schema import Node


@cache
def _type_keys() -> dict[tuple[str, str, str], str]:
    return {(one.resource.group, one.resource.version, one.resource.kind): one.type for one in resources()}


@cache
def _shapes() -> dict[tuple[str, str], str]:
    """By group and kind, the preferred version's type: older versions that are no longer served look the same."""
    return {(one.resource.group, one.resource.kind): one.type for one in reversed(resources())}


def _key(group: str, version: str, kind: str) -> str:
    return _type_keys().get((group, version, kind)) or _shapes().get((group, kind)) or ""


def node(group: str, version: str, kind: str) -> Node | None:
    """The schema of a built-in kind, with its patch strategies; None for any other kind."""
    key = _key(group, version, kind)
    return node_of(key) if key else None


def defaulted(obj: JsonObject) -> JsonObject:
    """A copy with the defaults that an API server fills in; the object itself if its kind is unknown."""
    copy, _ = _read(obj)
    if copy is None:
        return obj
    group, _version = group_version(str(obj.get("apiVersion") or ""))
    if default := DEFAULTS.get(GroupKind(group, str(obj.get("kind")))):
        default(copy)
    return copy


def canonical(obj: JsonObject) -> JsonObject:
    """A copy as the Go type prints it: canonical quantities, empty optional fields dropped.

    The object itself if its kind is unknown, it has unknown fields, or it is not valid for its kind.
    """
    copy, unknown = _read(obj)
    if copy is None or unknown:
        return obj
    if show := printer_of(_key_of(obj)):
        show(copy)
    return copy


def _key_of(obj: JsonObject) -> str:
    return _key(*group_version(str(obj.get("apiVersion") or "")), str(obj.get("kind") or ""))


def _read(obj: JsonObject) -> tuple[JsonObject | None, list[str]]:
    """A private copy without unknown fields, and the list of those; None when it cannot be read as its kind."""
    key = _key_of(obj)
    if not key:
        return None, []
    unknown: list[str] = []
    try:
        copy = reader_of(key)(obj, unknown)
    except (Mismatch, RecursionError):
        return None, []
    return (copy if isinstance(copy, dict) else None), unknown
