"""Manages AppProjects: reports errors in one, and releases it when no Application uses it (spec 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from argosy.apis.argoproj import AppProject
from argosy.gitops.control_plane.configuration import BY_PROJECT, project_of
from argosy.gitops.deletion.stages import FINALIZER
from argosy.gitops.keys import APPLICATIONS, FIELD_MANAGER, PROJECTS
from argosy.gitops.model import shapes
from argosy.gitops.model.shapes import wrong_field
from argosy.gitops.projects import validation
from argosy.machinery import requests
from argosy.machinery.controller import KEEP, Controller, Decision, Event, Index, Snapshot, Step
from argosy.machinery.objects import JsonObject, Key

INVALID = "InvalidProject"
REPORTER = "argocd-application-controller"


def _projects_of(app: JsonObject) -> Iterable[str]:
    return (project_of(app),)


USERS: Final[Index[JsonObject]] = Index(BY_PROJECT, APPLICATIONS, _projects_of)


@dataclass(frozen=True, slots=True)
class Seen:
    project: AppProject
    is_used: bool
    """Whether an Application uses it."""
    reported: tuple[str, ...]
    """The errors that were reported."""


class Look:
    """`namespace`: the control plane's; projects elsewhere are ignored."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def __call__(self, snapshot: Snapshot, key: Key) -> Seen | None:
        project = snapshot.get(AppProject, key)
        if project is None or key.namespace != self._namespace or wrong_field(project.raw, shapes.PROJECT):
            return None
        # Only read if it matters: else every status of an Application would wake its project.
        users = snapshot.indexed_objects(USERS, key.name) if is_held(project) else ()
        is_used = any(not wrong_field(app, shapes.APPLICATION) for app in users)
        return Seen(project, is_used, snapshot.memory or ())


def decide(seen: Seen, now: datetime) -> Decision:
    project = seen.project
    found = tuple(validation.problems(project))
    reports: list[Step] = []
    if found != seen.reported:
        reports += [Event(project.raw, INVALID, text, "Warning") for text in found]
    if is_held(project) and not seen.is_used:
        reports.append(requests.merge(PROJECTS, project.raw, {"metadata": {"finalizers": _others(project)}}))
    return Decision(tuple(reports), memory=KEEP if found == seen.reported else found)


def is_held(project: AppProject) -> bool:
    """Whether it is being deleted, and waits for us."""
    return bool(project.metadata.deletion_timestamp) and FINALIZER in project.metadata.finalizers


def _others(project: AppProject) -> list[str] | None:
    return [name for name in project.metadata.finalizers if name != FINALIZER] or None


def controller(namespace: str) -> Controller[Seen]:
    return Controller(
        name="projects",
        kind=PROJECTS,
        look=Look(namespace),
        decide=decide,
        workers=1,
        manager=FIELD_MANAGER,
        reporter=REPORTER,
    )
