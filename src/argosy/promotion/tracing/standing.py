"""The state of a piece of Freight in a Stage: live, failed, or waiting - for what, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.artifacts import Verification
from argosy.apis.kargo.freight import Verified
from argosy.apis.kargo.steps import PromotionStep
from argosy.machinery import timestamps
from argosy.promotion.freight.availability import availability
from argosy.promotion.promotions.execution import resumed, timeout_at
from argosy.promotion.stages.order import is_terminal
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.tracing.applications import under_way
from argosy.promotion.tracing.pipeline import Pipeline

State = Literal["live", "past", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class Standing:
    state: State
    why: str
    until: datetime | None = None

    def __str__(self) -> str:
        return f"{self.why} (until {timestamps.seconds(self.until)})" if self.until else self.why


def standing(pipeline: Pipeline, piece: Freight, stage: Stage, now: datetime) -> Standing:
    verified = piece.status.verified_by(stage.metadata.name)
    if stage.is_control_flow:
        return Standing("live", "passed on") if verified else _unavailable(pipeline, piece, stage, now)
    promotions = pipeline.promotions_of(piece, stage)
    unfinished = next((one for one in promotions if not is_terminal(one)), None)
    if unfinished is not None:
        return waiting_promotion(unfinished, stage)
    if _holds(stage, piece):
        return _held(pipeline, stage, verified, promotions)
    if verified:
        return Standing("past", f"was verified at {verified.verified_at}, then replaced")
    if promotions:
        return _promoted(stage, promotions[-1])
    return _unavailable(pipeline, piece, stage, now)


def _promoted(stage: Stage, last: Promotion) -> Standing:
    """It was promoted, is not held and was not verified."""
    name, status = last.metadata.name, last.status
    if status.phase != "Succeeded":
        details = f": {status.message}" if status.message else ""
        return Standing("failed", f"Promotion {name} {status.phase}{details}")
    if not _is_taken_in(stage, last):
        return Standing("waiting", f"Promotion {name} has succeeded; the Stage has not recorded it yet")
    return Standing("past", "was replaced before it was verified")


def waiting_promotion(promotion: Promotion, stage: Stage) -> Standing:
    """What an unfinished Promotion waits for."""
    name, status = promotion.metadata.name, promotion.status
    if status.phase != "Running":
        current = stage.status.current_promotion
        if current and current.name not in ("", name):
            return Standing("waiting", f"Promotion {name} waits for its turn, behind {current.name}")
        return Standing("waiting", f"Promotion {name} waits for the verification of the Stage's current Freight")
    execution = resumed(promotion.spec.steps, STEPS, status)
    if execution.done:
        return Standing("waiting", f"Promotion {name} is finishing")
    step, meta = execution.steps[execution.current], execution.meta()
    details = f"step {execution.current + 1} of {len(execution.steps)}, {step.as_} ({step.uses})"
    if meta.get("message"):
        details += f": {meta['message']}"
    elif waits := _awaited(step, execution.state):
        details += f": {waits}"
    return Standing("waiting", f"Promotion {name} is at {details}", timeout_at(execution))


def _awaited(step: PromotionStep, state: Mapping[str, Any]) -> str:
    """What a running step waits for, as far as its configuration says so plainly."""
    config = step.config or {}
    if step.uses == "git-wait-for-pr":
        url = _pull_request(state)
        return f"waits until pull request {url} is merged" if url else ""
    if step.uses in ("argocd-update", "argocd-wait"):
        names = [str(app["name"]) for app in config.get("apps") or () if _is_plain(app.get("name"))]
        return f"Application {', '.join(names)} must be synced" if names else ""
    if step.uses == "http" and _is_plain(config.get("url")):
        return f"an answer of {str(config['url']).partition('?')[0]}"
    return ""


def _is_plain(text: Any) -> bool:
    return bool(text) and "${" not in str(text)


def _pull_request(state: Mapping[str, Any]) -> str:
    found = [
        one["pr"].get("url") for one in state.values() if isinstance(one, dict) and isinstance(one.get("pr"), dict)
    ]
    return str(found[-1]) if found and found[-1] else ""


def _is_taken_in(stage: Stage, promotion: Promotion) -> bool:
    """Whether its result is in the Stage's status."""
    last = stage.status.last_promotion
    if last is None:
        return False
    return last.name == promotion.metadata.name or last.finished_at > promotion.status.finished_at


def _holds(stage: Stage, piece: Freight) -> bool:
    return stage.status.held is not None and piece.metadata.name in stage.status.held.names


def passed_by(pipeline: Pipeline, piece: Freight, stage: Stage) -> str:
    """The newer piece of the same origin that the Stage holds, by its alias or name; empty if there is none."""
    names, origin = stage.status.held.names if stage.status.held else [], str(piece.origin)
    for one in pipeline.freight:
        if (
            one.metadata.name in names
            and one.metadata.namespace == stage.metadata.namespace
            and str(one.origin) == origin
            and one.metadata.creation_timestamp > piece.metadata.creation_timestamp
        ):
            return one.alias or one.metadata.name[:12]
    return ""


def _held(pipeline: Pipeline, stage: Stage, verified: Verified | None, promotions: Sequence[Promotion]) -> Standing:
    current = (stage.status.held and stage.status.held.verification) or Verification()
    if current.phase in ("Failed", "Error", "Aborted", "Inconclusive") and not verified:
        details = f": {current.message}" if current.message else ""
        return Standing("failed", f"verification {current.phase}{details}")
    if stage.status.health_status != "Healthy":
        issues = stage.status.health.issues if stage.status.health else ()
        rollouts = [line for one in promotions[-1:] for line in under_way(pipeline, one)]
        details = "; ".join([*issues, *rollouts])
        state = stage.status.health_status or "not known yet"
        return Standing("waiting", f"deployed, health {state}{': ' + details if details else ''}")
    if not verified:
        by = f" by {current.analysis_run.name}" if current.analysis_run and current.analysis_run.name else ""
        return Standing("waiting", f"deployed and healthy, verification {current.phase or 'starts'}{by}")
    return Standing("live", f"live and healthy, verified at {verified.verified_at}")


def _unavailable(pipeline: Pipeline, piece: Freight, stage: Stage, now: datetime) -> Standing:
    found = availability(stage, piece, now)
    if found:
        return _not_promoted(pipeline, piece, stage)
    if found.ripe_at and found.ripe_at > now:
        return Standing("waiting", "soaks in the upstream Stage", found.ripe_at)
    request, namespace = stage.request_of(piece.origin), stage.metadata.namespace
    above = request.sources.stages if request else ()
    before = [(name, one) for name in above if (one := pipeline.stage(namespace, name)) is not None]
    standings = [(name, standing(pipeline, piece, one, now)) for name, one in before]
    stuck = [(name, one) for name, one in standings if one.state == "failed"]
    if stuck and len(stuck) == len(before):
        name, reason = stuck[0]
        return Standing("failed", f"stopped in {name}: {reason.why}")
    return Standing("waiting", f"waits for {' and '.join(above) or 'an approval'} to verify it")


def _not_promoted(pipeline: Pipeline, piece: Freight, stage: Stage) -> Standing:
    if newer := passed_by(pipeline, piece, stage):
        return Standing(
            "waiting", f"is available, but older than the current {newer}; it is deployed only by a promotion by hand"
        )
    if hold := stage.status.effective_auto_promotion_holds.get(str(piece.origin)):
        return Standing("waiting", f"auto-promotion is held by {hold.actor or hold.promotion_name}")
    if stage.status.auto_promotion_enabled:
        return Standing("waiting", "is available, and will be promoted unless newer Freight is")
    return Standing("waiting", "is available and waits for a promotion by hand")
