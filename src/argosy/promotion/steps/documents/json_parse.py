"""`json-parse`: values out of a JSON file."""

from __future__ import annotations

import json

from argosy.promotion.steps.documents.parsing import SCHEMA, parsed
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return parsed(run, "JSON", json.loads)


KIND = Kind(name="json-parse", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
