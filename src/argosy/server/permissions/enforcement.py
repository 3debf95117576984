"""Whether a caller has a right: by the default role, the caller, each of its groups, and the project's roles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from argosy.machinery.objects import JsonObject
from argosy.server.permissions.patterns import GLOB, REGEX
from argosy.server.permissions.policy import BUILT_IN, SCOPED, Member, PolicyError, Rule, parse, policy_text
from argosy.server.permissions.rules import Rules

log = logging.getLogger(__name__)
Permits = Callable[[str], bool]
"""Decides on an object, for one resource and action."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`name` is a user, or `proj:<project>:<role>` for a project's token."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def is_project_token(self) -> bool:
        return self.name.startswith("proj:")


class Enforcer:
    """`project`: an AppProject by name, or None. `config`: data of argocd-rbac-cm. `built_in`: with built-in roles."""

    def __init__(
        self, config: Mapping[str, str], project: Callable[[str], JsonObject | None], *, built_in: bool = True
    ) -> None:
        self.mode = REGEX if config.get("policy.matchMode") == REGEX else GLOB
        self.default_role = (config.get("policy.default") or "").strip()
        self.problem = ""
        try:
            lines = parse(policy_text(config))
        except PolicyError as error:
            self.problem, lines = str(error), []
            log.error("argocd-rbac-cm: %s", error)
        self._lines = (*(BUILT_IN if built_in else ()), *lines)
        self._plain = Rules(self._lines, self.mode)
        self._project = project
        self._of_projects: dict[str, tuple[JsonObject, Rules]] = {}

    def allows(self, subject: Subject, resource: str, action: str, target: str) -> bool:
        rules, project = self._rules_for(resource, target)
        if project is not None and subject.is_project_token and subject.name.split(":")[1] != project:
            subject = Subject("")
        if self.default_role and rules.allows(self.default_role, resource, action, target):
            return True
        if rules.allows(subject.name, resource, action, target):
            return True
        return any(
            rules.has_member(group) and rules.allows(group, resource, action, target) for group in subject.groups
        )

    def allows_some(self, subject: Subject, resource: str, action: str, projects: Iterable[str] = ()) -> bool:
        """Whether there may be an object for which it is allowed: False is certain, True is not.

        `projects`: those whose roles count, too.
        """
        names = [subject.name, *subject.groups, *([self.default_role] if self.default_role else [])]
        every = [self._plain]
        if resource in SCOPED or resource == "projects":
            every += [self._rules_for("projects", name)[0] for name in projects]
        return any(rules.allows_some(name, resource, action) for rules in every for name in names)

    def consulted(self, resource: str, target: str) -> tuple[Rules, tuple[Rule | Member, ...]]:
        """What decides about the target: the rules, and the lines that they were made of."""
        rules, name = self._rules_for(resource, target)
        project = self._project(name) if name is not None else None
        if project is None or rules is self._plain:
            return rules, self._lines
        return rules, (*self._lines, *project_lines(project))

    def _rules_for(self, resource: str, target: str) -> tuple[Rules, str | None]:
        if resource in SCOPED:
            name, slash, _ = target.partition("/")
            if not slash:
                return self._plain, None
        elif resource == "projects":
            name = target
        else:
            return self._plain, None
        project = self._project(name)
        if project is None:
            return self._plain, None
        known = self._of_projects.get(name)
        if known is None or known[0] is not project:
            known = self._of_projects[name] = (project, self._with_roles(project))
        return known[1], name

    def _with_roles(self, project: JsonObject) -> Rules:
        """An invalid line disables the roles of that project only."""
        try:
            lines = project_lines(project)
        except PolicyError as error:
            log.warning("project %s: its roles do not count: %s", project["metadata"]["name"], error)
            return self._plain
        return Rules((*self._lines, *lines), self.mode) if lines else self._plain


def project_lines(project: JsonObject) -> list[Rule | Member]:
    """The rules of a project's roles. Raises PolicyError."""
    name, found = str(project["metadata"]["name"]), list[Rule | Member]()
    for role in (project.get("spec") or {}).get("roles") or ():
        subject = f"proj:{name}:{role.get('name')}"
        found.append(Rule(subject, "projects", "get", name, True))
        for line in role.get("policies") or ():
            found += parse(line)
        found += [Member(group, subject) for group in role.get("groups") or ()]
    return found
