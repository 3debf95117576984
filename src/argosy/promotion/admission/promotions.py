"""Promotions: built from the Stage's template, whatever the client sent, and immutable afterwards.

Source: spec/kargo.md 6.1 and 7.4.
"""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.kargo import Freight, Stage
from argosy.apis.kargo.stage import TargetSelector
from argosy.apis.kargo.steps import Steps
from argosy.machinery.objects import JsonObject
from argosy.promotion.admission.faults import Denied, FieldFault
from argosy.promotion.admission.stages import request_text
from argosy.promotion.names import ABORT, CREATE_ACTOR, HOLD, RESUME, SHARD, STAGE, label_value
from argosy.promotion.promotions.naming import promotion_name
from argosy.promotion.promotions.tasks import FindTask, TaskError, inflated

KEPT = (CREATE_ACTOR, HOLD, RESUME)


def built(obj: JsonObject, stage: Stage, freight: str, actor: str, ulid: str, find: FindTask) -> JsonObject:
    """`freight`: its resolved name. Raises Denied. An empty actor keeps the client's `create-actor`."""
    template = stage.spec.promotion_template.spec if stage.spec.promotion_template else Steps()
    if not template.steps:
        name = stage.metadata.name
        where = f'Stage "{name}" in namespace "{stage.metadata.namespace}"'
        fault = FieldFault("spec.stage", f"{where} defines no promotion steps", name)
        made = promotion_name(name, freight, ulid)
        raise Denied(422, "Invalid", f'Promotion.kargo.akuity.io "{made}" is invalid: {fault}')
    variables = [*stage.spec.vars, *template.vars]
    try:
        steps = inflated(template.steps, variables, find)
    except TaskError as error:
        raise _task_denied(str(error)) from None
    spec = {**obj["spec"], "steps": steps, **({"vars": [one.raw for one in variables]} if variables else {})}
    if not variables:
        spec.pop("vars", None)
    if spec.pop("origin", None) is not None and not spec.get("freight"):
        spec["freight"] = freight
    elif obj["spec"].get("origin"):
        spec["origin"] = obj["spec"]["origin"]
    return {**obj, "metadata": _metadata(obj, stage, freight, actor, ulid), "spec": spec}


def _task_denied(message: str) -> Denied:
    if message.endswith("not found"):
        plural, _, rest = message.rpartition("): ")[2].partition(".kargo")
        kind = {"promotiontasks": "PromotionTask", "clusterpromotiontasks": "ClusterPromotionTask"}[plural]
        return Denied(404, "NotFound", f"{kind}.kargo{rest}")
    return Denied(500, "InternalError", f"Internal error occurred: failed to inflate Promotion steps: {message}")


def _metadata(obj: JsonObject, stage: Stage, freight: str, actor: str, ulid: str) -> JsonObject:
    name = stage.metadata.name
    labels = {**(obj["metadata"].get("labels") or {}), STAGE: label_value(name)}
    if stage.spec.shard:
        labels[SHARD] = stage.spec.shard
    annotations = {**(obj["metadata"].get("annotations") or {}), STAGE: name}
    if actor:
        annotations[CREATE_ACTOR] = actor
    owner = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Stage",
        "name": name,
        "uid": stage.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        **obj["metadata"],
        "name": ulid if "." in ulid else promotion_name(name, freight, ulid),
        "labels": labels,
        "annotations": annotations,
        "ownerReferences": [owner],
    }


def with_intent(obj: JsonObject, freight: Freight | None, candidate: str, *, enabled: bool) -> JsonObject:
    """Whether a user's Promotion holds auto-promotion of its origin, or ends a hold. Sent annotations are removed."""
    annotations = dict(obj["metadata"].get("annotations") or {})
    annotations.pop(HOLD, None)
    annotations.pop(RESUME, None)
    if enabled and freight is not None:
        same = freight.metadata.name == candidate
        annotations[RESUME if same else HOLD] = str(freight.origin)
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def changed(obj: JsonObject, old: JsonObject, actor: str, *, control_plane: bool) -> JsonObject:
    """Restores what an update may not change; an abort is completed with the user who requested it."""
    annotations = dict(obj["metadata"].get("annotations") or {})
    before = old["metadata"].get("annotations") or {}
    for name in KEPT:
        if name in before:
            annotations[name] = before[name]
        else:
            annotations.pop(name, None)
    if annotations.get(ABORT) and annotations[ABORT] != before.get(ABORT):
        annotations[ABORT] = request_text(annotations[ABORT], "action", actor, control_plane=control_plane)
    return {**obj, "metadata": {**obj["metadata"], "annotations": annotations}}


def validate_change(obj: JsonObject, old: JsonObject) -> list[FieldFault]:
    return [] if obj["spec"] == old["spec"] else [FieldFault("spec", "spec is immutable", obj["spec"])]


def validate_new(obj: JsonObject, *, available: bool, targets: Sequence[TargetSelector]) -> list[FieldFault]:
    faults = []
    if not available:
        message = "Freight is not available to this Stage"
        faults.append(FieldFault("spec.freight", message, obj["spec"].get("freight")))
    if targets:
        message = "the Stage selects Targets: it is promoted to with a PromotionRequest rather than a Promotion"
        faults.append(FieldFault("spec.stage", message, obj["spec"].get("stage")))
    return faults
