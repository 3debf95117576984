"""`json-parse`: values out of a JSON file."""

from __future__ import annotations

import json

from argosy.promotion.steps.kind import Kind, Result, Run, Sort
from argosy.promotion.steps.parsing import SCHEMA, parsed


def run(run: Run) -> Result:
    return parsed(run, json.loads)


KIND = Kind(name="json-parse", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
