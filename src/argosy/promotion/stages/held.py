"""Keeps `currentlyIn` of Freight in line with what the Stage holds, and records how long each piece was there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from argosy.apis.kargo import Freight
from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.promotion.freight.availability import soaked
from argosy.promotion.stages.seen import Seen
from argosy.promotion.stages.work import Work, of_freight


def sync_freight(seen: Seen, work: Work, now: datetime) -> Work:
    held = set(seen.status.held.names) if seen.status.held else set()
    writes: list[Write] = []
    for piece in seen.freight:
        name, is_here = piece.metadata.name, piece.status.stay_in(seen.key.name) is not None
        if name in held and not is_here:
            since = {seen.key.name: {"since": timestamps.seconds(now)}}
            writes.append(of_freight(piece, {"currentlyIn": since}))
        elif name not in held and is_here:
            writes.append(of_freight(piece, _left(seen.key.name, piece, now)))
    return replace(work, before=tuple(writes))


def _left(stage: str, piece: Freight, now: datetime) -> JsonObject:
    """It has left; how long it was here counts, if it was verified here."""
    others = piece.status.currently_in.keys() - {stage}
    patch: JsonObject = {"currentlyIn": {stage: None} if others else None}
    if piece.status.verified_by(stage):
        patch["verifiedIn"] = {stage: {"longestSoak": duration.spelled(soaked(piece, stage, now))}}
    return patch
