"""The Synced condition of a SealedSecret: when it is written, and its messages.

Source: sealed-secrets, pkg/controller/controller.go (updateSealedSecretStatus). Another error at the same generation
is not written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.apis.bitnami import SealedSecret
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

SYNCED: Final = "Synced"


def status_after(sealed: SealedSecret, error: str, now: datetime) -> JsonObject | None:
    """The new status after a pass; None if it does not change. An empty error means success."""
    value = "False" if error else "True"
    before = sealed.status.condition(SYNCED)
    generation = sealed.metadata.generation
    if before is not None and before.status == value and sealed.status.observed_generation == generation:
        return None
    moved = before is None or before.status != value
    at = seconds(now)
    condition: JsonObject = {
        "type": SYNCED,
        "status": value,
        "lastUpdateTime": at,
        "lastTransitionTime": at if moved or before is None else before.last_transition_time or at,
    }
    if error:
        condition["message"] = error
    others = [found.raw for found in sealed.status.conditions if found.type != SYNCED]
    return {**sealed.status.raw, "observedGeneration": generation, "conditions": [condition, *others]}
