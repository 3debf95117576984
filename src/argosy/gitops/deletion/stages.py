"""The stages of an Application's deletion, and which of its objects is deleted next (spec 8)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from argosy.gitops.keys import HELM_RESOURCE_POLICY, ResourceKey, annotations_of
from argosy.gitops.sync.options import Options
from argosy.gitops.sync.order import wave_of
from argosy.machinery.api import Propagation
from argosy.machinery.objects import JsonObject

FINALIZER = "resources-finalizer.argocd.argoproj.io"
FINALIZERS = (FINALIZER, f"{FINALIZER}/foreground", f"{FINALIZER}/background")
PRE_DELETE = "pre-delete-finalizer.argocd.argoproj.io"
POST_DELETE = "post-delete-finalizer.argocd.argoproj.io"


class Stage(StrEnum):
    """In this order; each is finished when its finalizers are removed, which is its only record."""

    PRE_DELETE = "PreDelete"
    CASCADE = "cascade"
    POST_DELETE = "PostDelete"
    PRE_DELETE_CLEANUP = "PreDelete cleanup"
    POST_DELETE_CLEANUP = "PostDelete cleanup"


FINALIZERS_OF = {
    Stage.PRE_DELETE: (PRE_DELETE,),
    Stage.CASCADE: FINALIZERS,
    Stage.POST_DELETE: (POST_DELETE,),
    Stage.PRE_DELETE_CLEANUP: (f"{PRE_DELETE}/cleanup",),
    Stage.POST_DELETE_CLEANUP: (f"{POST_DELETE}/cleanup",),
}
CLEANUP_OF = {Stage.PRE_DELETE: Stage.PRE_DELETE_CLEANUP, Stage.POST_DELETE: Stage.POST_DELETE_CLEANUP}
HOOK_STAGES = (Stage.PRE_DELETE, Stage.PRE_DELETE_CLEANUP, Stage.POST_DELETE, Stage.POST_DELETE_CLEANUP)


def next_stage(finalizers: Iterable[str]) -> Stage | None:
    """None if no finalizer of ours is left."""
    found = set(finalizers)
    return next((stage for stage, names in FINALIZERS_OF.items() if found & set(names)), None)


def stages_of(finalizers: Iterable[str]) -> set[Stage]:
    """All remaining ones."""
    found = set(finalizers)
    return {stage for stage, names in FINALIZERS_OF.items() if found & set(names)}


def without(finalizers: Iterable[str], *stages: Stage) -> list[str]:
    over = {name for stage in stages for name in FINALIZERS_OF[stage]}
    return [name for name in finalizers if name not in over]


def with_hooks(finalizers: Iterable[str], phases: Iterable[str]) -> list[str]:
    """The finalizers of an Application whose manifests contain hooks of these phases, and of no others."""
    wanted = set(phases)
    given = list(finalizers)
    for stage in HOOK_STAGES:
        (name,) = FINALIZERS_OF[stage]
        if stage.value.partition(" ")[0] not in wanted:
            given = [item for item in given if item != name]
        elif name not in given:
            given.append(name)
    return given


def keeping_hooks(target: JsonObject, live: JsonObject) -> JsonObject:
    """An Application's manifest with the hook finalizers that its own looks added: no difference, and not reverted."""
    key = str(target.get("apiVersion") or "").partition("/")[0], target.get("kind")
    metadata = target.get("metadata") or {}
    if key != ("argoproj.io", "Application") or not metadata.get("finalizers"):
        return target
    names = {name for stage in HOOK_STAGES for name in FINALIZERS_OF[stage]} - set(metadata["finalizers"])
    ours = [name for name in (live.get("metadata") or {}).get("finalizers") or () if name in names]
    return {**target, "metadata": {**metadata, "finalizers": [*metadata["finalizers"], *ours]}} if ours else target


def propagation(finalizers: Iterable[str]) -> Propagation:
    """How managed objects are deleted."""
    return "Background" if f"{FINALIZER}/background" in set(finalizers) else "Foreground"


def next_wave(live: dict[ResourceKey, JsonObject], app: ResourceKey, options: Options) -> list[ResourceKey]:
    """The objects of the highest remaining wave; none if all are deleted."""
    progress = [
        (wave_of(obj), key)
        for key, obj in live.items()
        if key != app
        and key.kind != "CustomResourceDefinition"
        and not options.has("Delete", "false", obj)
        and annotations_of(obj).get(HELM_RESOURCE_POLICY) != "keep"
    ]
    highest = max((wave for wave, _ in progress), default=0)
    return sorted(key for wave, key in progress if wave == highest)
