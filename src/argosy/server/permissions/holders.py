"""Who has a right: by the policy, each with the rule and the roles that give it; and by Kubernetes' own roles. Pure.

A policy names users, groups and roles; a role without members is listed too, since one line gives it to somebody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.server.permissions.enforcement import Enforcer
from argosy.server.permissions.policy import Member, Rule
from argosy.server.permissions.rules import INHERITANCE_DEPTH, Rules

EVERYBODY: Final = "everybody who is signed in"


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """`through`: the roles on the way to the rule, or the binding; `rule`: as written in the policy or the role."""

    subject: str
    through: tuple[str, ...]
    rule: str


def by_policy(enforcer: Enforcer, resource: str, action: str, target: str) -> list[Holder]:
    """Those whom the policy of all Argosy, and that of the target's project, gives the right."""
    rules, lines = enforcer.consulted(resource, target)
    members: dict[str, list[str]] = {}
    written: dict[str, list[Rule]] = {}
    for line in lines:
        if isinstance(line, Member):
            members.setdefault(line.member, []).append(line.role)
        else:
            written.setdefault(line.subject, []).append(line)
    taken = {role for roles in members.values() for role in roles}
    found = []
    for subject in sorted({*members, *written}):
        if subject in taken and subject.startswith("role:") and subject != enforcer.default_role:
            continue  # listed with the subjects that have it
        if (holder := _held(subject, members, written, rules, (resource, action, target), enforcer.mode)) is not None:
            is_default = subject == enforcer.default_role
            found.append(Holder(EVERYBODY, (subject, *holder.through), holder.rule) if is_default else holder)
    return found


def _held(
    subject: str,
    members: Mapping[str, list[str]],
    written: Mapping[str, list[Rule]],
    rules: Rules,
    asked: tuple[str, str, str],
    mode: str,
) -> Holder | None:
    if not rules.allows(subject, *asked):
        return None
    for way in _ways(subject, members):
        for rule in written.get(way[-1], ()):
            if rule.allows and Rules([rule], mode).allows(rule.subject, *asked):
                return Holder(subject, way[1:], _text(rule))
    return None


def _ways(subject: str, members: Mapping[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """From the subject over its roles, the shortest first."""
    front: list[tuple[str, ...]] = [(subject,)]
    seen = {subject}
    for _ in range(INHERITANCE_DEPTH + 1):
        yield from front
        front = [(*way, role) for way in front for role in members.get(way[-1], ()) if role not in seen]
        seen.update(way[-1] for way in front)


def _text(rule: Rule) -> str:
    effect = "allow" if rule.allows else "deny"
    return f"p, {rule.subject}, {rule.resource}, {rule.action}, {rule.object}, {effect}"


# -- Kubernetes ------------------------------------------------------------------------------------------------------


def by_cluster_roles(
    roles: Iterable[JsonObject], bindings: Iterable[JsonObject], *, group: str, plural: str, verb: str, name: str
) -> list[Holder]:
    """Of roles and bindings of the whole cluster and of one namespace: who may do so to the object of that name."""
    giving: dict[tuple[str, str], str] = {}
    for role in roles:
        for rule in role.get("rules") or ():
            if _gives(rule, group, plural, verb, name):
                giving[_kind_of(role), role["metadata"]["name"]] = _rule_text(rule)
                break
    found = set()
    for binding in bindings:
        reference = binding.get("roleRef") or {}
        rule_text = giving.get((str(reference.get("kind")), str(reference.get("name"))))
        if rule_text is None:
            continue
        way = (f"{reference['kind']} {reference['name']}", f"{_kind_of(binding)}Binding {binding['metadata']['name']}")
        for subject in binding.get("subjects") or ():
            space = f"{subject.get('namespace')}/" if subject.get("namespace") else ""
            found.add(Holder(f"{subject.get('kind')} {space}{subject.get('name')}", way, rule_text))
    return sorted(found)


def _kind_of(obj: JsonObject) -> str:
    """Objects in lists need not say their kind."""
    return "Role" if obj["metadata"].get("namespace") else "ClusterRole"


def _gives(rule: JsonObject, group: str, plural: str, verb: str, name: str) -> bool:
    names = rule.get("resourceNames") or ()
    return (
        _has(rule.get("verbs"), verb)
        and _has(rule.get("apiGroups"), group)
        and _has(rule.get("resources"), plural)
        and (not names or name in names)
    )


def _has(values: object, wanted: str) -> bool:
    return isinstance(values, list) and ("*" in values or wanted in values)


def _rule_text(rule: JsonObject) -> str:
    def joined(field: str) -> str:
        return ",".join(str(one) for one in rule.get(field) or ())

    names = f" {joined('resourceNames')}" if rule.get("resourceNames") else ""
    return f"{joined('verbs')} of {joined('resources')}{names} in {joined('apiGroups')}"
