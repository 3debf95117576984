"""Jobs and CronJobs."""

from __future__ import annotations

from typing import ClassVar

from argosy.cluster.kind import WriteContext
from argosy.cluster.kinds.strategies.builtin import BuiltinStrategy, LabelPaths
from argosy.cluster.kinds.validation import batch as rules
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
JOB_NAME = "batch.kubernetes.io/job-name"
_OLD_CONTROLLER_UID = "controller-uid"
_OLD_JOB_NAME = "job-name"


class JobStrategy(BuiltinStrategy):
    has_generation = True
    default_propagation = "Orphan"
    labels: ClassVar[LabelPaths] = {"status.successful": ("status", "succeeded")}

    def field_labels(self, obj: JsonObject) -> dict[str, str]:
        return {"status.successful": str((obj.get("status") or {}).get("succeeded") or 0)}

    def prepare_create(self, ctx: WriteContext, obj: JsonObject) -> None:
        super().prepare_create(ctx, obj)
        if not obj["spec"].get("manualSelector"):
            _generate_selector(obj)

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_job(obj)

    def check_update(self, ctx: WriteContext, obj: JsonObject, old: JsonObject) -> list[Cause]:
        return rules.check_job_update(obj, old)


def _generate_selector(obj: JsonObject) -> None:
    """The selector matches the Job's uid, which all its Pods carry (kinds sheet 2.2). Needs metadata.uid."""
    metadata, spec = obj["metadata"], obj["spec"]
    uid, name = metadata.get("uid", ""), metadata.get("name", "")
    own = {CONTROLLER_UID: uid, JOB_NAME: name, _OLD_CONTROLLER_UID: uid, _OLD_JOB_NAME: name}
    template = spec["template"]["metadata"]
    template["labels"] = {**(template.get("labels") or {}), **own}
    metadata["labels"] = {**(metadata.get("labels") or {}), **own}
    selector = spec.get("selector") or {}
    spec["selector"] = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), CONTROLLER_UID: uid}}


class CronJobStrategy(BuiltinStrategy):
    has_generation = True

    def check(self, ctx: WriteContext, obj: JsonObject) -> list[Cause]:
        return rules.check_cron_job(obj)
