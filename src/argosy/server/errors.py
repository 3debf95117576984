"""Errors of calls: one exception with a gRPC code, and its form in each transport."""

from __future__ import annotations

from enum import IntEnum

from argosy.machinery.status import StatusError


class Code(IntEnum):
    OK = 0
    CANCELED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


HTTP_STATUS = {
    Code.OK: 200,
    Code.CANCELED: 408,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}

_OF_REASON = {
    "NotFound": Code.NOT_FOUND,
    "AlreadyExists": Code.ALREADY_EXISTS,
    "InternalError": Code.INTERNAL,
    "Invalid": Code.INVALID_ARGUMENT,
    "MethodNotAllowed": Code.UNIMPLEMENTED,
    "ServiceUnavailable": Code.UNAVAILABLE,
    "ServerTimeout": Code.UNAVAILABLE,
    "BadRequest": Code.FAILED_PRECONDITION,
    "Unauthorized": Code.UNAUTHENTICATED,
    "Forbidden": Code.PERMISSION_DENIED,
    "Timeout": Code.DEADLINE_EXCEEDED,
    "Conflict": Code.ABORTED,
    "TooManyRequests": Code.RESOURCE_EXHAUSTED,
}


class ApiError(Exception):
    """A failed call. The text is for the caller: no secret, and nothing about what the caller may not see."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def http_status(self) -> int:
        return HTTP_STATUS[self.code]


def of_kubernetes(error: StatusError) -> ApiError:
    """Converts a Kubernetes API error and keeps its message."""
    return ApiError(_OF_REASON.get(error.reason, Code.UNKNOWN), error.message)


def invalid(message: str) -> ApiError:
    return ApiError(Code.INVALID_ARGUMENT, message)


def denied(message: str = "permission denied") -> ApiError:
    return ApiError(Code.PERMISSION_DENIED, message)


def not_found(message: str) -> ApiError:
    return ApiError(Code.NOT_FOUND, message)


def unauthenticated(message: str) -> ApiError:
    return ApiError(Code.UNAUTHENTICATED, message)


def failed_precondition(message: str) -> ApiError:
    return ApiError(Code.FAILED_PRECONDITION, message)


def unknown(message: str) -> ApiError:
    return ApiError(Code.UNKNOWN, message)


def unimplemented(message: str) -> ApiError:
    return ApiError(Code.UNIMPLEMENTED, message)
