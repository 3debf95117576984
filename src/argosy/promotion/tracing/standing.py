"""How a piece of Freight stands in a Stage: live, failed, or waiting - for what, and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.promotion.freight.availability import availability, origin_text, request_of
from argosy.promotion.freight.references import freight_names
from argosy.promotion.promotions.execution import resumed, timeout_at
from argosy.promotion.stages.order import is_terminal, phase_of
from argosy.promotion.stages.seen import is_control_flow
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


def standing(pipeline: Pipeline, piece: JsonObject, stage: JsonObject, now: datetime) -> Standing:
    name = stage["metadata"]["name"]
    verified = ((piece.get("status") or {}).get("verifiedIn") or {}).get(name)
    if is_control_flow(stage):
        return Standing("live", "passed on") if verified else _unavailable(pipeline, piece, stage, now)
    promotions = pipeline.promotions_of(piece, stage)
    unfinished = next((one for one in promotions if not is_terminal(one)), None)
    if unfinished is not None:
        return waiting_promotion(unfinished, stage)
    if _holds(stage, piece):
        return _held(pipeline, stage, verified, promotions)
    if verified:
        return Standing("past", f"was verified at {verified.get('verifiedAt')}, and has left")
    if promotions and phase_of(promotions[-1]) != "Succeeded":
        status = promotions[-1].get("status") or {}
        told = f": {status['message']}" if status.get("message") else ""
        return Standing("failed", f"Promotion {promotions[-1]['metadata']['name']} {phase_of(promotions[-1])}{told}")
    if promotions and not _is_taken_in(stage, promotions[-1]):
        return Standing(
            "waiting", f"Promotion {promotions[-1]['metadata']['name']} has succeeded, the Stage takes it in"
        )
    if promotions:
        return Standing("past", "was replaced before it was verified")
    return _unavailable(pipeline, piece, stage, now)


def waiting_promotion(promotion: JsonObject, stage: JsonObject) -> Standing:
    """What an unfinished Promotion waits for."""
    name, status = promotion["metadata"]["name"], promotion.get("status") or {}
    if phase_of(promotion) != "Running":
        current = ((stage.get("status") or {}).get("currentPromotion") or {}).get("name")
        if current and current != name:
            return Standing("waiting", f"Promotion {name} waits for its turn, behind {current}")
        return Standing("waiting", f"Promotion {name} waits until what the Stage holds is verified")
    execution = resumed(promotion["spec"]["steps"], STEPS, status)
    if execution.done:
        return Standing("waiting", f"Promotion {name} comes to its end")
    step, meta = execution.steps[execution.current], execution.meta()
    told = f"step {execution.current + 1} of {len(execution.steps)}, {step['as']} ({step['uses']})"
    if meta.get("message"):
        told += f": {meta['message']}"
    elif waits := _awaited(step, execution.state):
        told += f": {waits}"
    return Standing("waiting", f"Promotion {name} is at {told}", timeout_at(execution))


def _awaited(step: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """What a step that runs waits for, as far as its configuration says it plainly."""
    config = step.get("config") or {}
    if step["uses"] == "git-wait-for-pr":
        url = _pull_request(state)
        return f"somebody must merge pull request {url}" if url else ""
    if step["uses"] in ("argocd-update", "argocd-wait"):
        names = [str(app["name"]) for app in config.get("apps") or () if _is_plain(app.get("name"))]
        return f"Application {', '.join(names)} must be synced" if names else ""
    if step["uses"] == "http" and _is_plain(config.get("url")):
        return f"an answer of {str(config['url']).partition('?')[0]}"
    return ""


def _is_plain(text: Any) -> bool:
    return bool(text) and "${" not in str(text)


def _pull_request(state: Mapping[str, Any]) -> str:
    found = [
        one["pr"].get("url") for one in state.values() if isinstance(one, dict) and isinstance(one.get("pr"), dict)
    ]
    return str(found[-1]) if found and found[-1] else ""


def _is_taken_in(stage: JsonObject, promotion: JsonObject) -> bool:
    """Whether what it came to is in the Stage's status."""
    last = (stage.get("status") or {}).get("lastPromotion") or {}
    finished = str((promotion.get("status") or {}).get("finishedAt") or "")
    return bool(last.get("name") == promotion["metadata"]["name"] or str(last.get("finishedAt") or "") > finished)


def _holds(stage: JsonObject, piece: JsonObject) -> bool:
    history = (stage.get("status") or {}).get("freightHistory") or []
    return bool(history) and piece["metadata"]["name"] in freight_names(history[0])


def passed_by(pipeline: Pipeline, piece: JsonObject, stage: JsonObject) -> str:
    """The newer piece of the same origin that the Stage holds, by its alias or name; empty where there is none."""
    history = (stage.get("status") or {}).get("freightHistory") or [{}]
    names, origin = freight_names(history[0]), origin_text(piece.get("origin") or {})
    for one in pipeline.freight:
        metadata = one["metadata"]
        if (
            metadata["name"] in names
            and metadata["namespace"] == stage["metadata"]["namespace"]
            and origin_text(one.get("origin") or {}) == origin
            and metadata["creationTimestamp"] > piece["metadata"]["creationTimestamp"]
        ):
            return str(one.get("alias") or metadata["name"][:12])
    return ""


def _held(
    pipeline: Pipeline, stage: JsonObject, verified: Mapping[str, Any] | None, promotions: Sequence[JsonObject]
) -> Standing:
    status = stage.get("status") or {}
    health = status.get("health") or {}
    history = (status["freightHistory"][0].get("verificationHistory") or [{}])[0]
    if history.get("phase") in ("Failed", "Error", "Aborted", "Inconclusive") and not verified:
        told = f": {history['message']}" if history.get("message") else ""
        return Standing("failed", f"verification {history['phase']}{told}")
    if health.get("status") != "Healthy":
        rollouts = [line for one in promotions[-1:] for line in under_way(pipeline, one)]
        told = "; ".join([*(health.get("issues") or ()), *rollouts])
        return Standing(
            "waiting", f"is there, health {health.get('status') or 'not known yet'}{': ' + told if told else ''}"
        )
    if not verified:
        run = (history.get("analysisRun") or {}).get("name")
        return Standing(
            "waiting",
            f"is there and healthy, verification {history.get('phase') or 'begins'}{f' by {run}' if run else ''}",
        )
    return Standing("live", f"live and healthy, verified at {verified.get('verifiedAt')}")


def _unavailable(pipeline: Pipeline, piece: JsonObject, stage: JsonObject, now: datetime) -> Standing:
    found = availability(stage, piece, now)
    if found:
        return _not_promoted(pipeline, piece, stage)
    if found.ripe_at and found.ripe_at > now:
        return Standing("waiting", "soaks in the Stage before", found.ripe_at)
    request = request_of(stage, origin_text(piece.get("origin") or {})) or {}
    above = (request.get("sources") or {}).get("stages") or ()
    namespace = stage["metadata"]["namespace"]
    before = [(name, one) for name in above if (one := pipeline.stage(namespace, name)) is not None]
    standings = [(name, standing(pipeline, piece, one, now)) for name, one in before]
    stuck = [(name, one) for name, one in standings if one.state == "failed"]
    if stuck and len(stuck) == len(before):
        name, reason = stuck[0]
        return Standing("failed", f"stopped in {name}: {reason.why}")
    return Standing("waiting", f"waits for {' and '.join(above) or 'an approval'} to verify it")


def _not_promoted(pipeline: Pipeline, piece: JsonObject, stage: JsonObject) -> Standing:
    status, origin = stage.get("status") or {}, origin_text(piece.get("origin") or {})
    if newer := passed_by(pipeline, piece, stage):
        return Standing("waiting", f"is available, but older than {newer}, which is there: it comes if it is promoted")
    if hold := (status.get("effectiveAutoPromotionHolds") or {}).get(origin):
        return Standing("waiting", f"auto-promotion is held by {hold.get('actor') or hold.get('promotionName')}")
    if status.get("autoPromotionEnabled"):
        return Standing("waiting", "is available, and will be promoted if nothing newer is")
    return Standing("waiting", "is available, and waits for somebody to promote it")
