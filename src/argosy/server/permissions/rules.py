"""Evaluates rules for one subject: allowed if a rule allows and none denies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from argosy.server.permissions.patterns import GLOB, Predicate, predicate
from argosy.server.permissions.policy import Member, Rule

INHERITANCE_DEPTH = 10
Decide = Callable[[str, str, str], bool]
"""(resource, action, object)"""


@dataclass(frozen=True, slots=True)
class _Compiled:
    resource: Predicate
    action: Predicate
    object: Predicate
    allows: bool


class Rules:
    """Immutable; a subject's rules are collected at its first question."""

    def __init__(self, lines: Iterable[Rule | Member], mode: str = GLOB) -> None:
        self._mode = mode
        self._rules: dict[str, list[Rule]] = {}
        self._roles: dict[str, list[str]] = {}
        self._subjects: dict[str, tuple[_Compiled, ...]] = {}
        self._fitting: dict[tuple[str, str, str], tuple[_Compiled, ...]] = {}
        for line in lines:
            if isinstance(line, Member):
                self._roles.setdefault(line.member, []).append(line.role)
            else:
                self._rules.setdefault(line.subject, []).append(line)

    def has_member(self, subject: str) -> bool:
        """Whether it has any role."""
        return subject in self._roles

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for roles in self._roles.values() for role in roles)

    def has_rules(self, subject: str) -> bool:
        return bool(self._of(subject))

    def allows(self, subject: str, resource: str, action: str, target: str) -> bool:
        fitting = self._fit(subject, resource, action)
        if not fitting:
            return False
        allowed = False
        for rule in fitting:
            if rule.object(target):
                if not rule.allows:
                    return False
                allowed = True
        return allowed

    def allows_some(self, subject: str, resource: str, action: str) -> bool:
        """Whether a rule allows it for some object; others may deny it for that object."""
        return any(rule.allows for rule in self._fit(subject, resource, action))

    def _fit(self, subject: str, resource: str, action: str) -> tuple[_Compiled, ...]:
        """The rules that depend only on the object; cached, because lists ask for thousands of objects."""
        key = (subject, resource, action)
        if (found := self._fitting.get(key)) is None:
            if len(self._fitting) > 10_000:
                self._fitting.clear()
            found = tuple(rule for rule in self._of(subject) if rule.resource(resource) and rule.action(action))
            self._fitting[key] = found
        return found

    def _of(self, subject: str) -> tuple[_Compiled, ...]:
        if (found := self._subjects.get(subject)) is None:
            if len(self._subjects) > 10_000:
                self._subjects.clear()
            found = tuple(self._compiled(rule) for name in self._implied(subject) for rule in self._rules.get(name, ()))
            self._subjects[subject] = found
        return found

    def _implied(self, subject: str) -> list[str]:
        """The subject and all its roles, directly or through other roles."""
        found, front = {subject: None}, [subject]
        for _ in range(INHERITANCE_DEPTH):
            front = [role for name in front for role in self._roles.get(name, ()) if role not in found]
            found.update(dict.fromkeys(front))
        return list(found)

    def _compiled(self, rule: Rule) -> _Compiled:
        mode = self._mode
        return _Compiled(
            predicate(rule.resource, mode), predicate(rule.action, mode), predicate(rule.object, mode), rule.allows
        )
