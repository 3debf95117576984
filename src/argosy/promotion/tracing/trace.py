"""The trace of a piece of Freight as data, and as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.artifacts import Image
from argosy.machinery.objects import JsonObject
from argosy.promotion.events import actor_of
from argosy.promotion.tracing.applications import applications_of
from argosy.promotion.tracing.naming import SOURCE, Artefact, artefacts, built_from
from argosy.promotion.tracing.pipeline import Pipeline
from argosy.promotion.tracing.standing import passed_by, standing


def traced(pipeline: Pipeline, piece: Freight, now: datetime) -> JsonObject:
    return {
        "freight": piece.metadata.name,
        "alias": piece.alias,
        "project": piece.metadata.namespace,
        "origin": str(piece.origin),
        "discoveredAt": piece.discovered_at or piece.metadata.creation_timestamp,
        "artefacts": [_artefact(one) for one in artefacts(piece)],
        "stages": [_stage(pipeline, piece, stage, now) for stage in pipeline.stages_for(piece)],
    }


def _artefact(one: Artefact) -> JsonObject:
    kept = ("repoURL", "id", "branch", "tag", "digest", "version", "message", "author")
    found = {name: one.raw[name] for name in kept if one.raw.get(name)}
    if isinstance(one, Image) and (commit := built_from(one)):
        found["builtFrom"] = {"id": commit, "repoURL": one.annotations.get(SOURCE) or ""}
    return found


def _stage(pipeline: Pipeline, piece: Freight, stage: Stage, now: datetime) -> JsonObject:
    found = standing(pipeline, piece, stage, now)
    promotions = pipeline.promotions_of(piece, stage)
    return {
        "stage": stage.metadata.name,
        "state": found.state,
        "why": str(found),
        "passedBy": passed_by(pipeline, piece, stage) if found.state == "waiting" and not promotions else "",
        "promotions": [_promotion(one) for one in promotions],
        "applications": [one for promotion in promotions[-1:] for one in applications_of(pipeline, promotion)],
    }


def _promotion(one: Promotion) -> JsonObject:
    status = one.status
    outputs = [out for out in status.state.values() if isinstance(out, dict)]
    commits = [str(out["commit"]) for out in outputs if out.get("commit")]
    pulls = [str(out["pr"].get("url")) for out in outputs if out.get("pr")]
    shape = {
        "name": one.metadata.name,
        "phase": status.phase or "Pending",
        "actor": actor_of(one) or "controller",
        "startedAt": status.started_at,
        "finishedAt": status.finished_at,
        "message": status.message,
        "commits": sorted({*commits}),
        "pullRequests": sorted({*pulls}),
    }
    return {name: value for name, value in shape.items() if value}


def text_of(trace: Mapping[str, Any]) -> str:
    alias = f" ({trace['alias']})" if trace["alias"] else ""
    lines = [f"Freight {trace['freight'][:12]}{alias} of {trace['origin']}, found at {trace['discoveredAt']}"]
    lines += [f"  {_artefact_line(one)}" for one in trace["artefacts"]]
    for stage in trace["stages"]:
        mark = {"live": "✔", "past": "✔", "failed": "✖", "waiting": "…"}[stage["state"]]
        lines.append(f"{mark} {stage['stage']}: {stage['why']}")
        for one in stage["promotions"]:
            lines += _promotion_lines(one)
        for app in stage["applications"]:
            revision = f" at {app['revision'][:7]}" if app["revision"] else ""
            lines.append(
                f"    Application {app['name']}: {app['sync'] or 'unknown'}, {app['health'] or 'unknown'}{revision}"
            )
            for rollout in app["rollouts"]:
                step = f", step {rollout['step']}" if rollout["step"] else ""
                detail = f": {rollout['message']}" if rollout["message"] else ""
                lines.append(f"      Rollout {rollout['name']}: {rollout['phase'] or 'unknown'}{step}{detail}")
    return "\n".join(lines) + "\n"


def _artefact_line(one: Mapping[str, Any]) -> str:
    if one.get("id"):
        subject = f" {one['message']}" if one.get("message") else ""
        return f"commit {one['id'][:12]} of {one['repoURL']}{subject}"
    if one.get("version"):
        return f"chart {one['repoURL']} {one['version']}"
    return f"image {one['repoURL']}:{one.get('tag') or ''} {str(one.get('digest') or '')[:19]}{_built(one)}"


def _built(one: Mapping[str, Any]) -> str:
    source = one.get("builtFrom")
    return f", built from commit {source['id'][:12]} {source['repoURL']}".rstrip() if source else ""


def _promotion_lines(one: Mapping[str, Any]) -> list[str]:
    ended = f", ended {one['finishedAt']}" if one.get("finishedAt") else ""
    lines = [f"    Promotion {one['name']}: {one['phase']} by {one['actor']}{ended}"]
    lines += [f"      commit {commit[:12]}" for commit in one.get("commits") or ()]
    return lines + [f"      pull request {url}" for url in one.get("pullRequests") or ()]
