"""Removes what does not count as a difference from both sides before they are compared (spec 4.3)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from argosy.apis.argoproj.application import IgnoreDifference
from argosy.gitops.comparison.jq.answers import JqAnswers
from argosy.gitops.control_plane.settings import Ignored, Settings
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.server_side_apply import fieldset
from argosy.machinery.text.globs import matches


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one object: everything that a memo of its comparison depends on."""

    pointers: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    ignore_aggregated_roles: bool = False
    ignore_status: str = "all"
    jq: JqAnswers = field(default_factory=JqAnswers, compare=False, repr=False)
    """Answers which paths the expressions select."""


def rules_for(
    key: ResourceKey, app_rules: Iterable[IgnoreDifference], settings: Settings, jq: JqAnswers | None = None
) -> Rules:
    """System rules first, then the application's."""
    chosen = [rule for rule in (*settings.ignored, *map(_of_app, app_rules)) if _covers(rule, key)]
    return Rules(
        tuple(pointer for rule in chosen for pointer in rule.pointers),
        tuple(path for rule in chosen for path in rule.paths),
        tuple(manager for rule in chosen for manager in rule.managers),
        settings.ignore_aggregated_roles,
        settings.ignore_status,
        jq or JqAnswers(),
    )


def normalised(obj: JsonObject, rules: Rules) -> JsonObject:
    """One side without ignored fields; unchanged parts are shared."""
    key = resource_key(obj)
    metadata = {k: v for k, v in (obj.get("metadata") or {}).items() if k != "creationTimestamp" or v is not None}
    metadata.pop("creationTimestamp", None)
    for name in ("annotations", "labels"):
        # An empty map that was applied once must not remove what others have written to it since.
        if name in metadata and not metadata[name]:
            del metadata[name]
    made = {**obj, "metadata": metadata}
    if rules.ignore_status == "all" or (rules.ignore_status == "crd" and key.kind == "CustomResourceDefinition"):
        made.pop("status", None)
    return without_ignored(_by_kind(made, key, rules), rules)


def without_ignored(obj: JsonObject, rules: Rules) -> JsonObject:
    """Without the fields that the rules name; unaffected parts are shared."""
    made = obj
    for pointer in rules.pointers:
        made = _without(made, _pointer_parts(pointer))
    for path in rules.paths:
        made = rules.jq.deleted(made, path)
    return made


def without_managed(obj: JsonObject, live: JsonObject, managers: tuple[str, ...]) -> JsonObject:
    """The object with the live value of every field that one of `managers` owns."""
    result: JsonObject = obj
    for entry in (live.get("metadata") or {}).get("managedFields") or ():
        if entry.get("manager") not in managers:
            continue
        for path in fieldset.paths(fieldset.parse(entry.get("fieldsV1") or {})):
            steps = [_step(element) for element in path]
            if all(step is not None for step in steps):
                result = _taken_from(result, live, steps)
    return result


def _by_kind(obj: JsonObject, key: ResourceKey, rules: Rules) -> JsonObject:
    match key.group, key.kind:
        case "", "Secret":
            return folded(obj)
        case "", "Endpoints":
            return _endpoints(obj)
        case "rbac.authorization.k8s.io", "Role" | "ClusterRole":
            ignored = rules.ignore_aggregated_roles and obj.get("aggregationRule")
            if ignored or not obj.get("rules"):
                return {**obj, "rules": None}
    return obj


def folded(obj: JsonObject) -> JsonObject:
    """A Secret with its `stringData` in `data`, as the API server keeps it (spec 4.3)."""
    data = dict(obj.get("data") or {})
    for name, value in (obj.get("stringData") or {}).items():
        data[name] = base64.b64encode(str(value).encode()).decode()
    for name, value in data.items():
        try:
            data[name] = base64.b64encode(base64.b64decode(value or "", validate=True)).decode()
        except (binascii.Error, TypeError, ValueError):
            continue
    made = {k: v for k, v in obj.items() if k != "stringData"}
    if data:
        return {**made, "data": data}
    made.pop("data", None)
    return made


def _endpoints(obj: JsonObject) -> JsonObject:
    def port(item: JsonObject) -> JsonObject:
        return {**item, "protocol": item.get("protocol") or "TCP"}

    subsets: list[JsonObject] = []
    for subset in obj.get("subsets") or ():
        made = dict(subset)
        for name in ("addresses", "notReadyAddresses"):
            if made.get(name):
                made[name] = sorted(made[name], key=lambda a: (str(a.get("ip")), json.dumps(a, sort_keys=True)))
        if made.get("ports"):
            made["ports"] = sorted(map(port, made["ports"]), key=lambda p: json.dumps(p, sort_keys=True))
        subsets.append(made)
    subsets.sort(key=lambda item: json.dumps(item, sort_keys=True))
    return {**obj, "subsets": subsets} if subsets else obj


def _of_app(rule: IgnoreDifference) -> Ignored:
    return Ignored(
        group=rule.group,
        kind=rule.kind,
        name=rule.name,
        namespace=rule.namespace,
        pointers=rule.json_pointers,
        paths=rule.jq_path_expressions,
        managers=rule.managed_fields_managers,
    )


def _covers(rule: Ignored, key: ResourceKey) -> bool:
    return (
        matches(rule.group, key.group)
        and matches(rule.kind, key.kind)
        and rule.name in ("", key.name)
        and rule.namespace in ("", key.namespace)
    )


def _pointer_parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _without(value: JsonValue, parts: list[str]) -> JsonValue:
    """A missing path is fine."""
    if not parts:
        return value
    part, rest = parts[0], parts[1:]
    if isinstance(value, dict) and part in value:
        if not rest:
            return {key: item for key, item in value.items() if key != part}
        inner = _without(value[part], rest)
        return value if inner is value[part] else {**value, part: inner}
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        at = int(part)
        below = _without(value[at], rest) if rest else None
        if rest and below is value[at]:
            return value
        return value[:at] + ([below] if rest else []) + value[at + 1 :]
    return value


def _step(element: str) -> object:
    """A field's name, or the identity of a list item."""
    sign, _, rest = element.partition(":")
    if sign == "f":
        return rest
    return json.loads(rest) if sign == "k" else None


def _taken_from(obj: JsonValue, live: JsonValue, steps: list[object]) -> JsonValue:
    step, rest = steps[0], steps[1:]
    if isinstance(step, str) and isinstance(obj, dict) and isinstance(live, dict) and step in live:
        if not rest:
            return (
                obj if isinstance(live[step], dict) and isinstance(obj.get(step), dict) else {**obj, step: live[step]}
            )
        return {**obj, step: _taken_from(obj[step], live[step], rest)} if step in obj else obj
    if isinstance(step, dict) and isinstance(obj, list) and isinstance(live, list) and rest:
        theirs = next((item for item in live if _is(item, step)), None)
        return obj if theirs is None else [_taken_from(i, theirs, rest) if _is(i, step) else i for i in obj]
    return obj


def _is(item: JsonValue, identity: dict[str, JsonValue]) -> bool:
    return isinstance(item, dict) and all(item.get(name) == value for name, value in identity.items())
