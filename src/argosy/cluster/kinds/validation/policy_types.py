"""What expressions of a ValidatingAdmissionPolicy get wrong about the types of the kinds that they are about.

Such an expression is stored, and fails only on objects: the warnings in `status.typeChecking` say so before. Checked
are kinds that the policy names in full, up to the tenth one of a rule, and not the conditions. Source: apiserver
pkg/admission/plugin/policy/validating/typechecking.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Final

from argosy.cluster.catalog import Catalog
from argosy.cluster.kind import Kind
from argosy.cluster.kinds.validation.admission import variables_known
from argosy.cluster.kinds.validation.causes import members
from argosy.machinery.cel.types import BOOL, BYTES, DOUBLE, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.schema import Node
from argosy.machinery.structural.cel import escape
from argosy.machinery.structural.rule_types import declared_type

MOST_KINDS: Final = 10
MOST_TYPES: Final = 20
"""Unlike upstream, where a policy of many rules may have more: their types would hold the event loop for too long."""
MOST_CHARACTERS: Final = 10_000
"""Of all expressions, once for each kind that they are checked against: about 35 ms."""
_SCALARS: Final = {"integer": INT, "number": DOUBLE, "boolean": BOOL}


def type_warnings(policy: JsonObject, catalog: Catalog) -> list[JsonObject]:
    """`status.typeChecking.expressionWarnings`: for each expression, one text about all kinds that it is wrong for."""
    spec = policy.get("spec") or {}
    kinds = _affordable(kinds_named(spec, catalog), spec)
    parameters = _parameters(spec, catalog)
    declared = [(_shown(kind), _declared(kind, spec, parameters)) for kind in kinds]
    return [
        {"fieldRef": place, "warning": warning}
        for place, text in _expressions(spec)
        if (warning := "\n".join(_wrong(text, declared)))
    ]


def kinds_named(spec: JsonObject, catalog: Catalog) -> list[Kind]:
    """Those of rules without wildcards; subresources are left out. A rule's tenth kind is the last of the policy."""
    found: dict[tuple[str, str, str], Kind] = {}
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        kinds = list(islice(_kinds_of(rule, catalog), MOST_KINDS))
        found |= {(kind.resource.group, kind.resource.version, kind.resource.kind): kind for kind in kinds}
        if len(kinds) == MOST_KINDS:
            break
    return [found[place] for place in sorted(found)]


def _affordable(kinds: list[Kind], spec: JsonObject) -> list[Kind]:
    """One at least: the policy's own validation has cost as much."""
    variables = [str(item.get("expression") or "") for _, item in members(spec, "variables")]
    length = sum(map(len, variables)) + sum(len(text) for _, text in _expressions(spec))
    return kinds[: min(MOST_TYPES, max(1, MOST_CHARACTERS // max(1, length)))]


def _kinds_of(rule: JsonObject, catalog: Catalog) -> Iterator[Kind]:
    """In the order of groups, versions and plurals."""
    plurals = [plural for plural in rule.get("resources") or () if "*" not in plural and "/" not in plural]
    for place in product(_named(rule, "apiGroups"), _named(rule, "apiVersions"), sorted(plurals)):
        if (kind := catalog.find(*place)) is not None:
            yield kind


def _named(rule: JsonObject, field: str) -> list[str]:
    """None if any of them has a wildcard."""
    words = sorted(rule.get(field) or ())
    return [] if any("*" in word for word in words) else words


def _shown(kind: Kind) -> str:
    resource = kind.resource
    return f"{resource.group}/{resource.version}, Kind={resource.kind}"


def _expressions(spec: JsonObject) -> Iterator[tuple[str, str]]:
    for below, item in members(spec, "validations"):
        for field in ("expression", "messageExpression"):
            if text := item.get(field):
                yield f"spec.{below}.{field}", str(text)


def _wrong(text: str, declared: Iterable[tuple[str, Mapping[str, Type]]]) -> Iterator[str]:
    from argosy.machinery import cel  # imported with the first policy

    for shown, variables in declared:
        try:
            cel.check(text, cel.parse(text), variables)
        except (cel.ParseError, cel.TypeErrors) as error:
            yield f"{shown}: {error}\n"


def _declared(kind: Kind, spec: JsonObject, parameters: Type | None) -> dict[str, Type]:
    """Every variable with its type; a variable of the policy has that of its expression."""
    from argosy.machinery import cel

    this = type_of(kind)
    composed: dict[str, Type] = {}
    variables = {**variables_known(), "object": this, "oldObject": this}
    variables["variables"] = Type("object", fields=composed, label="variables")
    if parameters is not None:
        variables["params"] = parameters
    for _, item in members(spec, "variables"):
        text = str(item.get("expression") or "")
        try:
            composed[str(item.get("name") or "")] = cel.check(text, cel.parse(text), variables).type
        except (cel.ParseError, cel.TypeErrors):
            composed[str(item.get("name") or "")] = DYN
    return variables


def _parameters(spec: JsonObject, catalog: Catalog) -> Type | None:
    """None if the policy has none, or the kind is not served."""
    wanted = spec.get("paramKind")
    if not wanted:
        return None
    group, _, version = str(wanted.get("apiVersion") or "").rpartition("/")
    kind = catalog.by_kind(group, version, str(wanted.get("kind") or ""))
    return None if kind is None else type_of(kind)


def type_of(kind: Kind) -> Type:
    """The type of a kind's objects by its schema; unknown for a definition without fields."""
    if kind.raw_schema is None:
        return _typed(kind.schema, frozenset())
    found = declared_type(kind.raw_schema, is_resource=True, label="object") or DYN
    if found.name != "object":
        return DYN
    return Type("object", fields={**found.fields, "metadata": _metadata()}, label="object")


def _metadata() -> Type:
    from argosy.apis.kubernetes.compile import node_of

    return _typed(node_of("meta/v1.ObjectMeta"), frozenset())


def _typed(node: Node, above: frozenset[str]) -> Type:
    """Of a built-in type; one that contains itself is not followed."""
    if node.go in above or node.preserve_unknown:
        return DYN
    inside = above | {node.go} if node.properties else above
    if node.type == "object" and node.additional is not None:
        return map_of(STRING, _typed(node.additional, inside))
    if node.type == "object":
        fields = {escape(name): _typed(below, inside) for name, below in node.properties.items()}
        return Type("object", fields=fields, label=node.go.rpartition("/")[2] or "object")
    if node.type == "array":
        return list_of(_typed(node.items, inside) if node.items is not None else DYN)
    if node.type == "string":
        return {"byte": BYTES, "date-time": TIMESTAMP}.get(node.format, STRING)
    return _SCALARS.get(node.type, DYN)
