"""CEL expressions about a write: the variables that conditions and policies see, and match conditions (spec 14).

`request`, `object`, `oldObject`, `namespaceObject` are named as upstream names them. There is no `authorizer`: an
expression that uses it fails, and the policy's or webhook's failurePolicy decides what that means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from argosy.cluster.admission.attributes import Attributes
from argosy.machinery.objects import JsonObject, JsonValue, Resource
from argosy.machinery.schema import Node

if TYPE_CHECKING:
    from argosy.machinery.structural.cel import Budget

_ANY = Node()
CONDITIONS_BUDGET = 2_500_000
"""Units for all matchConditions of one policy or webhook (apiserver: RuntimeCELCostBudgetMatchConditions)."""


class ExpressionFailed(Exception):
    """The expression is not valid CEL, or failed on this write. The message may be shown to users."""


def request_of(attributes: Attributes) -> JsonObject:
    """The `request` of an AdmissionReview, without its objects."""
    ctx, resource, user = attributes.ctx, attributes.kind.resource, attributes.ctx.user
    kind, place = _named(resource)
    asked_kind, asked_place = _named(attributes.asked.resource) if attributes.asked else (kind, place)
    request: JsonObject = {"kind": kind, "resource": place, "requestKind": asked_kind, "requestResource": asked_place}
    if ctx.subresource:
        request["subResource"] = request["requestSubResource"] = ctx.subresource
    request |= {"name": attributes.name, "operation": ctx.operation, "dryRun": ctx.dry_run}
    if resource.namespaced:
        request["namespace"] = attributes.namespace
    info: JsonObject = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        info["uid"] = user.uid
    if user.extra:
        info["extra"] = {key: list(values) for key, values in user.extra.items()}
    return {**request, "userInfo": info}


def _named(resource: Resource) -> tuple[JsonObject, JsonObject]:
    """(GroupVersionKind, GroupVersionResource)."""
    version: JsonObject = {"group": resource.group, "version": resource.version}
    return {**version, "kind": resource.kind}, {**version, "resource": resource.plural}


def value_of(value: JsonValue, node: Node) -> Any:
    """A JSON value as expressions see it under its schema."""
    from argosy.machinery.structural import cel  # the engine is large, so it is imported with the first expression

    return cel.value_of(value, node)


def variables_of(attributes: Attributes, namespace: JsonObject | None) -> dict[str, Any]:
    node = attributes.kind.schema
    return {
        "request": request_of(attributes),
        "object": value_of(attributes.obj, node),
        "oldObject": value_of(attributes.old, node),
        "namespaceObject": value_of(namespace, _ANY),
    }


def budget(units: int = 0) -> Budget:
    """The cost limit for the expressions of one policy or webhook. 0 means upstream's RuntimeCELCostBudget."""
    from argosy.machinery.structural import cel

    return cel.Budget(units or cel.BUDGET)


def evaluated(text: str, variables: dict[str, Any], spent: Budget | None = None) -> Any:
    """Raises ExpressionFailed."""
    from argosy.machinery.structural import cel

    try:
        return cel.program(text).evaluate(variables, spent)
    except (cel.NotSupported, cel.EvaluationError) as error:
        raise ExpressionFailed(f"expression '{text.strip()}' resulted in error: {error}") from None


def conditions_hold(conditions: Iterable[JsonObject], variables: dict[str, Any]) -> bool:
    """Whether all matchConditions are true. A false one decides even if another one fails.

    Raises ExpressionFailed.
    """
    spent = budget(CONDITIONS_BUDGET)
    failure: ExpressionFailed | None = None
    for condition in conditions:
        try:
            if evaluated(condition["expression"], variables, spent) is not True:
                return False
        except ExpressionFailed as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return True
