"""Flux: a kind's relevant conditions decide, and the reason of Ready is the message."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.gitops.health.catalogue.rules import Table, at, kind_of, listed, reason, text
from argosy.gitops.health.verdict import Health, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

HELM_OCI = "Helm repositories of type 'oci' do not contain any information in the status."


@dataclass(frozen=True, slots=True)
class FluxKind:
    proofs: tuple[str, ...] = ()
    """Conditions of which one must be True in addition to Ready."""
    undecided: str = "Unknown"
    """The status of Ready that is not a failure during reconciliation."""
    steps: tuple[str, ...] = ()
    """Reasons of Reconciling that count; if empty, all do."""
    reports_outdated: bool = False
    waits: bool = True
    """Whether it can be Progressing instead of Degraded."""
    may_rest: bool = True

    def __call__(self, obj: JsonObject) -> Health:
        if self.may_rest and at(obj, "spec", "suspend") is True:
            return suspended(f"{kind_of(obj)} is suspended")
        if kind_of(obj) == "HelmRepository" and text(obj, "spec", "type") == "oci":
            return healthy(HELM_OCI)
        if at(obj, "status", "conditions") is None:
            return progressing("Status unknown")
        found = listed(obj)
        summary = self._message(found)
        if self.waits and sum(map(self._moves, found)) == 2:
            return progressing(summary)
        good = sum(map(self._counts, found)) == (2 if self.proofs else 1)
        return Health("Healthy" if good else "Degraded", summary)

    def _counts(self, condition: JsonObject) -> bool:
        return condition.get("type") in ("Ready", *self.proofs) and condition.get("status") == "True"

    def _moves(self, condition: JsonObject) -> bool:
        if condition.get("type") == "Ready":
            return condition.get("status") == self.undecided
        is_step = condition.get("type") == "Reconciling" and condition.get("status") == "True"
        return is_step and (not self.steps or reason(condition) in self.steps)

    def _message(self, found: list[JsonObject]) -> str:
        summary = ""
        for condition in found:
            if condition.get("type") == "Ready":
                summary = reason(condition)
            elif self.reports_outdated and condition.get("type") == "ArtifactOutdated":
                summary += f" {reason(condition)}" if condition.get("status") == "True" else ""
        return summary


_SOURCE = FluxKind(proofs=("ArtifactInStorage",), reports_outdated=True)
CHECKS: Table = {
    ("helm.toolkit.fluxcd.io", "HelmRelease"): FluxKind(proofs=("Released", "TestSuccess")),
    ("image.toolkit.fluxcd.io", "ImagePolicy"): FluxKind(
        undecided="False", steps=("NewGeneration", "AccessingRepository", "ApplyingPolicy"), may_rest=False
    ),
    ("image.toolkit.fluxcd.io", "ImageRepository"): FluxKind(undecided="False", steps=("NewGeneration", "Scanning")),
    ("image.toolkit.fluxcd.io", "ImageUpdateAutomation"): FluxKind(),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): FluxKind(),
    ("notification.toolkit.fluxcd.io", "Receiver"): FluxKind(waits=False),
    **{
        ("source.toolkit.fluxcd.io", kind): _SOURCE
        for kind in ("Bucket", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository")
    },
}
