"""Classifies unfinished work: what continues by itself and until when, what waits for a person, what failed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, resource_of
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.stages.order import is_terminal
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.promotion.tracing.standing import Standing, standing, waiting_promotion
from argosy.rehearse.changes import Change, Merge, Promote, Resume, Sync
from argosy.server.api import object_states
from argosy.server.api.applications.why import why

T = TypeVar("T")
State = Literal["busy", "gate", "failed"]
Objects = Mapping[str, Sequence[JsonObject]]
"""By plural."""
WAITING: Final = "argosy.dev/waiting"
PERSON: Final = "a person "
UNTIL: Final = ", until "
OPENS_PR: Final = "git-wait-for-pr"
BY_HAND: Final = "is available and waits for a promotion by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`until`: when it continues by itself, if known. `opens`: what a person would have to do."""

    kind: str
    namespace: str
    name: str
    state: State
    message: str
    until: datetime | None = None
    opens: Change | None = None
    cluster: str = ""

    @property
    def subject(self) -> str:
        where = f" in {self.cluster}" if self.cluster else ""
        return f"{self.kind} {self.namespace}/{self.name}{where}" if self.name else self.kind

    def in_cluster(self, name: str) -> Finding:
        opens = replace(self.opens, cluster=name) if isinstance(self.opens, Resume) else self.opens
        return replace(self, cluster=name, opens=opens)


def findings(objects: Objects, now: datetime, recent: frozenset[str] = frozenset()) -> list[Finding]:
    """`recent`: names of Freight created since the change; only these are looked for in Stages."""
    return [
        *(found for app in objects.get("applications", ()) for found in _application(app)),
        *(found for one in objects.get("rollouts", ()) for found in _rollout(one)),
        *_promotions(objects, now),
        *_freight(objects, now, recent),
        *(found for one in objects.get("analysisruns", ()) for found in _analysis(one)),
        *(found for one in objects.get("certificates", ()) for found in _by_state(one, object_states.certificate)),
        *(found for one in objects.get("sealedsecrets", ()) for found in _by_state(one, object_states.sealed_secret)),
    ]


def _finding(
    obj: JsonObject, state: State, message: str, *, until: datetime | None = None, opens: Change | None = None
) -> Finding:
    metadata = obj["metadata"]
    return Finding(
        kind=obj["kind"],
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        state=state,
        message=message,
        until=until,
        opens=opens,
    )


def _application(app: JsonObject) -> Iterator[Finding]:
    found = why(app)
    message = f"{found['reason']}: {found['message']}"
    if found["severity"] == "broken":
        yield _finding(app, "failed", message)
    elif found["severity"] == "busy":
        yield _finding(app, "busy", message)
    elif found["reason"] in ("OutOfSync", "Missing", "Held") and not _is_automated(app):
        opens = Sync(str(app["metadata"]["namespace"]), str(app["metadata"]["name"]))
        yield _finding(app, "gate", f"{message}; sync is by hand", opens=opens)


def _is_automated(app: JsonObject) -> bool:
    automated = ((app.get("spec") or {}).get("syncPolicy") or {}).get("automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


def _rollout(rollout: JsonObject) -> Iterator[Finding]:
    state = object_states.rollout(rollout)
    waits = str((rollout["metadata"].get("annotations") or {}).get(WAITING) or "")
    step = f" at step {state.facts['step']}" if state.facts.get("step") else ""
    if state.severity == "broken":
        yield _finding(rollout, "failed", f"{state.state}{step}: {state.message}")
    elif waits.startswith(PERSON):
        opens = Resume(str(rollout["metadata"]["namespace"]), str(rollout["metadata"]["name"]))
        yield _finding(rollout, "gate", f"waits for {waits}", opens=opens)
    elif state.state in ("Progressing", "Paused"):
        message = f"waits for {waits}" if waits else f"{state.state}{step}: {state.message}"
        yield _finding(rollout, "busy", message, until=_until(waits))


def _until(text: str) -> datetime | None:
    _, found, moment = text.rpartition(UNTIL)
    try:
        return timestamps.parse(moment) if found else None
    except ValueError:
        return None


def _promotions(objects: Objects, now: datetime) -> Iterator[Finding]:
    stages = {(one.metadata.namespace, one.metadata.name): one for one in _views(objects, Stage)}
    for promotion in _views(objects, Promotion):
        stage, status = stages.get((promotion.metadata.namespace, promotion.spec.stage)), promotion.status
        if is_terminal(promotion):
            if status.phase in ("Failed", "Errored"):
                yield _finding(promotion.raw, "failed", f"{status.phase}: {status.message or 'without a message'}")
        elif stage is not None:
            waits, merge = waiting_promotion(promotion, stage), _merge_of(promotion)
            state: State = "gate" if merge is not None else "busy"
            yield _finding(promotion.raw, state, str(waits.why), until=waits.until, opens=merge)


def _views(objects: Objects, kind: type[T]) -> list[T]:
    return [read(kind, one) for one in objects.get(resource_of(kind).plural, ())]


def _merge_of(promotion: Promotion) -> Merge | None:
    """The pull request that the current step waits for."""
    status, steps = promotion.status, promotion.spec.steps
    if status.current_step >= len(steps) or steps[status.current_step].uses != OPENS_PR:
        return None
    url = str((steps[status.current_step].config or {}).get("repoURL") or "")
    numbers = [one["pr"]["id"] for one in status.state.values() if isinstance(one, dict) and one.get("pr")]
    return Merge(url, int(numbers[-1])) if numbers else None


def _freight(objects: Objects, now: datetime, recent: frozenset[str]) -> Iterator[Finding]:
    pipeline = Pipeline(
        freight=_views(objects, Freight),
        stages=_views(objects, Stage),
        promotions=_views(objects, Promotion),
        applications=_views(objects, Application),
        rollouts=_views(objects, Rollout),
    )
    for piece in pipeline.freight:
        if piece.metadata.name not in recent:
            continue
        for stage in pipeline.stages_for(piece):
            yield from _in_stage(piece, stage, standing(pipeline, piece, stage, now), pipeline)


def _in_stage(piece: Freight, stage: Stage, found: Standing, pipeline: Pipeline) -> Iterator[Finding]:
    name = piece.alias or piece.metadata.name[:12]
    if found.state == "failed" and not found.why.startswith("stopped in"):
        yield _finding(stage.raw, "failed", f"Freight {name}: {found.why}")
    if found.state != "waiting":
        return
    if found.why == BY_HAND:
        opens = Promote(stage.metadata.namespace, stage.metadata.name, piece.metadata.name)
        yield _finding(stage.raw, "gate", f"Freight {name} {found.why}", opens=opens)
    elif found.until is not None and not any(one for one in pipeline.promotions_of(piece, stage)):
        yield _finding(stage.raw, "busy", f"Freight {name} {found.why}", until=found.until)
    elif found.why.startswith("deployed"):
        yield _finding(stage.raw, "busy", f"Freight {name} {found.why}")


def _analysis(run: JsonObject) -> Iterator[Finding]:
    state = object_states.analysis_run(run)
    if state.severity == "busy":
        yield _finding(run, "busy", f"measures {state.facts['metrics']}")
    elif state.severity == "broken":
        yield _finding(run, "failed", f"{state.state}: {state.message}")


def _by_state(obj: JsonObject, state_of: Callable[[JsonObject], Any]) -> Iterator[Finding]:
    found = state_of(obj)
    if found.severity == "broken":
        yield _finding(obj, "failed", f"{found.state}: {found.message}")
    elif found.severity in ("busy", "attention"):
        yield _finding(obj, "busy", f"{found.state}: {found.message}")


WATCHED: Final = (
    "applications", "rollouts", PROMOTIONS.plural, FREIGHT.plural, STAGES.plural, "analysisruns", "certificates",
    "sealedsecrets",
)  # fmt: skip
