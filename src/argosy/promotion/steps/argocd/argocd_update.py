"""`argocd-update`: makes Applications sync, and waits until they have.

Source: spec/kargo-steps.md 9.4. It only uses Application objects. Each one is either synced by one patch, waited
for, or done; an operation's info names its Promotion, so a patch is not repeated after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import SyncResult
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, merge
from argosy.promotion.applications import (
    PROMOTION_INFO,
    RUNNING,
    is_authorized,
    place,
    promotion_of,
    selected,
)
from argosy.promotion.kinds import APPLICATIONS
from argosy.promotion.steps.argocd.app_choice import APP_CHOICE, SELECTOR
from argosy.promotion.steps.kind import Job, Kind, Result, Sort, Status, StepFault, Writes
from argosy.promotion.steps.schema import FILLED, FLAG, NEVER, NONE, TEXT, at_most_one, body, each
from argosy.promotion.urls import normalise_chart, normalise_git

TIMEOUT: Final = timedelta(minutes=5)
REASON: Final = "Promotion triggered a sync of this Application resource."


def run(job: Job, snapshot: Snapshot, now: datetime | None) -> Result | Writes:
    del now
    chosen = [(update, application) for update in job.config["apps"] for application in _chosen(job, snapshot, update)]
    writes: list[Write] = []
    phases: list[tuple[str, Application]] = []
    for update, application in chosen:
        phase, patch = _decided(job, update, application)
        if patch is not None:
            writes.append(merge(APPLICATIONS, application.raw, patch))
        phases.append((phase, application))
    result = _result(phases, [update for update, _ in chosen])
    return Writes(tuple(writes), result) if writes else result


def _chosen(job: Job, snapshot: Snapshot, update: Mapping[str, Any]) -> list[Application]:
    namespace = place(job, update, "update")
    found = selected(snapshot, update, namespace)
    if update.get("name"):
        if not found:
            raise StepFault(f'unable to find Argo CD Application "{update["name"]}" in namespace "{namespace}"')
        if is_authorized(found[0], job.project, job.stage):
            raise StepFault(f'Argo CD Application "{update["name"]}" in namespace "{namespace}" is not authorized')
        return found
    allowed = [one for one in found if not is_authorized(one, job.project, job.stage)]
    if not found:
        raise StepFault(f'no Argo CD Applications found matching selector in namespace "{namespace}"')
    if not allowed:
        raise StepFault(
            f'found {len(found)} Application(s) matching selector in namespace "{namespace}", '
            f"but none are authorized for Stage {job.project}:{job.stage}"
        )
    if len(allowed) > 1:
        for application in allowed:
            for source in update.get("sources") or ():
                if _index(source, application) is None:
                    raise _not_applicable(source, application)
    return allowed


def _not_applicable(source: Mapping[str, Any], application: Application) -> StepFault:
    metadata = application.metadata
    chart = f' and chart "{source["chart"]}"' if source.get("chart") else ""
    return StepFault(
        f'no source of Argo CD Application "{metadata.name}" in namespace "{metadata.namespace}" '
        f"matched update for source with repoURL {source['repoURL']}{chart}"
    )


def _index(update: Mapping[str, Any], application: Application) -> int | None:
    """Which source an update is for: the one with the same repository and, for charts, the same chart."""
    for number, source in enumerate(application.spec.all_sources):
        normal = normalise_chart if source.chart else normalise_git
        if source.chart == (update.get("chart") or "") and normal(source.repo_url) == normal(update["repoURL"]):
            return number
    return None


def desired_revisions(update: Mapping[str, Any], application: Application) -> list[str]:
    """One for each source of the Application, "" if none is wanted; empty without updates of sources."""
    wanted = [""] * len(application.spec.all_sources)
    for source in update.get("sources") or ():
        index = _index(source, application)
        if index is not None and source.get("desiredRevision"):
            wanted[index] = source["desiredRevision"]
    return wanted if update.get("sources") else []


def _decided(job: Job, update: Mapping[str, Any], application: Application) -> tuple[str, JsonObject | None]:
    """(phase, the patch that makes it sync or None)"""
    if _is_asked(job, application):
        return "Running", None
    state = application.status.operation_state
    running = state.phase in RUNNING
    if promotion_of(state.operation) != job.promotion:
        # Another operation, such as an automated sync, must finish first; waiting for it is not an error of the step.
        return "Running", None if running else _patch(job, update, application)
    if running:
        return "Running", None
    result = state.sync_result
    if not result.raw and state.phase in ("Failed", "Error"):
        return state.phase, None
    if not result.raw or not _is_desired(update, application, result):
        return "Running", _patch(job, update, application)
    return state.phase, None


def _is_asked(job: Job, application: Application) -> bool:
    """This Promotion requested the operation, and it has not started."""
    return application.operation is not None and promotion_of(application.operation) == job.promotion


def _is_desired(update: Mapping[str, Any], application: Application, result: SyncResult) -> bool:
    observed = result.all_revisions
    return all(
        not wanted or (number < len(observed) and observed[number] == wanted)
        for number, wanted in enumerate(desired_revisions(update, application))
    )


def _patch(job: Job, update: Mapping[str, Any], application: Application) -> JsonObject:
    spec = _spec(update, application)
    policy, user = application.spec.sync_policy, job.actor
    options = list(policy.sync_options)
    operation: JsonObject = {
        "info": [{"name": "Reason", "value": REASON}, {"name": PROMOTION_INFO, "value": job.promotion}],
        "initiatedBy": {"username": user} if user else {"username": "kargo-controller", "automated": True},
        "retry": policy.retry.raw if policy.retry else {},
        "sync": {"syncOptions": options} if options else {},
    }
    return {
        "metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}},
        **({"spec": spec} if spec else {}),
        "operation": operation,
        "status": {"operationState": None},
    }


def _spec(update: Mapping[str, Any], application: Application) -> JsonObject:
    """The sources with the updates applied; empty if there are none."""
    sources = [dict(source.raw) for source in application.spec.all_sources]
    for wanted in update.get("sources") or ():
        index = _index(wanted, application)
        if index is None:
            raise _not_applicable(wanted, application)
        sources[index] = updated_source(sources[index], wanted)
    if not update.get("sources"):
        return {}
    return {"sources": sources} if application.spec.sources else {"source": sources[0]}


def updated_source(source: JsonObject, wanted: Mapping[str, Any]) -> JsonObject:
    changed = dict(source)
    if wanted.get("updateTargetRevision") and wanted.get("desiredRevision"):
        changed["targetRevision"] = wanted["desiredRevision"]
    if images := (wanted.get("helm") or {}).get("images"):
        helm = dict(changed.get("helm") or {})
        helm["parameters"] = _parameters(helm.get("parameters") or (), images)
        changed["helm"] = helm
    if images := (wanted.get("kustomize") or {}).get("images"):
        kustomize = dict(changed.get("kustomize") or {})
        kustomize["images"] = _images(kustomize.get("images") or (), images)
        changed["kustomize"] = kustomize
    return changed


def _parameters(present: Any, wanted: Any) -> list[JsonObject]:
    found = {one["name"]: dict(one) for one in present}
    for one in wanted:
        found[one["key"]] = {**found.get(one["key"], {"name": one["key"]}), "value": one["value"]}
    return list(found.values())


def _images(present: Any, wanted: Any) -> list[str]:
    """`name=new:tag` and similar: an image of the same name is replaced."""
    new = {one["repoURL"]: _image(one) for one in wanted}
    kept = [text for text in present if text.partition("=")[0].partition("@")[0].rpartition(":")[0] not in new]
    kept = [text for text in kept if text.partition("=")[0] not in new]
    return [*kept, *new.values()]


def _image(one: Mapping[str, Any]) -> str:
    name = f"{one['repoURL']}={one['newName']}" if one.get("newName") else one["repoURL"]
    if one.get("digest"):
        return f"{name}@{one['digest']}"
    return f"{name}:{one['tag']}" if one.get("tag") else str(name)


def _result(phases: list[tuple[str, Application]], updates: list[Mapping[str, Any]]) -> Result:
    names = [
        {"name": application.metadata.name, "namespace": application.metadata.namespace} for _, application in phases
    ]
    output = {"apps": names}
    for phase, application in phases:
        if phase in ("Failed", "Error"):
            metadata, detail = application.metadata, application.status.operation_state.message
            raise StepFault(
                f'Argo CD Application "{metadata.name}" in namespace "{metadata.namespace}" '
                f"failed with: {detail or phase}"
            )
    if any(phase in RUNNING for phase, _ in phases):
        return Result(status=Status.RUNNING, output=output)
    checks = [
        {**name, **({"desiredRevisions": wanted} if wanted else {})}
        for name, update, (_, application) in zip(names, updates, phases, strict=True)
        for wanted in [desired_revisions(update, application)]
    ]
    return Result(output=output, health={"uses": "argocd-update", "config": {"apps": checks}})


SOURCE = {
    **body(
        "repoURL",
        chart=FILLED,
        desiredRevision=FILLED,
        helm=body("images", images=each(body("key value", key=FILLED, value=TEXT), 1)),
        kustomize=body(
            images=each(
                {
                    **body("repoURL", digest=TEXT, newName=FILLED, repoURL=FILLED, tag=TEXT),
                    "oneOf": at_most_one("digest", "tag"),
                },
                1,
            )
        ),
        repoURL=FILLED,
        updateTargetRevision=FLAG,
    ),
    "oneOf": [
        {"properties": {"desiredRevision": NONE, "updateTargetRevision": NEVER}},
        {"required": ["desiredRevision"], "properties": {"desiredRevision": {"minLength": 1}}},
    ],
}

KIND = Kind(
    name="argocd-update",
    sort=Sort.CLUSTER,
    timeout=TIMEOUT,
    schema=body(
        "apps",
        apps=each(
            {
                **body(name=FILLED, namespace=FILLED, selector=SELECTOR, sources=each(SOURCE, 1)),
                "oneOf": APP_CHOICE,
            },
            1,
        ),
    ),
    run=run,
)
