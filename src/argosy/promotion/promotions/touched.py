"""The Applications that a Promotion's steps refer to, for the events about it (spec/kargo.md 6.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from argosy.apis.kargo import Freight, Promotion
from argosy.apis.kargo.steps import Variable
from argosy.promotion.applications import NAMESPACE
from argosy.promotion.expressions import ExpressionFault, template


def touched_applications(promotion: Promotion, freight: Freight | None, actor: str, namespace: str = NAMESPACE) -> str:
    """JSON, sorted, without duplicates; "" if there are none. A name that cannot be evaluated yet is left out."""
    names = _names(promotion, freight, actor)
    found: set[tuple[str, str]] = set()
    for step in promotion.spec.steps:
        if step.uses == "argocd-update" and isinstance(step.config, dict):
            own = {**names, "vars": _variables(step.vars, names)}
            found |= {place for app in step.config.get("apps") or () if (place := _place(app, own, namespace))}
    listed = [{"Namespace": namespace, "Name": name} for namespace, name in sorted(found)]
    return json.dumps(listed, separators=(",", ":")) if listed else ""


def _place(app: Mapping[str, Any], names: Mapping[str, Any], default: str) -> tuple[str, str] | None:
    try:
        namespace = template(app.get("namespace") or default, names)
        name = template(app.get("name") or "", names)
    except ExpressionFault:
        return None
    if not (isinstance(namespace, str) and isinstance(name, str) and name):
        return None
    return namespace, name


def _names(promotion: Promotion, freight: Freight | None, actor: str) -> dict[str, Any]:
    target = {"name": freight.metadata.name, "origin": freight.origin.raw} if freight else {}
    context = {
        "project": promotion.metadata.namespace,
        "promotion": promotion.metadata.name,
        "stage": promotion.spec.stage,
        "targetFreight": target,
        "meta": {"promotion": {"actor": actor}},
    }
    names: dict[str, Any] = {"ctx": context, "vars": {}}
    return {**names, "vars": _variables(promotion.spec.vars, names)}


def _variables(given: Iterable[Variable], names: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(names["vars"])
    for one in given:
        try:
            found[one.name] = template(one.value, {**names, "vars": found})
        except ExpressionFault:
            continue
    return found
