"""Deletions that a person must approve first (spec 7.2: `Prune=confirm`, `Delete=confirm`). Pure."""

from __future__ import annotations

from datetime import datetime

from argosy.gitops.keys import DELETION_APPROVED, annotations_of
from argosy.gitops.sync.options import Options
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse


def needs_approval(obj: JsonObject, options: Options, *, pruned: bool) -> bool:
    """`pruned`: by a sync; else with its application, for which both options count."""
    return options.has("Prune", "confirm", obj) or (not pruned and options.has("Delete", "confirm", obj))


def is_approved(app: JsonObject, since: datetime) -> bool:
    """The annotation's time is not before what it approves began."""
    text = annotations_of(app).get(DELETION_APPROVED)
    try:
        return bool(text) and parse(str(text)) >= since
    except ValueError:
        return False
