"""`json-parse`: reads values from a JSON file."""

from __future__ import annotations

import json
from typing import Any

from argosy.expr.exprlang.encoding import decoded
from argosy.expr.exprlang.errors import Fault
from argosy.promotion.steps.documents.parsing import SCHEMA, parsed
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return parsed(run, "JSON", _load)


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(_complaint(text, error)) from None


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    """In upstream's words, where its parser finds the same error."""
    try:
        decoded(text)
    except Fault as fault:
        return str(fault)
    return str(error)


KIND = Kind(name="json-parse", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
