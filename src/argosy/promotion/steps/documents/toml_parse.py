"""`toml-parse`: reads values from a TOML file; all kinds of times become text."""

from __future__ import annotations

import datetime
import tomllib
from typing import Any

from argosy.promotion.steps.documents.parsing import SCHEMA, parsed
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return parsed(run, "TOML", lambda text: _plain(tomllib.loads(text)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value


KIND = Kind(name="toml-parse", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
