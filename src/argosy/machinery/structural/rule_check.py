"""Checks a definition's rules: they compile against the schema's types, return the right type, and cost no more than
upstream allows (apiextensions-apiserver: pkg/apiserver/schema/cel, pkg/apis/apiextensions/validation).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from argosy.machinery import cel
from argosy.machinery.cel.estimate import estimate
from argosy.machinery.cel.types import BOOL, STRING, UNBOUNDED, Type, fits, optional_of
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.structural.rule_types import REQUEST_BYTES, declared_type

RULE_LIMIT = 10_000_000
SCHEMA_LIMIT = 100_000_000
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are "
    "declared)"
)
_SEGMENT = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^']+)'\]")
_REASONS = ("FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate")


@dataclass(slots=True)
class Costs:
    """Of all rules of one schema."""

    total: int = 0
    dearest: list[tuple[int, str]] = field(default_factory=list)


def check_rules_of(schema: JsonObject, root: str, *, known: frozenset[str] = frozenset()) -> Iterator[Cause]:
    """All errors in the rules of a structural schema.

    `known`: rules that the stored definition has already; they keep the type and cost they were accepted with.
    """
    costs = Costs()
    yield from _walk(schema, root, 1, is_root=True, lost="", costs=costs, known=known)
    if costs.total > SCHEMA_LIMIT:
        for cost, path in sorted(costs.dearest, reverse=True)[:4]:
            if cost * 100 >= SCHEMA_LIMIT:
                yield _forbidden(
                    path,
                    "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
                )
        factor = _factor(costs.total, SCHEMA_LIMIT)
        yield _forbidden(
            root,
            f"x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema "
            f"exceeds budget by factor of {factor} {_ADVICE}",
        )


def _walk(
    schema: JsonObject,
    path: str,
    count: int,
    *,
    is_root: bool,
    lost: str,
    costs: Costs,
    known: frozenset[str],
) -> Iterator[Cause]:
    """`count`: how often a rule here may run on one object, UNBOUNDED when nothing bounds it.

    `lost`: the highest list above whose items cannot be correlated between two versions of the object.
    """
    rules = schema.get("x-kubernetes-validations") or ()
    if rules:
        kind = declared_type(schema, is_resource=is_root)
        for index, rule in enumerate(rules):
            below = f"{path}.x-kubernetes-validations[{index}]"
            if kind is None:
                yield _invalid(below, rule.get("rule"), "compilation failed: the schema has no type here")
            else:
                yield from _Rule(rule, below, kind, count, lost, costs, known, schema).check()
    for name, child in (schema.get("properties") or {}).items():
        yield from _walk(
            child,
            f"{path}.properties[{name}]",
            count,
            is_root=False,
            lost=lost,
            costs=costs,
            known=known,
        )
    additional, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(additional, dict):
        most = _times(count, schema.get("maxProperties"))
        where = f"{path}.additionalProperties"
        yield from _walk(additional, where, most, is_root=False, lost=lost, costs=costs, known=known)
    if isinstance(items, dict):
        most = _times(count, schema.get("maxItems"))
        if not lost and schema.get("x-kubernetes-list-type") != "map":
            lost = path
        yield from _walk(items, f"{path}.items", most, is_root=False, lost=lost, costs=costs, known=known)


def _times(count: int, bound: JsonValue) -> int:
    if bound is None or count >= UNBOUNDED:
        return UNBOUNDED
    return min(UNBOUNDED, count * max(0, int(bound)))


@dataclass(slots=True)
class _Rule:
    rule: JsonObject
    path: str
    kind: Type
    count: int
    lost: str
    costs: Costs
    known: frozenset[str]
    schema: JsonObject

    def check(self) -> Iterator[Cause]:
        text = self.rule.get("rule")
        if not isinstance(text, str) or not text.strip():
            yield _required(f"{self.path}.rule", "rule is not specified")
            return
        yield from self._words(text)
        yield from self._expression("rule", text, BOOL, "cel expression must evaluate to a bool")
        message = self.rule.get("messageExpression")
        if message:
            yield from self._expression(
                "messageExpression", message, STRING, "messageExpression must evaluate to a string"
            )
        reason = self.rule.get("reason")
        if reason is not None and reason not in _REASONS:
            supported = ", ".join(f'"{name}"' for name in sorted(_REASONS))
            text = f'Unsupported value: "{reason}": supported values: {supported}'
            yield Cause(f"{self.path}.reason", text, "FieldValueNotSupported")

    def _words(self, rule: str) -> Iterator[Cause]:
        """The fields of a rule other than its expression."""
        message, at = self.rule.get("message") or "", f"{self.path}.message"
        if message and not message.strip():
            yield _invalid(at, message, "must be non-empty if specified")
        elif _has_lines(message.strip()):
            yield _invalid(at, message, "must not contain line breaks")
        elif _has_lines(rule.strip()) and not message:
            yield _required(at, "message must be specified if rule contains line breaks")
        place, at = self.rule.get("fieldPath") or "", f"{self.path}.fieldPath"
        if place and not place.strip():
            yield _invalid(at, place, "must be non-empty if specified")
        if _has_lines(place):
            yield _invalid(at, place, "must not contain line breaks")
        if place and not _leads_somewhere(self.schema, place):
            yield _invalid(at, place, "must be a valid path")

    def _printed(self) -> JsonObject:
        """As Go prints its type."""
        names = (("Rule", "rule", ""), ("Message", "message", ""), ("MessageExpression", "messageExpression", ""))
        more = (
            ("Reason", "reason", None),
            ("FieldPath", "fieldPath", ""),
            ("OptionalOldSelf", "optionalOldSelf", None),
        )
        return {shown: self.rule.get(name, absent) for shown, name, absent in (*names, *more)}

    def _expression(self, word: str, text: str, wanted: Type, otherwise: str) -> Iterator[Cause]:
        if text in self.known:
            return
        path = f"{self.path}.{word}"
        old = optional_of(self.kind) if self.rule.get("optionalOldSelf") else self.kind
        try:
            tree = cel.parse(text)
            checked = cel.check(text, tree, {"self": self.kind, "oldSelf": old})
        except (cel.ParseError, cel.TypeErrors) as error:
            what = "compilation failed" if word == "rule" else "messageExpression compilation failed"
            yield _invalid(path, self._printed(), f"{what}: {error}")
            return
        if not fits(wanted, checked.type, {}):
            yield _invalid(path, self._printed(), otherwise)
            return
        uses_old = "oldSelf" in checked.names
        if uses_old and self.lost:
            why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {self.lost}"
            yield _invalid(path, text, why)
        if word == "rule" and self.rule.get("optionalOldSelf") is not None and not uses_old:
            where = f"{self.path}.optionalOldSelf"
            yield _invalid(where, self.rule["optionalOldSelf"], "may not be set if oldSelf is not used in rule")
        yield from self._cost(path, word, estimate(tree).most)

    def _cost(self, path: str, word: str, each: int) -> Iterator[Cause]:
        count = self.count if self.count < UNBOUNDED else REQUEST_BYTES // (self.kind.least + 1)
        cost = min(UNBOUNDED, each * count)
        self.costs.total += cost
        self.costs.dearest.append((cost, path))
        if cost > RULE_LIMIT:
            factor = _factor(cost, RULE_LIMIT)
            yield _forbidden(path, f"estimated {word} cost exceeds budget by factor of {factor} {_ADVICE}")


def _has_lines(text: str) -> bool:
    return "\n" in text or "\r" in text


def _leads_somewhere(schema: JsonObject, path: str) -> bool:
    """Whether `.a.b['c']` names a field below the schema."""
    if not path.startswith((".", "[")):
        return False
    node: JsonValue = schema
    at = 0
    while at < len(path):
        found = _SEGMENT.match(path, at)
        if found is None or not isinstance(node, dict):
            return False
        name, at = found[1] or found[2], found.end()
        node = (node.get("properties") or {}).get(name) or node.get("additionalProperties")
    return isinstance(node, dict) or node is True


def _factor(cost: int, limit: int) -> str:
    factor = cost / limit
    return "more than 100x" if factor > 100 else f"{factor:.1f}x"


def _required(path: str, text: str) -> Cause:
    return Cause(path, f"Required value: {text}", "FieldValueRequired")


def _forbidden(path: str, text: str) -> Cause:
    return Cause(path, f"Forbidden: {text}", "FieldValueForbidden")


def _invalid(path: str, value: JsonValue, text: str) -> Cause:
    from argosy.machinery.structural.validating import shown

    printed = shown(value)
    if isinstance(value, dict):  # in the order of Go's type, whose encoder escapes what HTML would read
        printed = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        for letter, escaped in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
            printed = printed.replace(letter, escaped)
    return Cause(path, f"Invalid value: {printed}: {text}")
