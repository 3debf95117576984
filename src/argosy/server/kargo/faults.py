"""Errors of Kargo's API: a status and one text, which the command prints unchanged."""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import Resource
from argosy.machinery.status import StatusError
from argosy.server.errors import ApiError, Code


class Fault(Exception):
    """`code` is an HTTP status. The text is for the caller: no secret, nothing about what the caller may not see."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


CODES: Final = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    409: Code.ABORTED,
    422: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED,
    501: Code.UNIMPLEMENTED,
    503: Code.UNAVAILABLE,
}


def invalid(message: str) -> Fault:
    return Fault(400, message)


def not_found(message: str) -> Fault:
    return Fault(404, message)


def conflict(message: str) -> Fault:
    return Fault(409, message)


def unimplemented(message: str) -> Fault:
    return Fault(501, message)


def absent(resource: Resource, name: str) -> Fault:
    """Worded by kind, like a read from upstream's cache."""
    return Fault(404, f'{resource.group_kind} "{name}" not found')


def as_fault(error: StatusError, prefix: str = "") -> Fault:
    """Converts a Kubernetes API error and keeps its message."""
    return Fault(error.code, f"{prefix}{error.message}")


def for_the_record(error: BaseException) -> BaseException:
    """The same error for the audit log, which uses gRPC codes."""
    if isinstance(error, Fault | StatusError):
        return ApiError(CODES.get(error.code, Code.UNKNOWN), "")
    return error
