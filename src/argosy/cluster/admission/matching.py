"""Decides which writes a webhook or policy applies to: rules, object and namespace selectors (spec 14). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.kind import Kind, Reader
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.selectors import LabelSelector, label_selector_of


@dataclass(frozen=True, slots=True)
class Rule:
    operations: frozenset[str]
    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[str]
    scope: str
    names: frozenset[str] = frozenset()
    """The objects' names; empty for all."""

    def matches(self, operation: str, resource: Resource, subresource: str, name: str = "") -> bool:
        return (
            _has(self.operations, operation)
            and _has(self.groups, resource.group)
            and _has(self.versions, resource.version)
            and self._covers(resource.plural, subresource)
            and self.scope in ("*", "Namespaced" if resource.namespaced else "Cluster")
            and (not self.names or name in self.names)
        )

    def _covers(self, plural: str, subresource: str) -> bool:
        if "*/*" in self.resources:
            return True
        if not subresource:
            return bool(self.resources & {"*", plural})
        return bool(self.resources & {f"{plural}/{subresource}", f"{plural}/*", f"*/{subresource}"})


def _has(words: frozenset[str], word: str) -> bool:
    return "*" in words or word in words


def compile_rules(rules: list[JsonObject] | None) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            frozenset(rule.get("operations") or ()),
            frozenset(rule.get("apiGroups") or ()),
            frozenset(rule.get("apiVersions") or ()),
            frozenset(rule.get("resources") or ()),
            rule.get("scope") or "*",
            frozenset(rule.get("resourceNames") or ()),
        )
        for rule in rules or ()
    )


@dataclass(frozen=True, slots=True)
class Matching:
    rules: tuple[Rule, ...] | None
    """None means every resource."""
    excluded: tuple[Rule, ...]
    namespaces: LabelSelector
    objects: LabelSelector
    equivalent: bool = True
    """matchPolicy Equivalent: the rules also match the same objects in other versions."""

    def view_of(
        self, attributes: Attributes, namespace: JsonObject | None, others: Sequence[Kind]
    ) -> Attributes | None:
        """The write as the rules match it: as requested, else in one of the `others` versions. None means no match."""
        if self.matches(attributes, namespace):
            return attributes
        for other in others if self.equivalent else ():
            if other is not attributes.kind and self._means(other.resource, attributes):
                shown = attributes.shown_as(other)
                if self.matches(shown, namespace):
                    return shown
        return None

    def matches(self, attributes: Attributes, namespace: JsonObject | None) -> bool:
        """`namespace` is the object's own, or the object itself for a Namespace, or None at cluster scope."""
        if not self._means(attributes.kind.resource, attributes):
            return False
        if namespace is not None and not self.namespaces.matches(namespace["metadata"].get("labels") or {}):
            return False
        states = [item for item in (attributes.obj, attributes.old) if item is not None]
        return any(self.objects.matches(item["metadata"].get("labels") or {}) for item in states)

    def _means(self, resource: Resource, attributes: Attributes) -> bool:
        ctx = attributes.ctx
        place = (ctx.operation, resource, ctx.subresource, attributes.name)
        if self.rules is not None and not any(rule.matches(*place) for rule in self.rules):
            return False
        return not any(rule.matches(*place) for rule in self.excluded)


def compile_matching(spec: JsonObject) -> Matching:
    """For `matchConstraints` or `matchResources`, which may omit the rules."""
    rules = spec.get("resourceRules")
    return Matching(
        compile_rules(rules) if rules else None,
        compile_rules(spec.get("excludeResourceRules")),
        label_selector_of(spec.get("namespaceSelector") or {}),
        label_selector_of(spec.get("objectSelector") or {}),
        spec.get("matchPolicy") != "Exact",
    )


def namespace_of(attributes: Attributes, reader: Reader) -> JsonObject | None:
    if attributes.kind.storage == ("", "namespaces"):
        return attributes.obj or attributes.old
    if not attributes.kind.resource.namespaced:
        return None
    return reader.get("", "namespaces", "", attributes.namespace)
