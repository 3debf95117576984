"""All functions together, by name."""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.extensions import add_extensions
from argosy.machinery.cel.functions import add_standard
from argosy.machinery.cel.overloads import AUTHORIZED, UNIT, Library, Overload
from argosy.machinery.cel.types import (
    AUTHORIZER,
    BOOL,
    GROUP_CHECK,
    PATH_CHECK,
    RESOURCE_CHECK,
    STRING,
    VERDICT,
    Type,
)


@cache
def library() -> dict[tuple[str, bool], list[Overload]]:
    """By name and whether it is a method."""
    made = Library({})
    add_standard(made)
    add_extensions(made)
    _add_authorization(made)
    return made.functions


@cache
def namespaces() -> frozenset[str]:
    """`format` of `format.dns1123Label()`: names that are not variables."""
    return frozenset(name.partition(".")[0] for name, _ in library() if "." in name)


def _unavailable(*arguments: Any) -> NoReturn:
    raise CelError("no authorizer is available here")


def _add_authorization(made: Library) -> None:
    """Declared, so that policies that use it can be stored; a check fails, and the failurePolicy decides."""
    table: tuple[tuple[str, tuple[Type, ...], Type], ...] = (
        ("path", (AUTHORIZER, STRING), PATH_CHECK),
        ("group", (AUTHORIZER, STRING), GROUP_CHECK),
        ("serviceAccount", (AUTHORIZER, STRING, STRING), AUTHORIZER),
        ("resource", (GROUP_CHECK, STRING), RESOURCE_CHECK),
        ("subresource", (RESOURCE_CHECK, STRING), RESOURCE_CHECK),
        ("namespace", (RESOURCE_CHECK, STRING), RESOURCE_CHECK),
        ("name", (RESOURCE_CHECK, STRING), RESOURCE_CHECK),
        ("fieldSelector", (RESOURCE_CHECK, STRING), RESOURCE_CHECK),
        ("labelSelector", (RESOURCE_CHECK, STRING), RESOURCE_CHECK),
        ("check", (PATH_CHECK, STRING), VERDICT),
        ("check", (RESOURCE_CHECK, STRING), VERDICT),
        ("allowed", (VERDICT,), BOOL),
        ("errored", (VERDICT,), BOOL),
        ("error", (VERDICT,), STRING),
        ("reason", (VERDICT,), STRING),
    )
    for name, parameters, result in table:
        made.add(name, parameters, result, _unavailable, AUTHORIZED if name == "check" else UNIT, method=True)


TYPE_NAMES = {
    name: name
    for name in (
        "bool",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "list",
        "map",
        "null_type",
        "type",
        "google.protobuf.Timestamp",
        "google.protobuf.Duration",
        "optional_type",
        "net.IP",
        "net.CIDR",
        "kubernetes.Quantity",
        "kubernetes.URL",
        "kubernetes.Semver",
    )
}
