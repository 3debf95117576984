"""Evaluates a step's `if` and configuration with what a Promotion knows before the step.

Source: spec/kargo-steps.md 8. Variables of the Promotion only see `ctx` and earlier variables; those of a step, and its
configuration, see outputs and the status of earlier steps too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.apis.kargo.steps import PromotionStep, Variable
from argosy.expr.exprlang import Fault
from argosy.machinery.objects import JsonObject
from argosy.promotion.expressions import ExpressionFault, Function, Struct, template
from argosy.promotion.promotions.functions import FreightView, functions
from argosy.promotion.promotions.tasks import SEPARATOR

FAILED: Final = frozenset({"Failed", "Errored"})


class EvaluationFault(Exception):
    """An expression is invalid, or its result cannot be used here. The text may quote the expression, never a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What does not change from step to step."""

    project: str
    stage: str
    promotion: str
    view: FreightView
    target: JsonObject = field(default_factory=dict)
    """`{name, alias, origin{name}}` of the promoted Freight."""
    actor: str = ""
    ui_url: str = ""
    applications: str = "argocd"
    rollback: bool = False
    variables: Sequence[Variable] = ()

    def names(self, alias: str) -> JsonObject:
        origin = {"name": (self.target.get("origin") or {}).get("name") or ""}
        freight = {"name": self.target.get("name"), "alias": self.target.get("alias") or "", "origin": origin}
        meta = {"promotion": {"actor": self.actor, "rollback": self.rollback}, "step": {"alias": alias}}
        return {
            "uiBaseUrl": self.ui_url,
            "project": self.project,
            "promotion": self.promotion,
            "stage": self.stage,
            "targetFreight": freight,
            "meta": meta,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Results of earlier steps."""

    state: Mapping[str, Any]
    metadata: Sequence[Mapping[str, Any]]


def should_skip(context: Context, step: PromotionStep, progress: Progress) -> bool:
    """Raises EvaluationFault."""
    condition = step.if_
    if not condition:
        return _has_failed(progress)
    try:
        found = template(condition, _environment(context, step, progress))
    except ExpressionFault as fault:
        raise EvaluationFault(str(fault)) from None
    if not isinstance(found, bool):
        raise EvaluationFault(f"expression must evaluate to a boolean, got {_go_type(found)}")
    return not found


def configuration(context: Context, step: PromotionStep, progress: Progress) -> JsonObject:
    """Raises EvaluationFault."""
    try:
        found = template(step.config or {}, _environment(context, step, progress))
    except ExpressionFault as fault:
        raise EvaluationFault(str(fault)) from None
    return found if isinstance(found, dict) else {}


def variables_of_step(context: Context, step: PromotionStep, progress: Progress) -> JsonObject:
    """The Promotion's and its own. Raises EvaluationFault."""
    found: JsonObject = _environment(context, step, progress)["vars"]
    return found


def variables(context: Context, alias: str) -> JsonObject:
    """Variables of the Promotion. Raises EvaluationFault."""
    names: JsonObject = {"ctx": context.names(alias), "vars": {}}
    found = names["vars"]
    for one in context.variables:
        try:
            found[one.name] = template(one.value, names)
        except ExpressionFault as fault:
            raise EvaluationFault(f'error pre-processing promotion variable "{one.name}": {fault}') from None
    return dict(found)


def _environment(context: Context, step: PromotionStep, progress: Progress) -> dict[str, Any]:
    alias = step.as_
    metas = {meta["alias"]: _meta(meta) for meta in progress.metadata}
    names: dict[str, Any] = {
        "ctx": context.names(alias),
        "vars": variables(context, alias),
        "outputs": dict(progress.state),
        "stepMetas": metas,
        **functions(context.view),
        **_conditions(alias, progress),
    }
    if SEPARATOR in alias:
        prefix = alias.partition(SEPARATOR)[0] + SEPARATOR
        own = {name.removeprefix(prefix): out for name, out in progress.state.items() if name.startswith(prefix)}
        names["task"] = {"outputs": own}
    for one in step.vars:
        try:
            value = template(one.value, names)
        except ExpressionFault as fault:
            raise EvaluationFault(f'error pre-processing step variable "{one.name}": {fault}') from None
        names["vars"] = {**names["vars"], one.name: value}
    return names


def _conditions(alias: str, progress: Progress) -> dict[str, Function]:
    failed = _has_failed(progress)
    return {
        "always": Function(lambda: True, 0, 0),
        "success": Function(lambda: not failed, 0, 0),
        "failure": Function(lambda: failed, 0, 0),
        "status": Function(lambda name: _status(alias, progress, name), 1, 1),
    }


def _status(alias: str, progress: Progress, name: str) -> str:
    """Outputs of a step of the same task, or outside of tasks, by its short alias."""
    if not name:
        raise Fault("argument must not be empty")
    full = f"{alias.partition(SEPARATOR)[0]}{SEPARATOR}{name}" if SEPARATOR in alias else name
    return next((str(meta.get("status") or "") for meta in progress.metadata if meta["alias"] == full), "")


def _has_failed(progress: Progress) -> bool:
    return any(meta.get("status") in FAILED and not meta.get("continueOnError") for meta in progress.metadata)


def _meta(meta: Mapping[str, Any]) -> Struct:
    """With Go's field names. The status has its own type there, so it never equals a text."""
    status = Struct("v1alpha1.PromotionStepStatus", {}, json=meta.get("status") or "")
    members = {
        "Alias": meta.get("alias") or "",
        "StartedAt": meta.get("startedAt"),
        "FinishedAt": meta.get("finishedAt"),
        "ErrorCount": float(meta.get("errorCount") or 0),
        "Status": status,
        "Message": meta.get("message") or "",
        "ContinueOnError": bool(meta.get("continueOnError")),
    }
    return Struct("v1alpha1.StepExecutionMetadata", members, json=dict(meta))


def _go_type(value: object) -> str:
    if value is None:
        return "<nil>"
    names = {str: "string", int: "float64", float: "float64", list: "[]interface {}", dict: "map[string]interface {}"}
    return names.get(type(value), type(value).__name__)
