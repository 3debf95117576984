"""`toml-update`: existing scalars of a TOML file."""

from __future__ import annotations

from argosy.promotion.editing.toml import update
from argosy.promotion.steps.json_update import shown
from argosy.promotion.steps.kind import Kind, Result, Run, Sort
from argosy.promotion.steps.updating import SCHEMA, updated


def run(run: Run) -> Result:
    return updated(run, "TOML file update failed: error updating TOML file", update, shown)


KIND = Kind(name="toml-update", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
