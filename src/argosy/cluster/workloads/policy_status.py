"""ValidatingAdmissionPolicy status: whether its expressions fit the types of the kinds that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from argosy.cluster.workloads.decision import NOTHING, Controller, Decision, with_status
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.pods import is_deleting
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

Warnings = Callable[[JsonObject], Sequence[JsonObject]]


def make_controller(warnings: Warnings) -> Controller:
    """`warnings`: the entries of `expressionWarnings` for a policy. Checked once per generation, as upstream does."""

    def look(view: View, key: Key) -> tuple[JsonObject, Sequence[JsonObject]] | None:
        policy = view.get("validatingadmissionpolicies", key)
        if policy is None or is_deleting(policy):
            return None
        if (policy.get("status") or {}).get("observedGeneration") == policy["metadata"].get("generation"):
            return None
        return policy, warnings(policy)

    return Controller(
        name="validatingadmissionpolicy-status",
        look=look,
        decide=decide,
        routes={"validatingadmissionpolicies": itself},
    )


def decide(seen: tuple[JsonObject, Sequence[JsonObject]], now: datetime) -> Decision:
    policy, found = seen
    checked = {"expressionWarnings": list(found)} if found else {}
    status = {"observedGeneration": policy["metadata"].get("generation") or 0, "typeChecking": checked}
    return NOTHING if status == policy.get("status") else Decision((with_status(policy, status),))
