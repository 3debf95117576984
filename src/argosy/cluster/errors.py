"""The errors of the request pipeline, in upstream's wording (spec section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.machinery.objects import Resource
from argosy.machinery.status import Cause, StatusError
from argosy.machinery.text.go_text import quoted

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def not_found(resource: Resource, name: str) -> StatusError:
    return StatusError(
        404,
        "NotFound",
        f"{resource.qualified} {quoted(name)} not found",
        name=name,
        group=resource.group,
        kind=resource.plural,
    )


def already_exists(resource: Resource, name: str, *, deleting: bool = False, generated: bool = False) -> StatusError:
    """`generated`: the object has a generateName, whether the name came from it or not."""
    prefix = "object is being deleted: " if deleting else ""
    suffix = ", the server was not able to generate a unique name for the object" if generated else ""
    return StatusError(
        409,
        "AlreadyExists",
        f"{prefix}{resource.qualified} {quoted(name)} already exists{suffix}",
        retry_after=1 if generated else 0,
        name=name,
        group=resource.group,
        kind=resource.plural,
    )


def conflict(resource: Resource, name: str, why: str = MODIFIED) -> StatusError:
    return StatusError(
        409,
        "Conflict",
        f"Operation cannot be fulfilled on {resource.qualified} {quoted(name)}: {why}",
        name=name,
        group=resource.group,
        kind=resource.plural,
    )


def forbidden(resource: Resource, name: str, why: str, causes: Sequence[Cause] = ()) -> StatusError:
    """An admission refusal."""
    return StatusError(
        403,
        "Forbidden",
        f"{resource.qualified} {quoted(name)} is forbidden: {why}",
        name=name,
        group=resource.group,
        kind=resource.plural,
        causes=causes,
    )


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> StatusError:
    """A 422 that lists every wrong field."""
    texts = [f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes]
    unique = list(dict.fromkeys(texts))
    shown = unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"
    spelled = f"{kind}.{group}" if group else kind
    return StatusError(
        422,
        "Invalid",
        f"{spelled} {quoted(name)} is invalid: {shown}",
        name=name,
        group=group,
        kind=kind,
        causes=causes,
    )


def invalid_options(kind: str, field: str, message: str, reason: str) -> StatusError:
    return invalid("meta.k8s.io", kind, "", [Cause(field, message, reason)])


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def method_not_allowed() -> StatusError:
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message, generic=True)


def no_such_resource() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource", generic=True)


def expired(message: str) -> StatusError:
    return StatusError(410, "Expired", message)


def too_large_revision(wanted: int, current: int) -> StatusError:
    """A resourceVersion from the future: clients wait a second and retry."""
    return StatusError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {wanted}, current: {current}",
        causes=[Cause("", "Too large resource version", "ResourceVersionTooLarge")],
        retry_after=1,
    )


def internal(message: str) -> StatusError:
    return StatusError(500, "InternalError", f"Internal error occurred: {message}", causes=[Cause("", message, "")])


def namespace_is_terminating(resource: Resource, name: str, namespace: str) -> StatusError:
    text = f"namespace {namespace} is being terminated"
    return forbidden(
        resource,
        name,
        f"unable to create new content in namespace {namespace} because it is being terminated",
        [Cause("metadata.namespace", text, "NamespaceTerminating")],
    )
