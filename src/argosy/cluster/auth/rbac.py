"""Role-based access control: an index of roles and bindings by subject, and pure matching (spec section 15).

The index follows the store: `load` reads what exists, `observe` takes each committed change. Upstream:
kubernetes plugin/pkg/auth/authorizer/rbac.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from argosy.cluster.auth.attributes import MASTERS, Attributes, Verdict
from argosy.cluster.kind import Reader, User
from argosy.machinery.objects import JsonObject

GROUP = "rbac.authorization.k8s.io"
ROLES, CLUSTER_ROLES = "roles", "clusterroles"
ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS = "rolebindings", "clusterrolebindings"
PLURALS = (ROLES, CLUSTER_ROLES, ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS)


@dataclass(frozen=True, slots=True)
class Rule:
    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str]
    urls: tuple[str, ...]

    @classmethod
    def of(cls, rule: JsonObject) -> Rule:
        def words(key: str) -> frozenset[str]:
            return frozenset(rule.get(key) or ())

        urls = tuple(rule.get("nonResourceURLs") or ())
        return cls(words("verbs"), words("apiGroups"), words("resources"), words("resourceNames"), urls)

    def matches(self, asked: Attributes) -> bool:
        if "*" not in self.verbs and asked.verb not in self.verbs:
            return False
        if asked.path:
            return any(_url_matches(url, asked.path) for url in self.urls)
        if "*" not in self.groups and asked.group not in self.groups:
            return False
        if self.names and asked.name not in self.names:
            return False
        return self._has_resource(asked)

    def _has_resource(self, asked: Attributes) -> bool:
        resources = self.resources
        if "*" in resources or asked.spelled_resource in resources:
            return True
        return bool(asked.subresource) and f"*/{asked.subresource}" in resources


def _url_matches(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url[:-1]))


class RoleKey(NamedTuple):
    namespace: str
    """Empty for a ClusterRole."""
    name: str


class Subject(NamedTuple):
    kind: str
    """`User` or `Group`: a ServiceAccount is the user named in its tokens."""
    name: str


class Binding(NamedTuple):
    namespace: str
    """Empty for a ClusterRoleBinding."""
    name: str
    role: RoleKey
    subjects: tuple[Subject, ...]


def subjects_of(user: User) -> tuple[Subject, ...]:
    return (Subject("User", user.name), *(Subject("Group", group) for group in user.groups))


def binding_of(obj: JsonObject) -> Binding:
    metadata, ref = obj["metadata"], obj.get("roleRef") or {}
    namespace = metadata.get("namespace") or ""
    role = RoleKey(namespace if ref.get("kind") == "Role" else "", ref.get("name") or "")
    subjects = tuple(_subject(subject, namespace) for subject in obj.get("subjects") or ())
    return Binding(namespace, metadata["name"], role, subjects)


def _subject(subject: JsonObject, namespace: str) -> Subject:
    kind, name = subject.get("kind") or "", subject.get("name") or ""
    if kind == "ServiceAccount":
        return Subject("User", f"system:serviceaccount:{subject.get('namespace') or namespace}:{name}")
    return Subject(kind, name)


class Rbac:
    """The authorizer. `revision` counts the changes that may alter an answer."""

    def __init__(self) -> None:
        self.revision = 0
        self._roles: dict[RoleKey, tuple[Rule, ...]] = {}
        self._role_rules: dict[RoleKey, list[JsonObject]] = {}
        self._bindings: dict[tuple[str, str], Binding] = {}
        self._by_subject: dict[Subject, dict[tuple[str, str], Binding]] = {}

    def load(self, reader: Reader) -> None:
        """Loads all roles and bindings that exist."""
        for plural in PLURALS:
            for obj in reader.list(GROUP, plural):
                self.observe(GROUP, plural, None, obj)

    def observe(self, group: str, plural: str, old: JsonObject | None, new: JsonObject | None) -> None:
        """One committed change; `new` is None when the object was deleted. Kinds other than RBAC's are ignored."""
        if group != GROUP or (obj := new or old) is None:
            return
        metadata = obj["metadata"]
        key = (metadata.get("namespace") or "", metadata["name"])
        if plural in (ROLES, CLUSTER_ROLES):
            self._put_role(RoleKey(*key), new)
        elif plural in (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS):
            self._put_binding(key, new)
        else:
            return
        self.revision += 1

    def _put_role(self, key: RoleKey, obj: JsonObject | None) -> None:
        if obj is None:
            self._roles.pop(key, None)
            self._role_rules.pop(key, None)
        else:
            self._role_rules[key] = obj.get("rules") or []
            self._roles[key] = tuple(Rule.of(rule) for rule in self._role_rules[key])

    def _put_binding(self, key: tuple[str, str], obj: JsonObject | None) -> None:
        if old := self._bindings.pop(key, None):
            for subject in old.subjects:
                self._by_subject.get(subject, {}).pop(key, None)
        if obj is not None:
            binding = self._bindings[key] = binding_of(obj)
            for subject in binding.subjects:
                self._by_subject.setdefault(subject, {})[key] = binding

    def judge(self, user: User, asked: Attributes) -> Verdict:
        if MASTERS in user.groups:
            return Verdict(True)
        for subject, binding in self.bindings_for(user, asked.namespace):
            for rule in self._roles.get(binding.role, ()):
                if rule.matches(asked):
                    return Verdict(True, _reason(binding, subject))
        return Verdict(False)

    def bindings_for(self, user: User, namespace: str) -> Iterator[tuple[Subject, Binding]]:
        """The bindings that apply to the user in a namespace: cluster-wide ones first, as upstream looks them up."""
        own: list[tuple[Subject, Binding]] = []
        for subject in subjects_of(user):
            for binding in self._by_subject.get(subject, {}).values():
                if not binding.namespace:
                    yield subject, binding
                elif binding.namespace == namespace:
                    own.append((subject, binding))
        yield from own

    def roles_of(self, subject: Subject) -> Iterator[tuple[str, RoleKey]]:
        """The roles the subject itself is bound to, and in which namespace ("" means everywhere)."""
        for binding in self._by_subject.get(subject, {}).values():
            yield binding.namespace, binding.role

    def rules_for(self, user: User, namespace: str) -> list[JsonObject]:
        """All rules the user has in a namespace, as written in the roles."""
        held: list[JsonObject] = []
        for _, binding in self.bindings_for(user, namespace):
            held += self._role_rules.get(binding.role, ())
        return held

    def rules_of(self, role: RoleKey) -> list[JsonObject] | None:
        """A role's rules, or None when it does not exist."""
        return self._role_rules.get(role)


def _reason(binding: Binding, subject: Subject) -> str:
    kind, name = (
        ("RoleBinding", f"{binding.name}/{binding.namespace}")
        if binding.namespace
        else ("ClusterRoleBinding", binding.name)
    )
    role = "Role" if binding.role.namespace else "ClusterRole"
    shown = f'{subject.kind} "{subject.name}"'
    if subject.name.startswith("system:serviceaccount:"):
        namespace, _, account = subject.name.removeprefix("system:serviceaccount:").partition(":")
        shown = f'ServiceAccount "{account}/{namespace}"'
    return f'RBAC: allowed by {kind} "{name}" of {role} "{binding.role.name}" to {shown}'


def aggregated_rules(role: JsonObject, cluster_roles: Iterable[JsonObject]) -> list[JsonObject] | None:
    """The rules an aggregating ClusterRole must have: the others' in order of name, each once. None for other roles.

    Label selectors are joined by OR (kubernetes: pkg/controller/clusterroleaggregation).
    """
    selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors")
    if not selectors:
        return None
    rules: list[JsonObject] = []
    own = role["metadata"]["name"]
    for other in sorted(cluster_roles, key=lambda item: str(item["metadata"]["name"])):
        labels = other["metadata"].get("labels") or {}
        if other["metadata"]["name"] != own and any(_selects(selector, labels) for selector in selectors):
            rules += [rule for rule in other.get("rules") or () if rule not in rules]
    return rules


def _selects(selector: JsonObject, labels: Mapping[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_requirement(expression, labels) for expression in selector.get("matchExpressions") or ())


def _requirement(expression: JsonObject, labels: Mapping[str, str]) -> bool:
    value = labels.get(expression.get("key", ""))
    values = expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
