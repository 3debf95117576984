"""The generic receiver: actions whose conditions and targets are expressions over the request.

Source: spec/kargo-api.md 7. All parts of a criterion must match, including every one of its index expressions (upstream
only applies the last); criteria are alternatives. Parameters are taken literally.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from argosy.apis.kargo import Promotion, Warehouse
from argosy.apis.kargo.receivers import Action, GenericReceiver, IndexMatch, LabelSelector, TargetSelection
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.promotion.expressions import ExpressionFault, Function, evaluate, template
from argosy.promotion.urls import normalise_chart, normalise_git, normalise_image
from argosy.promotion.webhooks.concerned import subscribed
from argosy.promotion.webhooks.delivery import Delivery, Refused

NOT_APPLICABLE: Final = "Request did not match whenExpression"
BAD_CONDITION: Final = "Error evaluating whenExpression"
BAD_CRITERIA: Final = "Error evaluating targetSelectionCriteria"
BAD: Final = frozenset({"Error", "Failure", "PartialSuccess"})


Target = Warehouse | Promotion
Known = Mapping[str, Sequence[Target]]
"""Objects by kind that the receiver may refresh."""


class CriteriaFault(Exception):
    """A selection is invalid."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The result of one action; `targets` are refreshed, in order."""

    action: Action
    matched: bool
    targets: tuple[Target, ...] = ()
    result: str = ""
    summary: str = ""


def selections(delivery: Delivery, receiver: GenericReceiver, known: Known) -> list[Selection]:
    """Raises Refused."""
    names = _names(delivery)
    return [_selection(action, names, known) for action in receiver.actions]


def _names(delivery: Delivery) -> dict[str, Any]:
    try:
        body = orjson.loads(delivery.body) if delivery.body else None
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"invalid request body: {_why(delivery.body, error)}") from None
    header = Function(lambda name: delivery.header(str(name)), 1, 1)
    headers = Function(lambda name: [found] if (found := delivery.header(str(name))) else [], 1, 1)
    params = Function(lambda name: delivery.query.get(str(name), ""), 1, 1)
    return {
        "request": {"body": body, "header": header, "headers": headers, "params": params},
        "normalizeGit": Function(lambda url: normalise_git(str(url)), 1, 1),
        "normalizeImage": Function(lambda url: normalise_image(str(url)), 1, 1),
        "normalizeChart": Function(lambda url: normalise_chart(str(url)), 1, 1),
    }


def _why(body: bytes, error: orjson.JSONDecodeError) -> str:
    """In the words of Go's decoder if an object starts wrongly; else where it stops being JSON."""
    if error.pos >= len(body):
        return "unexpected end of JSON input"
    char = body[error.pos : error.pos + 1].decode("latin-1")
    before = body[: error.pos].rstrip()[-1:]
    looking = "object key string" if before in (b"{", b",") and b"{" in body[: error.pos] else "value"
    return f"invalid character '{char}' looking for beginning of {looking}"


def _selection(action: Action, names: Mapping[str, Any], known: Known) -> Selection:
    own = {**names, "params": dict(action.parameters)}
    try:
        met = evaluate(action.when_expression, own) if action.when_expression else True
    except ExpressionFault:
        met = None
    if not isinstance(met, bool):
        return Selection(action, False, result="Error", summary=BAD_CONDITION)
    if not met:
        return Selection(action, False, result="NotApplicable", summary=NOT_APPLICABLE)
    try:
        found = [one for criterion in action.target_selection_criteria for one in _chosen(criterion, own, known)]
    except (CriteriaFault, ExpressionFault):
        return Selection(action, True, result="Error", summary=BAD_CRITERIA)
    unique = {(one.metadata.namespace, one.metadata.name): one for one in found}
    return Selection(action, True, tuple(unique[place] for place in sorted(unique)))


def _chosen(criterion: TargetSelection, names: Mapping[str, Any], known: Known) -> Iterable[Target]:
    if criterion.kind not in known:
        raise CriteriaFault(f"unsupported target kind: {criterion.kind!r}")
    wanted = _text(criterion.name, names) if criterion.name else ""
    labels = label_selector_of(_labels(criterion.label_selector or LabelSelector(), names))
    indices = [_index(one, names) for one in criterion.index_selector.match_indices] if criterion.index_selector else []
    for one in known[criterion.kind]:
        named = not wanted or one.metadata.name == wanted
        if named and labels.matches(one.metadata.labels) and all(fits(one) for fits in indices):
            yield one


def _text(expression: Any, names: Mapping[str, Any]) -> str:
    found = template(expression, names)
    if not isinstance(found, str):
        raise CriteriaFault("an expression of the selection gives no text")
    return found


def _labels(selector: LabelSelector, names: Mapping[str, Any]) -> JsonObject:
    matched = {key: _text(value, names) for key, value in selector.match_labels.items()}
    expressions = [
        {**one, **({"values": [_text(value, names) for value in one["values"]]} if one.get("values") else {})}
        for one in selector.match_expressions
    ]
    return {"matchLabels": matched, "matchExpressions": expressions}


def _index(expression: IndexMatch, names: Mapping[str, Any]) -> Callable[[Target], bool]:
    key, operator = expression.key, expression.operator
    wanted = _text(expression.value, names)
    values = INDICES.get(key)
    if values is None or operator not in ("Equals", "NotEquals"):
        raise CriteriaFault(f"unsupported index {key!r} or operator {operator!r}")
    return lambda one: (wanted in values(one)) == (operator == "Equals")


def _subscribed_urls(one: Target) -> set[str]:
    return {url for _, _, url in subscribed(one)} if isinstance(one, Warehouse) else set()


def _receiver_paths(one: Target) -> set[str]:
    """Only configurations have receivers, and they cannot be targets so far."""
    return {str(found.get("path") or "") for found in one.status.raw.get("webhookReceivers") or ()}


INDICES: Final[Mapping[str, Callable[[Target], set[str]]]] = {
    "subscribedURLs": _subscribed_urls,
    "receiverPaths": _receiver_paths,
}


def reply_of(selection: Selection, refreshed: Sequence[bool]) -> JsonObject:
    """One entry of `results`; `refreshed` for each target in order."""
    shape = _shown(selection.action)
    shape["matchedWhenExpression"] = selection.matched
    if selection.result:
        return {**shape, "result": selection.result, "summary": selection.summary}
    targets = [
        {"namespace": one.metadata.namespace, "name": one.metadata.name, "success": success}
        for one, success in zip(selection.targets, refreshed, strict=True)
    ]
    good, count = sum(refreshed), len(targets)
    result = "Success" if good == count else "Failure" if not good else "PartialSuccess"
    summary = f"Refreshed {good} of {count} selected resources"
    return {**shape, **({"selectedTargets": targets} if targets else {}), "result": result, "summary": summary}


def _shown(action: Action) -> JsonObject:
    """The action as configured; empty members are left out, empty selectors shown."""
    shape = {key: value for key, value in action.raw.items() if value}
    shape["targetSelectionCriteria"] = [
        {"indexSelector": {}, "labelSelector": {}, **{key: value for key, value in one.raw.items() if value}}
        for one in action.target_selection_criteria
    ]
    return shape
