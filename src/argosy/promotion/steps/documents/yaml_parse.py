"""`yaml-parse`: reads values from a YAML file's first document."""

from __future__ import annotations

from argosy.machinery.objects import JsonValue
from argosy.machinery.text import yaml
from argosy.machinery.text.yaml_tree import without_first_line
from argosy.promotion.steps.documents.parsing import SCHEMA, parsed
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return parsed(run, "YAML", _load)


def _load(text: str) -> JsonValue:
    try:
        return yaml.load(text)
    except yaml.YamlError as error:
        raise ValueError(f"error converting YAML to JSON: {without_first_line(str(error))}") from None


KIND = Kind(name="yaml-parse", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
