"""`set-freight-alias`: changes the alias of a piece of Freight, as field and as label."""

from __future__ import annotations

from datetime import datetime

from argosy.apis.kargo import Freight
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.requests import merge
from argosy.promotion.kinds import FREIGHT
from argosy.promotion.names import ALIAS
from argosy.promotion.steps.kind import Job, Kind, Result, Sort, Status, StepFault, Writes
from argosy.promotion.steps.schema import FILLED, body


def run(job: Job, snapshot: Snapshot, now: datetime | None) -> Result | Writes:
    del now
    name, alias = job.config["name"], job.config["alias"]
    found = snapshot.get(Freight, Key(job.project, name))
    if found is None:
        raise _refused(f'freight "{name}" not found in project "{job.project}"')
    other = snapshot.list(Freight, job.project, f"{ALIAS}={alias}")
    if any(one.metadata.name != name for one in other):
        fault = f'alias "{alias}" is in use by another piece of Freight'
        raise _refused(f'failed to patch alias for Freight "{name}" in project "{job.project}": {fault}')
    if found.alias == alias and found.metadata.labels.get(ALIAS) == alias:
        return Result(message=f'updated alias of Freight "{name}" from "{alias}" to "{alias}"')
    return Writes((merge(FREIGHT, found.raw, {"alias": alias, "metadata": {"labels": {ALIAS: alias}}}, exact=False),))


def _refused(message: str) -> StepFault:
    """Another attempt would fail in the same way."""
    return StepFault(message, terminal=True, status=Status.FAILED)


KIND = Kind(
    name="set-freight-alias",
    sort=Sort.CLUSTER,
    schema=body("name alias", name=FILLED, alias=FILLED),
    run=run,
)
