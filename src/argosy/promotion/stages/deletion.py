"""A Stage that goes: what other objects say about it goes first, then its finalizer."""

from __future__ import annotations

from argosy.machinery.controller import NOTHING, Decision
from argosy.machinery.requests import Write, delete, merge
from argosy.promotion.kinds import ANALYSIS_RUNS, STAGES
from argosy.promotion.names import FINALIZER
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import of_freight


def taken_down(seen: Seen) -> Decision:
    if FINALIZER not in (seen.stage["metadata"].get("finalizers") or ()):
        return NOTHING
    steps: list[Write] = []
    for piece in seen.freight:
        found = piece.get("status") or {}
        fields = [
            name for name in ("verifiedIn", "approvedFor", "currentlyIn") if seen.key.name in (found.get(name) or {})
        ]
        if fields:
            gone = {name: {seen.key.name: None} if len(found[name]) > 1 else None for name in fields}
            steps.append(of_freight(piece, gone))
    steps += [
        delete(ANALYSIS_RUNS, run, exact=False) for run in seen.runs if not run["metadata"].get("deletionTimestamp")
    ]
    if steps:
        return Decision(tuple(steps))
    finalizers = [name for name in seen.stage["metadata"]["finalizers"] if name != FINALIZER]
    return Decision((merge(STAGES, seen.stage, {"metadata": {"finalizers": finalizers or None}}),))
