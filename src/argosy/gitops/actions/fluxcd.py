"""Flux: every kind that reconciles can be suspended and resumed, and most can be asked to reconcile now."""

from __future__ import annotations

from datetime import UTC

from argosy.gitops.actions.action import Action, ActionSet, KindActions, Run, part, under
from argosy.gitops.actions.workloads import RESUME, SUSPEND
from argosy.machinery.objects import JsonObject

REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
RECONCILED = {
    "helm.toolkit.fluxcd.io": ("HelmRelease",),
    "image.toolkit.fluxcd.io": ("ImageRepository", "ImageUpdateAutomation"),
    "kustomize.toolkit.fluxcd.io": ("Kustomization",),
    "notification.toolkit.fluxcd.io": ("Receiver",),
    "source.toolkit.fluxcd.io": ("Bucket", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository"),
}
STATELESS = {"notification.toolkit.fluxcd.io": ("Alert", "Provider")}
"""They have no reconciliation to request."""


def _switches(obj: JsonObject) -> list[Action]:
    asleep = part(obj, "spec").get("suspend") is True
    return [Action("suspend", disabled=asleep), Action("resume", disabled=not asleep)]


def _reconciled(obj: JsonObject) -> list[Action]:
    return [Action("reconcile", disabled=part(obj, "spec").get("suspend") is True), *_switches(obj)]


def _reconcile(run: Run) -> None:
    when = run.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    under(run.obj, "metadata", "annotations")[REQUESTED_AT] = f"By Argo CD at: {when}"


KINDS: KindActions = {
    **{
        (group, kind): ActionSet(_reconciled, {"reconcile": _reconcile, "suspend": SUSPEND, "resume": RESUME})
        for group, kinds in RECONCILED.items()
        for kind in kinds
    },
    **{
        (group, kind): ActionSet(_switches, {"suspend": SUSPEND, "resume": RESUME})
        for group, kinds in STATELESS.items()
        for kind in kinds
    },
}
