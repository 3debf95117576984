"""`yaml-update`: sets existing scalars of a YAML file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from argosy.machinery.text.yaml_tree import EditFault
from argosy.promotion.editing.yaml_scalar import scalar, update
from argosy.promotion.steps.documents.updating import SCHEMA, updated
from argosy.promotion.steps.kind import Kind, Result, Run, Sort


def run(run: Run) -> Result:
    return updated(
        run, 'values file update failed: error updating image references in values file "{path}"', _edit, scalar
    )


def _edit(text: str, updates: Iterable[tuple[str, Any]]) -> str:
    try:
        return update(text, updates)
    except EditFault as error:
        raise EditFault(f"error mutating bytes: {error}") from None


KIND = Kind(name="yaml-update", sort=Sort.DIRECTORY, schema=SCHEMA, run=run)
