"""`toml-update`: existing scalars of a TOML file."""

from __future__ import annotations

from argosy.promotion.editing.toml import update
from argosy.promotion.steps.documents.json_update import shown
from argosy.promotion.steps.documents.updating import SCHEMA, updated
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return updated(run, "TOML file update failed: error updating TOML file", update, shown)


KIND = Kind(name="toml-update", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
