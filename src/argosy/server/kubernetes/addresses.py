"""Parses a path, a query and a body of the Kubernetes API into a request value. Pure; raises StatusError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import unquote

import orjson

from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key, Resource
from argosy.machinery.requests import Verb, Write
from argosy.machinery.status import StatusError
from argosy.machinery.text.yaml import YamlError, load

Reading = Literal["get", "list", "watch"]
Query = Mapping[str, Sequence[str]]
VERBS: Final[Mapping[str, Verb]] = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
PROPAGATIONS: Final = ("Background", "Foreground", "Orphan")
VALIDATIONS: Final = ("Strict", "Warn", "Ignore")


@dataclass(frozen=True, slots=True)
class Address:
    """`key.name` is empty for all objects of a namespace, or of the cluster."""

    resource: Resource
    key: Key
    subresource: str = ""


def address_of(path: str, served: Sequence[Resource]) -> Address:
    """Parses a path such as `/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/one`."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api":
        parts.insert(1, "")
    elif parts[0] != "apis":
        raise absent(path)
    _, group, version, *rest = [*parts, "", "", ""][: max(len(parts), 4)]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *more = (*rest, "", "", "")
    found = next((one for one in served if (one.group, one.version, one.plural) == (group, version, plural)), None)
    if found is None or any(more):
        raise absent(path)
    return Address(found, Key(namespace if found.namespaced else "", name), subresource)


def absent(path: str) -> StatusError:
    return StatusError(404, "NotFound", f"the server could not find the requested resource {path[:253]}", generic=True)


def bad(text: str) -> StatusError:
    return StatusError(400, "BadRequest", text)


def write_of(method: str, address: Address, query: Query, body: bytes, content_type: str) -> Write:
    """Raises StatusError."""
    verb = VERBS[method]
    patch = _patch_type(content_type) if verb == "patch" else PatchType.MERGE
    if patch is PatchType.APPLY:
        verb = "apply"
    given = _body(body, is_yaml=verb == "apply")
    if verb == "delete":
        return _delete(address, given if isinstance(given, dict) else {}, query)
    if not isinstance(given, list if patch is PatchType.JSON and verb == "patch" else dict):
        raise bad(f"body: it must be {'a list' if patch is PatchType.JSON else 'an object'}")
    key = address.key
    if verb == "create" and not key.name:
        metadata = given.get("metadata") if isinstance(given, dict) else None
        key = Key(key.namespace, str(metadata.get("name") or "") if isinstance(metadata, dict) else "")
    return Write(
        verb=verb,
        resource=address.resource,
        key=key,
        body=given,
        subresource=address.subresource,
        patch_type=patch,
        manager=one(query, "fieldManager"),
        force=one(query, "force") == "true",
        dry_run=one(query, "dryRun") == "All",
        validation=_of(one(query, "fieldValidation") or "Warn", VALIDATIONS, "fieldValidation"),
    )


def one(query: Query, name: str) -> str:
    found = query.get(name)
    return found[-1] if found else ""


def number(query: Query, name: str) -> int:
    text = one(query, name)
    if text and (not text.isdecimal() or len(text) > 9):
        raise bad(f"{name}: {text[:40]!r} is not a number")
    return int(text or 0)


def _delete(address: Address, options: dict[str, Any], query: Query) -> Write:
    conditions = options.get("preconditions")
    conditions = conditions if isinstance(conditions, dict) else {}
    asked = options.get("propagationPolicy") or one(query, "propagationPolicy") or None
    seconds = options.get("gracePeriodSeconds")
    dry = options.get("dryRun") or query.get("dryRun") or ()
    return Write(
        verb="delete",
        resource=address.resource,
        key=address.key,
        propagation=None if asked is None else _of(asked, PROPAGATIONS, "propagationPolicy"),
        grace_seconds=seconds if isinstance(seconds, int) else None,
        uid=str(conditions.get("uid") or ""),
        resource_version=str(conditions.get("resourceVersion") or ""),
        dry_run="All" in dry,
    )


def _of(value: object, known: Sequence[str], what: str) -> Any:
    if value not in known:
        raise bad(f"{what}: {str(value)[:40]!r} is none of {', '.join(known)}")
    return value


def _patch_type(content_type: str) -> PatchType:
    try:
        return PatchType(content_type.partition(";")[0].strip())
    except ValueError:
        text = f"Content-Type: {content_type[:80]!r} is none of {', '.join(PatchType)}"
        raise StatusError(415, "UnsupportedMediaType", text) from None


def _body(body: bytes, *, is_yaml: bool) -> Any:
    if not body:
        return None
    try:
        return load(body) if is_yaml and body[:1] != b"{" else orjson.loads(body)
    except (orjson.JSONDecodeError, YamlError) as error:
        raise bad(f"body: it cannot be read: {error}") from None
