"""Manages Projects: their namespace, permissions, default roles and statistics; and deletes all of these with them.

Owns the status of kargo.akuity.io Projects and the namespaces, accounts, roles and bindings named there. Source:
spec/kargo.md 2.1. Namespace and Project are deleted together, whichever is deleted first, unless the namespace is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.apis.kargo import Project, Stage, Warehouse
from argosy.apis.kubernetes.views.core import Namespace
from argosy.apis.schema import read
from argosy.machinery.controller import NOTHING, Controller, Decision, Index, Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write, create, delete, merge
from argosy.promotion.conditions import Conditions
from argosy.promotion.kinds import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    NAMESPACES,
    PROJECTS,
    ROLE_BINDINGS,
    ROLES,
    SERVICE_ACCOUNTS,
)
from argosy.promotion.names import CREATE_ACTOR, FINALIZER, KEEP_NAMESPACE, PROJECT
from argosy.promotion.projects import roles
from argosy.promotion.settings import Settings
from argosy.promotion.status_patch import status

HEALTHY: Final = "healthy"
READY: Final = "Project is synced and ready for use"
STATS_PAUSE: Final = timedelta(seconds=1)
"""Between two writes of the statistics, so that a thousand Stages created at once do not cause as many writes."""

Wanted = tuple[Resource, JsonObject, JsonObject | None]
"""Kind, wanted object, current object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    project: Project
    namespace: Namespace | None
    wanted: Sequence[Wanted] = ()
    stats: JsonObject = field(default_factory=dict)
    stats_written_at: datetime | None = None


def _counted(one: Warehouse | Stage) -> tuple[str, ...]:
    """By project, and a second time while it is healthy: other changes of a thousand Stages wake no project.

    Computed at every change of each Stage: full views with conditions would cost more than the answer.
    """
    project, conditions = one.metadata.namespace, one.status.raw.get("conditions") or ()
    is_healthy = any(found["type"] == "Healthy" and found["status"] == "True" for found in conditions)
    return (project, f"{project}/{HEALTHY}") if is_healthy else (project,)


def _counted_warehouse(obj: JsonObject) -> tuple[str, ...]:
    return _counted(read(Warehouse, obj))


def _counted_stage(obj: JsonObject) -> tuple[str, ...]:
    stage = read(Stage, obj)
    return () if stage.is_control_flow else _counted(stage)


COUNTED_WAREHOUSES: Final = Index("counted-warehouses", Warehouse, _counted_warehouse, edges=True)
COUNTED_STAGES: Final = Index("counted-stages", Stage, _counted_stage, edges=True)


class Managing:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def controller(self) -> Controller[Seen]:
        return Controller(
            name="project-controller",
            kind=PROJECTS,
            look=self.look,
            decide=decide,
            owns=(NAMESPACES, SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS),
            manager="kargo",
        )

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        project = snapshot.get(Project, key)
        if project is None:
            return None
        wanted = tuple(
            (
                kind,
                shape,
                snapshot.object(kind, Key(shape["metadata"].get("namespace") or "", shape["metadata"]["name"])),
            )
            for kind, shape in self._shapes(project)
        )
        return Seen(
            project=project,
            namespace=snapshot.get(Namespace, Key("", key.name)),
            wanted=wanted,
            stats={
                "warehouses": _counts(snapshot, COUNTED_WAREHOUSES, key),
                "stages": _counts(snapshot, COUNTED_STAGES, key),
            },
            stats_written_at=snapshot.memory,
        )

    def _shapes(self, project: Project) -> list[tuple[Resource, JsonObject]]:
        name, home = project.metadata.name, self._settings.control_namespace
        ours = [
            ("kargo-project-admin", "kargo-project-admin", [("kargo-api", home), ("kargo-admin", home)]),
            (
                "kargo-project-secrets-reader",
                "kargo-project-secrets-reader",
                [("kargo-external-webhooks-server", home)],
            ),
            ("kargo-controller-read-secrets", "kargo-controller-read-secrets", [("kargo-controller", home)]),
        ]
        found = [(ROLE_BINDINGS, roles.binding(name, one, "ClusterRole", to, who)) for one, to, who in ours]
        for one in roles.NAMES:
            claims = _claims(project) if one == "kargo-admin" else ""
            found.append((SERVICE_ACCOUNTS, roles.account(name, one, claims)))
            found.append((ROLES, roles.role(name, one)))
            found.append((ROLE_BINDINGS, roles.role_binding(name, one)))
        extended = roles.extended_role(name)
        bound = roles.binding(
            "", extended["metadata"]["name"], "ClusterRole", extended["metadata"]["name"], [("kargo-admin", name)]
        )
        return [*found, (CLUSTER_ROLES, extended), (CLUSTER_ROLE_BINDINGS, bound)]


def _claims(project: Project) -> str:
    """The creator of the Project administers it, if a claim of theirs is known."""
    actor = project.metadata.annotations.get(CREATE_ACTOR) or ""
    claim, colon, value = actor.partition(":")
    if not colon or claim in ("kubernetes", "controller") or not value:
        return ""
    return json.dumps({"sub" if claim == "subject" else claim: [value]}, separators=(",", ":"))


def _counts(snapshot: Snapshot, index: Index[Any], key: Key) -> JsonObject:
    count = len(snapshot.indexed_objects(index, key.name))
    healthy = len(snapshot.indexed_objects(index, f"{key.name}/{HEALTHY}"))
    return {**({"count": count} if count else {}), "health": {"healthy": healthy} if healthy else {}}


def decide(seen: Seen, now: datetime) -> Decision:
    if seen.project.metadata.deletion_timestamp:
        return _deleted(seen)
    if FINALIZER not in seen.project.metadata.finalizers:
        return Decision((_with_finalizer(PROJECTS, seen.project),))
    if seen.namespace is None:
        metadata = {"name": seen.project.metadata.name, "labels": {PROJECT: "true"}, "finalizers": [FINALIZER]}
        return Decision((create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}),))
    if seen.namespace.metadata.labels.get(PROJECT) != "true":
        return _foreign(seen, now)
    if seen.namespace.metadata.deletion_timestamp:
        return Decision((delete(PROJECTS, seen.project.raw, exact=False),))
    if FINALIZER not in seen.namespace.metadata.finalizers:
        return Decision((_with_finalizer(NAMESPACES, seen.namespace),))
    if writes := _missing(seen):
        return Decision(writes)
    return _synced(seen, now)


def _with_finalizer(kind: Resource, one: Project | Namespace) -> Write:
    return merge(kind, one.raw, {"metadata": {"finalizers": [*one.metadata.finalizers, FINALIZER]}})


def _missing(seen: Seen) -> tuple[Write, ...]:
    """Creates what is missing, and restores the rules of the default roles."""
    writes: list[Write] = []
    for kind, shape, present in seen.wanted:
        if present is None:
            writes.append(create(kind, shape))
        elif "rules" in shape and present.get("rules") != shape["rules"]:
            writes.append(merge(kind, present, {"rules": shape["rules"]}))
    return tuple(writes)


def _conditions(seen: Seen, now: datetime) -> Conditions:
    return Conditions(seen.project.status.conditions, seen.project.metadata.generation, now)


def _foreign(seen: Seen, now: datetime) -> Decision:
    conditions, name = _conditions(seen, now), seen.project.metadata.name
    message = f'namespace "{name}" already exists and is not labeled as a Project namespace using label "{PROJECT}"'
    conditions.set("Stalled", "True", "ExistingNamespaceMissingLabel", message)
    conditions.set("Ready", "False", "ExistingNamespaceMissingLabel", message)
    wanted = {**seen.project.status.raw, "conditions": conditions.ordered()}
    return Decision(status(PROJECTS, seen.project.raw, wanted))


def _synced(seen: Seen, now: datetime) -> Decision:
    """Ready first, then the statistics, so that clients that wait for Ready need not wait for them."""
    conditions = _conditions(seen, now)
    conditions.remove("Stalled", "Reconciling")
    conditions.set("Ready", "True", "Synced", READY)
    present = seen.project.status.raw
    writes = status(PROJECTS, seen.project.raw, {**present, "conditions": conditions.ordered()})
    if writes:
        return Decision(writes)
    counted = status(PROJECTS, seen.project.raw, {**present, "stats": seen.stats})
    if not counted:
        return NOTHING
    if seen.stats_written_at is not None and now < (due := seen.stats_written_at + STATS_PAUSE):
        return Decision(wake_at=due)
    return Decision(counted, memory=now, is_settled=True)


def _deleted(seen: Seen) -> Decision:
    if FINALIZER not in seen.project.metadata.finalizers:
        return NOTHING
    steps: list[Write] = [
        delete(kind, present, exact=False)
        for kind, _, present in seen.wanted
        if kind in (CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS) and present is not None
    ]
    steps += _delete_namespace(seen)
    left = [one for one in seen.project.metadata.finalizers if one != FINALIZER]
    return Decision((*steps, merge(PROJECTS, seen.project.raw, {"metadata": {"finalizers": left or None}})))


def _delete_namespace(seen: Seen) -> list[Write]:
    space = seen.namespace
    if space is None:
        return []
    kept = any(one.metadata.annotations.get(KEEP_NAMESPACE) == "true" for one in (space, seen.project))
    steps: list[Write] = []
    if FINALIZER in space.metadata.finalizers:
        left = [one for one in space.metadata.finalizers if one != FINALIZER]
        # Exactly what was read: a finalizer that somebody added since stays.
        steps.append(merge(NAMESPACES, space.raw, {"metadata": {"finalizers": left or None}}))
    if not kept and not space.metadata.deletion_timestamp:
        steps.append(delete(NAMESPACES, space.raw, exact=False))
    return steps
