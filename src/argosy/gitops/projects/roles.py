"""A project's roles as policy rules: validated here, enforced by the API server for users (spec 2, 14). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from argosy.apis.argoproj import AppProject
from argosy.apis.argoproj.project import Role

RESOURCES = ("applications", "applicationsets", "repositories", "clusters", "logs", "exec")
ACTIONS = ("get", "create", "update", "delete", "sync", "override", "rollback", "*")
ACTION_PREFIXES = ("action/", "update/", "delete/")
ROLE_NAME = re.compile(r"^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$")


@dataclass(frozen=True, slots=True)
class Policy:
    subject: str
    resource: str
    action: str
    object: str
    effect: str
    """`allow` or `deny`."""


class InvalidPolicy(ValueError):
    """A line is not a rule of this role; the text says which part, and what would be right."""


def parse(line: str, project: str, role: str) -> Policy:
    """One line of `policies`. Raises InvalidPolicy."""
    fields = [field.strip() for field in line.split(",")]
    if len(fields) != 6 or fields[0] != "p":
        raise InvalidPolicy(f"policy rule '{line}' must be of the form: 'p, sub, res, act, obj, eft'")
    _, subject, resource, action, target, effect = fields
    if subject != f"proj:{project}:{role}":
        raise InvalidPolicy(f"policy rule '{line}': policy subject must be: 'proj:{project}:{role}', not '{subject}'")
    if resource not in RESOURCES:
        raise InvalidPolicy(f"policy rule '{line}': resource must be one of {', '.join(RESOURCES)}, not '{resource}'")
    if action not in ACTIONS and not action.startswith(ACTION_PREFIXES):
        raise InvalidPolicy(f"policy rule '{line}': invalid action '{action}': it is none of {', '.join(ACTIONS)}")
    if not target.startswith(f"{project}/"):
        raise InvalidPolicy(f"policy rule '{line}': object must be of the form '{project}/*', not '{target}'")
    if effect not in ("allow", "deny"):
        raise InvalidPolicy(f"policy rule '{line}': effect must be: 'allow' or 'deny', not '{effect}'")
    return Policy(subject, resource, action, target, effect)


def problems(project: AppProject) -> Iterator[str]:
    """Errors of the roles, each with the role's name."""
    name, seen = project.metadata.name, set[str]()
    for role in project.spec.roles:
        own = role.name
        if not ROLE_NAME.match(own):
            yield f"role '{own}': a name has letters and digits, '-' and '_' between them"
        if own in seen:
            yield f"role '{own}' already exists"
        seen.add(own)
        yield from _of_role(role, name, own)


def _of_role(role: Role, project: str, name: str) -> Iterator[str]:
    lines = role.policies
    for line in dict.fromkeys(lines):
        if lines.count(line) > 1:
            yield f"role '{name}': policy '{line}' already exists"
        try:
            parse(line, project, name)
        except InvalidPolicy as error:
            yield f"role '{name}': {error}"
    for group in role.groups:
        if not group.strip() or any(sign in group for sign in ",\n\r\t"):
            yield f"role '{name}': group '{group}' is empty or holds a comma or a line break"
