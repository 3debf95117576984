"""The steps that create, update and patch share: reading the body, ownership, validation, the stored form."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.cluster.errors import bad_request, invalid
from argosy.cluster.handlers import metadata as metadata_rules
from argosy.cluster.kind import Decoded, Kind, WriteContext
from argosy.cluster.request import ApiRequest
from argosy.cluster.store.entry import Unencodable
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause, StatusError

_STATUS_FRAME = frozenset({"apiVersion", "kind", "metadata", "status"})


class Raced(Exception):
    """The object changed while an admission webhook was called: decide again."""


def read_body(request: ApiRequest) -> tuple[JsonObject, list[str]]:
    """The object as the kind sees it, and warnings. Raises StatusError 400."""
    body = request.body
    if not isinstance(body, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {request.kind.resource.kind})")
    decoded = request.kind.strategy.decode(body)
    problems = field_problems(decoded.unknown, request.duplicates)
    return decoded.obj, judge_fields(request, problems)


def parted(request: ApiRequest, obj: JsonObject, stored: JsonObject) -> tuple[JsonObject, JsonObject]:
    """The part of an object that a write may change, and the rest.

    The status endpoint of a custom resource keeps the rest as it is stored (`prepare_update`). As long as the rest is
    identical to the stored object's, nothing in it needs to be decoded, defaulted or pruned.
    """
    if request.subresource != "status" or not request.kind.custom:
        return obj, {}
    rest = {name: item for name, item in obj.items() if name not in _STATUS_FRAME and item is stored.get(name)}
    return ({name: item for name, item in obj.items() if name not in rest}, rest) if rest else (obj, rest)


def together(obj: JsonObject, own: JsonObject, rest: JsonObject) -> JsonObject:
    """The two parts in the order of `obj`, with the fields that were added to the first part."""
    return {**{name: rest[name] if name in rest else own[name] for name in obj if name in rest or name in own}, **own}


def decoded_over(request: ApiRequest, obj: JsonObject, stored: JsonObject) -> Decoded:
    """As the kind sees it, where unchanged parts may be shared with `stored`. Raises StatusError 400."""
    own, rest = parted(request, obj, stored)
    decoded = request.kind.strategy.decode(own)
    return Decoded(together(obj, decoded.obj, rest), decoded.unknown) if rest else decoded


def field_problems(unknown: Sequence[str], duplicates: Sequence[str]) -> list[str]:
    found = [f'unknown field "{path}"' for path in unknown]
    return [*found, *(f'duplicate field "{path}"' for path in duplicates)]


def judge_fields(request: ApiRequest, problems: list[str]) -> list[str]:
    """The warnings according to fieldValidation. Raises StatusError 400 when it is Strict."""
    validation = request.options.field_validation
    if not problems or validation == "Ignore":
        return []
    if validation == "Strict":
        resource = request.kind.resource
        text = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise bad_request(f"{text}: strict decoding error: {', '.join(problems)}")
    return problems


def check_place(request: ApiRequest, obj: JsonObject) -> None:
    """Namespace and, on update, name must be those of the URL (spec 8.5)."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace")
    if namespace and request.kind.resource.namespaced and namespace != request.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if request.verb == "create":
        return
    name = metadata.get("name") or ""
    if not name:
        raise bad_request("the name of the object (based on URL) was undeterminable: name must be provided")
    if name != request.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({request.name})")


def validate(ctx: WriteContext, kind: Kind, obj: JsonObject, old: JsonObject | None, claimed: JsonObject) -> None:
    """Raises StatusError 422 that lists every error."""
    metadata = obj["metadata"]
    causes: list[Cause] = []
    if old is None or not metadata_rules.is_unchanged(metadata, old["metadata"]):
        causes += metadata_rules.check(kind, metadata)
    if old is not None:
        causes += metadata_rules.check_update(metadata, old["metadata"], claimed)
    causes += kind.strategy.validate(ctx, obj, old)
    if causes:
        resource = kind.resource
        raise invalid(resource.group, resource.kind, metadata.get("name") or "", causes)


def content_warnings(ctx: WriteContext, kind: Kind, obj: JsonObject, old: JsonObject | None) -> list[str]:
    """Warnings that depend on the object's content, for strategies that have any."""
    warnings = getattr(kind.strategy, "warnings", None)
    return list(warnings(ctx, obj, old)) if warnings is not None else []


def stored_form(kind: Kind, obj: JsonObject) -> JsonObject:
    """In the storage version, kind and apiVersion first: lists strip them by prefix (`reading.type_prefix`)."""
    stored = kind.to_storage(obj)
    keys = iter(stored)
    if next(keys, "") == "kind" and next(keys, "") == "apiVersion" and stored is not obj:
        return stored
    ordered: JsonObject = {"kind": stored["kind"], "apiVersion": stored["apiVersion"], "metadata": None}
    ordered.update(stored)
    return ordered


def manager_of(request: ApiRequest) -> str:
    """The field manager of this write: fieldManager, else the User-Agent up to the first slash (spec 10.3)."""
    return request.options.field_manager or request.user_agent.partition("/")[0] or "unknown"


def not_stored(error: OSError | Unencodable) -> StatusError:
    """The error for a writer when the store refuses every write, or this one."""
    if isinstance(error, Unencodable):
        return bad_request(f"the object cannot be stored: {error}")
    return StatusError(
        500, "InternalError", f"Internal error occurred: the store cannot write: {error.strerror or error}"
    )
