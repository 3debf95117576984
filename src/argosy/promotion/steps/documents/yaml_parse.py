"""`yaml-parse`: values out of a YAML file's first document."""

from __future__ import annotations

from argosy.machinery.text import yaml
from argosy.promotion.steps.documents.parsing import SCHEMA, parsed
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return parsed(run, "YAML", yaml.load)


KIND = Kind(name="yaml-parse", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
