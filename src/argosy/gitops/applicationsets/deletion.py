"""Deleting a set: its Applications are deleted with it, survive it, or follow step by step (spec 15.4, 15.5). Pure.

Plain deletion needs no code: the garbage collector follows the owner references. For the two others the set gets a
finalizer at the first look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.argoproj import Application, ApplicationSet
from argosy.apis.schema import read
from argosy.gitops.applicationsets.application_writes import disowned, removed
from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.rolling import rolling_sync
from argosy.gitops.applicationsets.surroundings import Surroundings
from argosy.gitops.keys import APPLICATION_SETS
from argosy.machinery.controller import NOTHING, Apart, Decision, Step
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, merge

FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
REVERSE_PAUSE: Final = timedelta(seconds=10)


def survive(appset: JsonObject, options: Options) -> bool:
    """A policy without deletion lets Applications outlive their set."""
    return options.policy_of(read(ApplicationSet, appset).spec) in ("create-only", "create-update")


def in_reverse(appset: JsonObject, options: Options) -> bool:
    spec = read(ApplicationSet, appset).spec
    order = spec.strategy.deletion_order if spec.strategy else ""
    return rolling_sync.is_rolling(spec, enabled=options.progressive_syncs) and order.lower() == "reverse"


def needs_finalizer(appset: JsonObject, options: Options) -> bool:
    if FINALIZER in read(ApplicationSet, appset).metadata.finalizers:
        return False
    return survive(appset, options) or in_reverse(appset, options)


def with_finalizer(appset: JsonObject) -> Write:
    finalizers = read(ApplicationSet, appset).metadata.finalizers
    return merge(APPLICATION_SETS, appset, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})


def proceed(appset: JsonObject, applications: Sequence[JsonObject], around: Surroundings, now: datetime) -> Decision:
    """After deletion was requested."""
    finalizers = read(ApplicationSet, appset).metadata.finalizers
    if FINALIZER not in finalizers:
        return NOTHING
    steps: list[Step] = []
    if survive(appset, around.options):
        steps.append(Apart(tuple((disowned(app),) for app in applications)))
    elif in_reverse(appset, around.options) and (batch := rolling_sync.deletion_batch(appset, applications)):
        waiting = [app for app in batch if not read(Application, app).metadata.deletion_timestamp]
        chains = tuple(removed(appset, app, around) for app in waiting)
        return Decision((Apart(chains),) if chains else (), wake_at=now + REVERSE_PAUSE)
    left = [item for item in finalizers if item != FINALIZER]
    return Decision((*steps, merge(APPLICATION_SETS, appset, {"metadata": {"finalizers": left or None}})))
