"""Jobs and CronJobs."""

from __future__ import annotations

from argosy.cluster.kinds.validation.causes import (
    immutable,
    invalid,
    not_negative,
    one_of,
    one_of_or_unset,
    required,
    unsupported,
)
from argosy.cluster.kinds.validation.metadata import check_selector, check_selector_matches
from argosy.cluster.kinds.validation.pods import check_template
from argosy.cluster.kinds.validation.schedules import schedule_problem, zone_problem
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause

_COUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
_MODES = ("Indexed", "NonIndexed")
_CONCURRENCY = ("Allow", "Forbid", "Replace")
_CRON_NAME_LIMIT = 52  # eleven characters are reserved for the suffix of the Jobs
_FIXED = ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "successPolicy", "managedBy", "selector")
_SCHEDULING = ("nodeSelector", "affinity", "tolerations", "schedulingGates")


def check_job(obj: JsonObject) -> list[Cause]:
    spec = obj.get("spec") or {}
    causes = check_job_spec(spec, "spec")
    if spec.get("selector") is None:
        return [*causes, required("spec.selector")]
    return causes + check_selector("spec.selector", spec["selector"]) + check_selector_matches(spec)


def check_job_spec(spec: JsonObject, path: str) -> list[Cause]:
    causes = [cause for name in _COUNTS for cause in not_negative(f"{path}.{name}", spec.get(name))]
    causes += one_of_or_unset(f"{path}.completionMode", spec.get("completionMode"), _MODES)
    if spec.get("completionMode") == "Indexed" and spec.get("completions") is None:
        causes.append(required(f"{path}.completions", "when completion mode is Indexed"))
    causes += check_template(spec.get("template"), path=f"{path}.template")
    policy = ((spec.get("template") or {}).get("spec") or {}).get("restartPolicy")
    place = f"{path}.template.spec.restartPolicy"
    if policy == "Always":
        causes.append(required(place, 'valid values: "OnFailure", "Never"'))
    elif policy not in ("OnFailure", "Never"):
        causes.append(unsupported(place, policy or "", ("OnFailure", "Never")))
    return causes


def check_job_update(obj: JsonObject, old: JsonObject) -> list[Cause]:
    spec, before = obj["spec"], old["spec"]
    causes: list[Cause] = []
    for name in _FIXED:
        causes += immutable(f"spec.{name}", spec.get(name), before.get(name))
    if not _template_may_change(spec, before, old):
        causes += immutable("spec.template", spec.get("template"), before.get("template"))
    return causes + _check_completions(spec, before)


def _template_may_change(spec: JsonObject, before: JsonObject, old: JsonObject) -> bool:
    """Scheduling directives of a Job that is suspended and never started."""
    if not before.get("suspend") or (old.get("status") or {}).get("startTime"):
        return False
    return _without_scheduling(spec) == _without_scheduling(before)


def _without_scheduling(spec: JsonObject) -> JsonObject:
    template = spec.get("template") or {}
    pod = {name: value for name, value in (template.get("spec") or {}).items() if name not in _SCHEDULING}
    metadata = template.get("metadata") or {}
    kept = {name: value for name, value in metadata.items() if name not in ("labels", "annotations")}
    return {"metadata": kept, "spec": pod}


def _check_completions(spec: JsonObject, before: JsonObject) -> list[Cause]:
    new, old = spec.get("completions"), before.get("completions")
    if new == old:
        return []
    elastic = spec.get("completionMode") == "Indexed" and new is not None and new == spec.get("parallelism")
    if elastic and old == before.get("parallelism"):
        return []
    return immutable("spec.completions", new, old)


def check_cron_job(obj: JsonObject) -> list[Cause]:
    spec, name = obj.get("spec") or {}, obj["metadata"].get("name") or ""
    causes: list[Cause] = []
    if len(name) > _CRON_NAME_LIMIT:
        causes.append(invalid("metadata.name", name, f"must be no more than {_CRON_NAME_LIMIT} characters"))
    causes += _check_schedule(spec)
    causes += not_negative("spec.startingDeadlineSeconds", spec.get("startingDeadlineSeconds"))
    causes += one_of("spec.concurrencyPolicy", spec.get("concurrencyPolicy"), _CONCURRENCY)
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    causes += check_job_spec(job, "spec.jobTemplate.spec")
    for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        causes += not_negative(f"spec.{name}", spec.get(name))
    return causes


def _check_schedule(spec: JsonObject) -> list[Cause]:
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    causes: list[Cause] = []
    if not schedule:
        causes.append(required("spec.schedule"))
    elif "TZ" in schedule:
        text = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        causes.append(invalid("spec.schedule", schedule, text))
    elif problem := schedule_problem(schedule):
        causes.append(invalid("spec.schedule", schedule, problem))
    if zone is not None and (problem := zone_problem(zone)):
        causes.append(invalid("spec.timeZone", zone, problem))
    return causes
