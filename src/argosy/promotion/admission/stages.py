"""Stages: requested Freight, steps, and the user who requested a verification."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from argosy.apis.kargo import Stage
from argosy.apis.kargo.stage import FreightRequest
from argosy.apis.kargo.steps import PromotionStep
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.faults import Denied, FieldFault, spelled
from argosy.promotion.admission.warehouses import sharded
from argosy.promotion.names import ABORT, REVERIFY
from argosy.promotion.promotions.tasks import RESERVED
from argosy.promotion.stages.candidates import MATCH_UPSTREAM

STEPS = "spec.promotionTemplate.spec.steps"


def default(obj: JsonObject, old: JsonObject | None, actor: str, *, control_plane: bool) -> JsonObject:
    """Durations are only normalized along with another change, as in upstream's answers. Raises Denied."""
    changed = sharded(_with_actor(obj, old, actor, control_plane=control_plane))
    spelled = {**changed, "spec": _spelled_spec(changed.get("spec") or {})}
    return spelled if changed != obj else obj


def _spelled_spec(given: JsonObject) -> JsonObject:
    spec, requests = dict(given), []
    for request in spec.get("requestedFreight") or ():
        sources = dict(request.get("sources") or {})
        if sources.get("requiredSoakTime"):
            sources["requiredSoakTime"] = spelled(sources["requiredSoakTime"])
        requests.append({**request, "sources": sources})
    spec["requestedFreight"] = requests
    if template := spec.get("promotionTemplate"):
        steps = [with_spelled_retry(step) for step in (template.get("spec") or {}).get("steps") or ()]
        spec["promotionTemplate"] = {**template, "spec": {**(template.get("spec") or {}), "steps": steps}}
    return spec


def with_spelled_retry(step: JsonObject) -> JsonObject:
    retry = step.get("retry") or {}
    threshold = retry.get("errorThreshold")
    if isinstance(threshold, int) and threshold < 0:
        where = "PromotionStepRetry.spec.promotionTemplate.spec.steps.retry.errorThreshold"
        message = f"json: cannot unmarshal number {threshold} into Go struct field {where} of type uint32"
        raise Denied(400, "", message)
    return {**step, "retry": {**retry, "timeout": spelled(retry["timeout"])}} if retry.get("timeout") else step


def _with_actor(obj: JsonObject, old: JsonObject | None, actor: str, *, control_plane: bool) -> JsonObject:
    """A new request to verify again, or to abort, is completed with the user who made it."""
    annotations = dict(obj["metadata"].get("annotations") or {})
    before = ((old or {}).get("metadata") or {}).get("annotations") or {}
    for name in (REVERIFY, ABORT):
        if annotations.get(name) and annotations[name] != before.get(name):
            annotations[name] = request_text(annotations[name], "id", actor, control_plane=control_plane)
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}} if annotations else obj


def request_text(value: str, key: str, actor: str, *, control_plane: bool) -> str:
    request = read_request(value, key)
    given = request.get("actor") if control_plane else None
    completed: JsonObject = {key: request.get(key) or ""}
    if given or not control_plane:
        completed["actor"] = given or actor
    return json.dumps({**completed, **({"controlPlane": True} if control_plane else {})}, separators=(",", ":"))


def read_request(value: str, key: str) -> Mapping[str, Any]:
    """The request in an annotation: JSON, or a plain word, which is the value of `key`."""
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {key: value}


def validate(obj: JsonObject) -> list[FieldFault]:
    spec = read(Stage, obj).spec
    return [*_requests(spec.requested_freight), *steps_faults(spec.steps, STEPS)]


def _requests(requests: Sequence[FreightRequest]) -> Iterator[FieldFault]:
    seen: set[str] = set()
    for request in requests:
        origin = str(request.origin)
        if origin in seen:
            message = f"freight with origin {origin} requested multiple times in spec.requestedFreight"
            yield FieldFault("spec.requestedFreight", message, [one.raw for one in requests])
            return
        seen.add(origin)
    for index, request in enumerate(requests):
        sources, policy = request.sources, request.sources.auto_promotion_options.selection_policy
        if policy == MATCH_UPSTREAM and (sources.direct or len(sources.stages) != 1):
            yield FieldFault(
                f"spec.requestedFreight[{index}].sources.autoPromotionOptions.selectionPolicy",
                "MatchUpstream requires exactly one upstream Stage and no direct source",
                policy,
            )


def steps_faults(steps: Sequence[PromotionStep], path: str) -> Iterator[FieldFault]:
    seen: dict[str, int] = {}
    for index, step in enumerate(steps):
        alias = step.as_.strip()
        if alias and RESERVED.fullmatch(alias):
            yield FieldFault(f"{path}[{index}].as", "step alias is reserved", alias)
        elif alias in seen and alias:
            yield FieldFault(f"{path}[{index}].as", f"step alias duplicates that of {path}[{seen[alias]}]", alias)
        seen.setdefault(alias, index)
        if step.task:
            where = "PromotionTemplate step referencing a task cannot have"
            if step.config is not None:
                yield FieldFault(f"{path}[{index}].config", f"{where} a config", type="Forbidden")
            if step.if_:
                yield FieldFault(f"{path}[{index}].if", f"{where} an 'if' condition", type="Forbidden")
