"""`json-update`: sets scalars of a JSON file and creates missing keys."""

from __future__ import annotations

import json
from typing import Any

from argosy.promotion.editing.json_text import update
from argosy.promotion.steps.documents.updating import SCHEMA, updated
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.workspace import read_text


def run(run: Run) -> Result:
    try:
        read_text(run.directory, run.job.config["path"], "JSON")
    except StepFault as fault:
        raise StepFault(f"JSON file update failed: {fault}", terminal=fault.terminal) from None
    for one in run.job.config["updates"]:
        if not isinstance(one["value"], str | int | float):
            raise StepFault(f'JSON file update failed: value for key "{one["key"]}" is not a scalar type')
    return updated(run, "JSON file update failed", update, shown)


def shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


KIND = Kind(name="json-update", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
