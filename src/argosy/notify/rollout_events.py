"""Rollouts: a trigger fires on an Event of the Rollout, `on-<reason in kebab case>`, and needs no condition.

Source: spec/notifications.md D9, and for the variables argo-rollouts' utils/record. Deliveries are recorded on Events
themselves, so that a restart repeats none; Events older than an hour are ignored, so a migration sends no flood. So
are this room's own Events about failed notifications: a notification about them could fail and repeat forever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.apis.rollouts.rollout import Rollout
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.controller import Controller, Snapshot
from argosy.machinery.objects import GroupKind, JsonObject, Key, Resource, group_version
from argosy.notify.decide import FAILED, UNKNOWN, decide
from argosy.notify.look import Configurations, Seen, delivered_of, with_answers
from argosy.notify.memory import Memory
from argosy.notify.records import read_records
from argosy.notify.settings import NotifySettings
from argosy.notify.subjects import Subject
from argosy.notify.subscriptions import Destinations, annotated, merged
from argosy.notify.templates import Renderer

EVENTS: Final = Resource("", "v1", "events", "Event")
ROLLOUTS: Final = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
ANALYSIS_RUNS: Final = Resource("argoproj.io", "v1alpha1", "analysisruns", "AnalysisRun")
CONFIG_MAP: Final = "argo-rollouts-notification-configmap"
SECRET: Final = "argo-rollouts-notification-secret"  # noqa: S105
HASH: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"
_WORKLOADS: Final[Mapping[GroupKind, str]] = {
    GroupKind("apps", "Deployment"): "deployments",
    GroupKind("apps", "ReplicaSet"): "replicasets",
    GroupKind("", "PodTemplate"): "podtemplates",
    GroupKind("apps", "StatefulSet"): "statefulsets",
    GroupKind("apps", "DaemonSet"): "daemonsets",
}
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
ROLLOUT_EVENT: Final = Subject(resource=EVENTS, variable="rollout")


def trigger_of(reason: str) -> str:
    """`RolloutStepCompleted` is `on-rollout-step-completed`."""
    return "on-" + _HUMP.sub("-", reason).lower()


class Look:
    def __init__(self, settings: NotifySettings, renderer: Renderer) -> None:
        self._settings, self._renderer = settings, renderer
        self._configurations = Configurations()

    def __call__(self, snapshot: Snapshot, key: Key) -> Seen | None:
        event = snapshot.object(EVENTS, key)
        about = (event or {}).get("involvedObject") or {}
        if (
            event is None
            or event.get("reason") in (FAILED, UNKNOWN)
            or about.get("kind") != "Rollout"
            or not str(about.get("apiVersion")).startswith("argoproj.io/")
        ):
            return None
        rollout = snapshot.object(ROLLOUTS, Key(str(about.get("namespace") or ""), str(about.get("name") or "")))
        if rollout is None or not _is_about(about, read(Rollout, rollout)):
            return None
        return self._seen(snapshot, event, rollout)

    def _seen(self, snapshot: Snapshot, event: JsonObject, rollout: JsonObject) -> Seen | None:
        namespace = read(Rollout, rollout).metadata.namespace
        configured = [self._of(snapshot, self._settings.namespace, is_self_service=False)]
        if self._settings.self_service and namespace != self._settings.namespace:
            configured.insert(0, self._of(snapshot, namespace, is_self_service=True))
        trigger = trigger_of(str(event.get("reason") or ""))
        destinations = tuple(_destinations(one, rollout, trigger) for one in configured)
        records = read_records(event["metadata"].get("annotations") or {})
        if not records and not any(destinations):
            return None
        memory = snapshot.memory or Memory()
        at = workload_of(rollout)
        workload = snapshot.object(*at) if at is not None else None
        runs = snapshot.objects(ANALYSIS_RUNS, namespace)
        configurations = tuple(configured)
        seen = Seen(
            subject=ROLLOUT_EVENT,
            obj=event,
            variables=variables_of(rollout, workload, runs),
            configured=configurations,
            destinations=destinations,
            records=records,
            delivered=dict(delivered_of(snapshot, ROLLOUT_EVENT, event, configurations, records, memory)),
            memory=memory,
            renderer=self._renderer,
            occurrence=str(event.get("count") or 1),
            needs_condition=False,
            happened_at=_time(event),
            concerned=rollout,
        )
        return with_answers(seen, snapshot)

    def _of(self, snapshot: Snapshot, namespace: str, *, is_self_service: bool) -> Any:
        return self._configurations.of(snapshot, namespace, (CONFIG_MAP, SECRET), is_self_service=is_self_service)


def rollout_controller(settings: NotifySettings, renderer: Renderer, reporter: str) -> Controller[Seen]:
    return Controller(
        name="notifications-rollout",
        kind=EVENTS,
        look=Look(settings, renderer),
        decide=decide,
        background=True,
        manager=reporter,
        reporter=reporter,
    )


def _destinations(one: Any, rollout: JsonObject, trigger: str) -> Destinations:
    metadata = read(Rollout, rollout).metadata
    found = merged(
        one.subscriptions.destinations(metadata.labels),
        annotated(metadata.annotations, one.configuration),
    )
    return {trigger: found[trigger]} if trigger in found else {}


def workload_of(rollout: JsonObject) -> tuple[Resource, Key] | None:
    """The template's location if it is in the workload that `workloadRef` names."""
    seen = read(Rollout, rollout)
    reference = seen.spec.workload_ref
    if reference is None:
        return None
    group, version = group_version(reference.api_version)
    plural = _WORKLOADS.get(GroupKind(group, reference.kind))
    if not plural:
        return None
    return Resource(group, version, plural, reference.kind), Key(seen.metadata.namespace, reference.name)


def variables_of(rollout: JsonObject, workload: JsonObject | None, runs: Iterable[JsonObject]) -> dict[str, Any]:
    """The variables of triggers and templates; `runs` are the namespace's."""
    return {"rollout": _with_template(rollout, workload), "analysisRuns": _analysis_runs(rollout, runs)}


def _with_template(rollout: JsonObject, workload: JsonObject | None) -> JsonObject:
    """As if the template and the selector were in the Rollout."""
    if workload is None:
        return rollout
    spec = workload.get("spec") or {}
    template = workload.get("template") if workload.get("kind") == "PodTemplate" else spec.get("template")
    own = rollout.get("spec") or {}
    selector = own.get("selector") or spec.get("selector") or {}
    return {**rollout, "spec": {**own, "template": template or {}, "selector": selector}}


def _analysis_runs(rollout: JsonObject, runs: Iterable[JsonObject]) -> list[JsonObject]:
    """Those of the current revision, the newest first."""
    seen = read(Rollout, rollout)
    revision, pod_hash = seen.metadata.annotations.get(REVISION), seen.status.current_pod_hash
    found = [
        run
        for run, metadata in ((run, read(AnalysisRun, run).metadata) for run in runs)
        if any(owner.uid == seen.metadata.uid for owner in metadata.owner_references)
        and metadata.labels.get(HASH, "") == pod_hash
        and metadata.annotations.get(REVISION) == revision
    ]
    return sorted(found, key=lambda run: read(AnalysisRun, run).metadata.creation_timestamp, reverse=True)


def _is_about(about: JsonObject, rollout: Rollout) -> bool:
    """An event of an earlier Rollout of the same name is not; one without a uid is."""
    return str(about.get("uid", rollout.metadata.uid)) == rollout.metadata.uid


def _time(event: JsonObject) -> Any:
    for field in ("lastTimestamp", "eventTime", "firstTimestamp"):
        if text := event.get(field):
            try:
                return timestamps.parse(str(text))
            except ValueError:
                continue
    return None
