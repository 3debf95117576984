"""A Stage that is deleted: its verifications and approvals are removed from Freight first, then its finalizer.

Source: spec/kargo.md 5.2. As upstream, `currentlyIn` stays: a new Stage of the same name corrects it.
"""

from __future__ import annotations

from collections.abc import Mapping

from argosy.apis.kargo.freight import FreightStatus
from argosy.machinery.controller import NOTHING, Decision
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write, delete, merge
from argosy.promotion.kinds import ANALYSIS_RUNS, STAGES
from argosy.promotion.names import FINALIZER
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import of_freight


def taken_down(seen: Seen) -> Decision:
    if FINALIZER not in seen.stage.metadata.finalizers:
        return NOTHING
    steps: list[Write] = [
        of_freight(piece, gone) for piece in seen.freight if (gone := _forgotten(seen.key.name, piece.status))
    ]
    steps += [delete(ANALYSIS_RUNS, run.raw, exact=False) for run in seen.runs if not run.metadata.deletion_timestamp]
    if steps:
        return Decision(tuple(steps))
    finalizers = [name for name in seen.stage.metadata.finalizers if name != FINALIZER]
    return Decision((merge(STAGES, seen.stage.raw, {"metadata": {"finalizers": finalizers or None}}),))


def _forgotten(stage: str, status: FreightStatus) -> JsonObject:
    """A merge patch of the status; a map is removed with its last entry."""
    places: dict[str, Mapping[str, object]] = {
        "verifiedIn": status.verified_in,
        "approvedFor": status.approved_for,
    }
    return {name: {stage: None} if len(stages) > 1 else None for name, stages in places.items() if stage in stages}
