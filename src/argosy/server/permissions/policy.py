"""Parses policies: lines of `p, sub, res, act, obj, eft` and `g, member, role`, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    subject: str
    resource: str
    action: str
    object: str
    allows: bool


@dataclass(frozen=True, slots=True)
class Member:
    member: str
    role: str


class PolicyError(ValueError):
    """An invalid line; the text names it."""


RESOURCES: Final = (
    "clusters",
    "projects",
    "applications",
    "applicationsets",
    "repositories",
    "write-repositories",
    "certificates",
    "accounts",
    "gpgkeys",
    "logs",
    "exec",
    "extensions",
)
OWN_RESOURCES: Final = (*RESOURCES, "objects")
"""The resources of Argo CD's policies, and `objects`: Rollouts, Stages, Certificates and so on."""
ACTIONS: Final = ("get", "create", "update", "delete", "sync", "rollback", "override", "action", "invoke")
SCOPED: Final = frozenset({"applications", "applicationsets", "repositories", "clusters", "logs", "exec"})
"""Resources that belong to a project: the object starts with its name."""


def parse(text: str) -> list[Rule | Member]:
    """Raises PolicyError at the first invalid line."""
    found: list[Rule | Member] = []
    for line in text.splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            found.append(_line(line))
    return found


def _line(line: str) -> Rule | Member:
    try:
        fields = [field.strip() for field in next(csv.reader([line], skipinitialspace=True))]
    except (csv.Error, StopIteration):
        raise PolicyError(f"invalid RBAC policy: {line}") from None
    if fields[0] == "p" and len(fields) == 6:
        return Rule(fields[1], fields[2], fields[3], fields[4], fields[5] == "allow")
    if fields[0] == "g" and len(fields) == 3:
        return Member(fields[1], fields[2])
    raise PolicyError(f"invalid RBAC policy: {line}")


def policy_text(data: Mapping[str, str]) -> str:
    """From argocd-rbac-cm: `policy.csv`, then every `policy.<name>.csv` in order."""
    more = sorted(key for key in data if key.startswith("policy.") and key.endswith(".csv") and key != "policy.csv")
    return "\n".join(data[key] for key in ("policy.csv", *more) if key in data)


def _built_in() -> Iterable[Rule | Member]:
    readable = {"applications": "*/*", "applicationsets": "*/*", "logs": "*/*"}
    for resource in (
        *("applications", "applicationsets", "certificates", "clusters", "repositories", "write-repositories"),
        *("projects", "accounts", "gpgkeys", "logs", "objects"),
    ):
        yield Rule("role:readonly", resource, "get", readable.get(resource, "*"), True)
    for resource, actions in (
        (
            "applications",
            ("create", "update", "update/*", "delete", "delete/*", "sync", "rollback", "override", "action/*"),
        ),
        ("applicationsets", ("get", "create", "update", "delete")),
        ("certificates", ("create", "update", "delete")),
        ("clusters", ("create", "update", "delete")),
        ("repositories", ("create", "update", "delete")),
        ("write-repositories", ("create", "update", "delete")),
        ("projects", ("create", "update", "delete")),
        ("accounts", ("update",)),
        ("gpgkeys", ("create", "delete")),
        ("exec", ("create",)),
        ("objects", ("update", "action/*")),
    ):
        for action in actions:
            scoped = resource in ("applications", "applicationsets", "exec")
            yield Rule("role:admin", resource, action, "*/*" if scoped else "*", True)
    yield Member("role:admin", "role:readonly")
    yield Member("admin", "role:admin")


BUILT_IN: Final = tuple(_built_in())
