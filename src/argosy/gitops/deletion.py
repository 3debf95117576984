"""What is deleted next when an Application goes (spec 8)."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.gitops.keys import HELM_RESOURCE_POLICY, ResourceKey, annotations_of
from argosy.gitops.sync.options import Options
from argosy.gitops.sync.order import wave_of
from argosy.machinery.api import Propagation
from argosy.machinery.objects import JsonObject

FINALIZER = "resources-finalizer.argocd.argoproj.io"
FINALIZERS = (FINALIZER, f"{FINALIZER}/foreground", f"{FINALIZER}/background")


def cascades(finalizers: Iterable[str]) -> Propagation | None:
    """How managed objects are deleted; None: they stay."""
    found = set(finalizers)
    if f"{FINALIZER}/background" in found:
        return "Background"
    return "Foreground" if found & set(FINALIZERS) else None


def next_wave(live: dict[ResourceKey, JsonObject], app: ResourceKey, options: Options) -> list[ResourceKey]:
    """The objects of the highest wave that are to go; none when all are gone."""
    going = [
        (wave_of(obj), key)
        for key, obj in live.items()
        if key != app
        and key.kind != "CustomResourceDefinition"
        and not options.has("Delete", "false", obj)
        and annotations_of(obj).get(HELM_RESOURCE_POLICY) != "keep"
    ]
    highest = max((wave for wave, _ in going), default=0)
    return sorted(key for wave, key in going if wave == highest)


def without_cascade(finalizers: Iterable[str]) -> list[str]:
    return [name for name in finalizers if name not in FINALIZERS]
