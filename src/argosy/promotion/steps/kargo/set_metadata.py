"""`set-metadata`: writes values to `status.metadata` of a Stage or a piece of Freight."""

from __future__ import annotations

from datetime import datetime

from argosy.apis.kargo import Freight, Stage
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import Key, resource_of
from argosy.machinery.requests import Write, merge
from argosy.promotion.steps.kind import Job, Kind, Result, Sort, StepFault, Writes
from argosy.promotion.steps.schema import FILLED, body, each, one_of


def run(job: Job, snapshot: Snapshot, now: datetime | None) -> Result | Writes:
    del now
    writes: list[Write] = []
    for update in job.config["updates"]:
        view: type[Stage | Freight] = Stage if update["kind"] == "Stage" else Freight
        found, kind = snapshot.get(view, Key(job.project, update["name"])), resource_of(view)
        if found is None:
            raise StepFault(f'error getting {kind.kind}: {kind.plural}.{kind.group} "{update["name"]}" not found')
        present = found.status.metadata
        missing = {name: value for name, value in update["values"].items() if present.get(name) != value}
        if missing:
            writes.append(merge(kind, found.raw, {"status": {"metadata": missing}}, subresource="status", exact=False))
    return Writes(tuple(writes)) if writes else Result()


KIND = Kind(
    name="set-metadata",
    sort=Sort.CLUSTER,
    schema=body(
        "updates",
        updates=each(
            body(
                "kind name values",
                kind=one_of("Stage", "Freight"),
                name=FILLED,
                values={"type": "object", "minProperties": 1},
            ),
            1,
        ),
    ),
    run=run,
)
