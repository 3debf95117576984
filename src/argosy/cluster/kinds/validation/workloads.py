"""Workload specs: counts, selectors, strategies; the fields that each kind's update may not change."""

from __future__ import annotations

import re

from argosy.cluster.kinds.validation.causes import (
    forbidden,
    immutable,
    invalid,
    not_negative,
    one_of,
    required,
)
from argosy.cluster.kinds.validation.metadata import (
    check_selector,
    check_selector_matches,
    check_workload_selector,
)
from argosy.cluster.kinds.validation.pods import check_template, only_restart_policy
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause

_PERCENT = re.compile(r"[0-9]+%")
_STATEFUL_CHANGEABLE = (
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
)


def _counts(spec: JsonObject, *names: str) -> list[Cause]:
    return [cause for name in names for cause in not_negative(f"spec.{name}", spec.get(name))]


def _template(spec: JsonObject, kind: str) -> list[Cause]:
    causes = check_workload_selector(spec, kind)
    if not causes:
        causes = check_selector_matches(spec)
    return causes + check_template(spec.get("template")) + only_restart_policy(spec.get("template") or {})


def check_deployment(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = _counts(spec, "replicas") + _template(spec, "deployment")
    causes += _check_strategy(spec.get("strategy") or {})
    causes += _counts(spec, "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds")
    deadline = spec.get("progressDeadlineSeconds")
    if deadline is not None and 0 <= deadline <= (spec.get("minReadySeconds") or 0):
        causes.append(invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return causes


def _check_strategy(strategy: JsonObject) -> list[Cause]:
    causes = one_of("spec.strategy.type", strategy.get("type"), ("Recreate", "RollingUpdate"))
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "Recreate" and rolling is not None:
        text = "may not be specified when strategy `type` is 'Recreate'"
        causes.append(forbidden("spec.strategy.rollingUpdate", text))
    if strategy.get("type") == "RollingUpdate":
        causes += _check_rolling("spec.strategy.rollingUpdate", rolling or {})
    return causes


def _check_rolling(path: str, rolling: JsonObject) -> list[Cause]:
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    causes = count_or_percent(f"{path}.maxUnavailable", unavailable)
    causes += count_or_percent(f"{path}.maxSurge", surge)
    if unavailable in (0, "0%") and surge in (0, "0%"):
        causes.append(invalid(f"{path}.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0"))
    if isinstance(unavailable, str) and _PERCENT.fullmatch(unavailable) and int(unavailable[:-1]) > 100:
        causes.append(invalid(f"{path}.maxUnavailable", unavailable, "must not be greater than 100%"))
    return causes


def count_or_percent(path: str, value: JsonValue) -> list[Cause]:
    if isinstance(value, str) and not _PERCENT.fullmatch(value):
        text = (
            "a valid percent string must be a numeric string followed by an ending '%' "
            "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
        )
        return [invalid(path, value, text)]
    return not_negative(path, value)


def check_replica_set(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    return _counts(spec, "replicas", "minReadySeconds") + _template(spec, "replica set")


def check_replication_controller(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = _counts(spec, "replicas", "minReadySeconds")
    selector = spec.get("selector") or {}
    if not selector:
        causes.append(required("spec.selector"))
    template = spec.get("template")
    if template is None:
        return [*causes, required("spec.template")]
    causes += check_selector_matches({"selector": {"matchLabels": selector}, "template": template})
    return causes + check_template(template) + only_restart_policy(template)


def check_stateful_set(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = one_of("spec.podManagementPolicy", spec.get("podManagementPolicy"), ("OrderedReady", "Parallel"))
    update = spec.get("updateStrategy") or {}
    causes += one_of("spec.updateStrategy.type", update.get("type"), ("OnDelete", "RollingUpdate"))
    rolling = update.get("rollingUpdate")
    if rolling is not None and update.get("type") != "RollingUpdate":
        text = f"only allowed for updateStrategy '{'RollingUpdate'}'"
        causes.append(invalid("spec.updateStrategy.rollingUpdate", rolling, text))
    elif rolling is not None:
        causes += not_negative("spec.updateStrategy.rollingUpdate.partition", rolling.get("partition"))
    causes += _counts(spec, "replicas", "minReadySeconds", "revisionHistoryLimit")
    return causes + _template(_with_claims(spec), "statefulset")


def _with_claims(spec: JsonObject) -> JsonObject:
    """Its Pods get a volume for each claim template, which containers may therefore mount."""
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    present = {volume.get("name") for volume in pod.get("volumes") or ()}
    names = [(claim.get("metadata") or {}).get("name") for claim in spec.get("volumeClaimTemplates") or ()]
    claims = [{"name": name, "emptyDir": {}} for name in names if name and name not in present]
    if not claims:
        return spec
    volumes = [*(pod.get("volumes") or ()), *claims]
    return {**spec, "template": {**template, "spec": {**pod, "volumes": volumes}}}


def check_daemon_set(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = _template(spec, "daemonset") + _counts(spec, "minReadySeconds", "revisionHistoryLimit")
    update = spec.get("updateStrategy") or {}
    causes += one_of("spec.updateStrategy.type", update.get("type"), ("OnDelete", "RollingUpdate"))
    rolling = update.get("rollingUpdate")
    if update.get("type") != "RollingUpdate" or rolling is None:
        return causes
    path = "spec.updateStrategy.rollingUpdate"
    unavailable, surge = rolling.get("maxUnavailable"), rolling.get("maxSurge")
    causes += count_or_percent(f"{path}.maxUnavailable", unavailable) + count_or_percent(f"{path}.maxSurge", surge)
    none, all_none = unavailable in (0, "0%"), surge in (0, "0%")
    if none and all_none:
        causes.append(required(f"{path}.maxUnavailable", "cannot be 0 when maxSurge is 0"))
    if not none and not all_none:
        causes.append(invalid(f"{path}.maxSurge", surge, "may not be set when maxUnavailable is non-zero"))
    return causes


def check_selector_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    selector = obj["spec"].get("selector")
    return immutable("spec.selector", selector, old["spec"].get("selector"))


def check_stateful_set_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    fixed, before = (_without(spec, _STATEFUL_CHANGEABLE) for spec in (obj["spec"], old["spec"]))
    if fixed == before:
        return []
    *first, last = (f"'{name}'" for name in _STATEFUL_CHANGEABLE)
    text = f"updates to statefulset spec for fields other than {', '.join(first)} and {last} are forbidden"
    return [forbidden("spec", text)]


def _without(spec: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: value for name, value in spec.items() if name not in names}


def check_disruption_budget(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    causes: list[Cause] = []
    if least is not None and most is not None:
        text = "minAvailable and maxUnavailable cannot be both set"
        causes.append(invalid("spec", {"minAvailable": least, "maxUnavailable": most}, text))
    causes += count_or_percent("spec.minAvailable", least) + count_or_percent("spec.maxUnavailable", most)
    return causes + check_selector("spec.selector", spec.get("selector"))


def check_autoscaler(obj: JsonObject) -> list[Cause]:
    """The v2 form."""
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    causes: list[Cause] = []
    if least is not None and least < 1:
        causes.append(invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most < 1:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than 0"))
    if least is not None and most < least:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    target = spec.get("scaleTargetRef") or {}
    return causes + [required(f"spec.scaleTargetRef.{name}") for name in ("kind", "name") if not target.get(name)]
