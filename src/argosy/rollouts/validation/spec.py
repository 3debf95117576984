"""The spec of a Rollout by itself. Section 10, "Spec"."""

from __future__ import annotations

from argosy.apis.kubernetes.known import defaulted
from argosy.apis.rollouts import Rollout
from argosy.cluster.kinds.validation.metadata import check_selector
from argosy.cluster.kinds.validation.pods import check_template, only_restart_policy
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import SelectorError, label_selector_of
from argosy.machinery.status import Cause
from argosy.rollouts.arithmetic.limits import progress_deadline, revision_history
from argosy.rollouts.validation.blue_green import blue_green_errors
from argosy.rollouts.validation.canary import canary_errors
from argosy.rollouts.validation.errors import FieldError, internal, invalid, required

_NOT_NEGATIVE = "must be greater than or equal to 0"


def spec_errors(rollout: Rollout, *, stored_template: bool = False) -> list[FieldError]:
    """All invalid fields, in the order in which they are checked; only the first is reported.

    `stored_template`: the template is the one in the object, not one taken from a workload.
    """
    spec = rollout.spec
    found = _not_negative("spec.replicas", rollout.replicas)
    if spec.workload_ref is None:
        found += _selector_errors(spec.selector)
    elif stored_template and spec.template:
        found.append(internal("spec.template", "template must be empty for workload reference rollout"))
    if spec.workload_ref is None or not stored_template:
        found += template_errors(rollout)
    found += _not_negative("spec.minReadySeconds", spec.min_ready_seconds)
    found += _not_negative("spec.revisionHistoryLimit", revision_history(rollout))
    deadline = progress_deadline(rollout)
    found += _not_negative("spec.progressDeadlineSeconds", deadline)
    if deadline <= spec.min_ready_seconds:
        found.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return found + strategy_errors(rollout, "spec.strategy")


def _not_negative(path: str, value: int) -> list[FieldError]:
    return [invalid(path, value, _NOT_NEGATIVE)] if value < 0 else []


def _selector_errors(selector: JsonObject | None) -> list[FieldError]:
    if selector is None:
        return [required("spec.selector", "Rollout has missing field '.spec.selector'")]
    found = [_of_cause(cause) for cause in check_selector("spec.selector", selector)]
    if not (selector.get("matchLabels") or selector.get("matchExpressions")):
        found.append(invalid("spec.selector", selector, "empty selector is invalid for deployment"))
    return found


def template_errors(rollout: Rollout) -> list[FieldError]:
    """As for a ReplicaSet, with the defaults of a pod template. Privileged containers are left to the cluster."""
    template, selector = rollout.spec.template or {}, rollout.spec.selector
    labels = (template.get("metadata") or {}).get("labels") or {}
    try:
        parsed = label_selector_of(selector) if selector is not None else None
    except SelectorError:
        return [invalid("spec.selector", selector, "invalid label selector")]
    whole = defaulted({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {}, "template": template})
    full = whole.get("template") or {}
    found = []
    empty = parsed is not None and parsed.empty
    if not empty and (parsed is None or not parsed.matches(labels)):
        text = "`selector` does not match template `labels`"
        found.append(invalid("spec.template.metadata.labels", dict(sorted(labels.items())) or None, text))
    causes = check_template(full, path="spec.template") + only_restart_policy(full, path="spec.template")
    return found + [_of_cause(cause) for cause in causes]


def _of_cause(cause: Cause) -> FieldError:
    _, _, detail = cause.message.rpartition(": ")
    return FieldError(cause.field, cause.reason, detail, f"{cause.field}: {cause.message}")


def strategy_errors(rollout: Rollout, path: str) -> list[FieldError]:
    strategy = rollout.spec.strategy
    if strategy.blue_green is not None and strategy.canary is not None:
        text = "Multiple Strategies can not be listed"
        return [invalid(f"{path}.strategy", "blueGreen: true canary: true", text)]
    if strategy.blue_green is not None:
        return blue_green_errors(rollout, path)
    if strategy.canary is not None:
        return canary_errors(rollout, path)
    field = ".spec.strategy.canary or .spec.strategy.blueGreen"
    return [required(f"{path}.strategy", f"Rollout has missing field '{field}'")]
