"""The trace of a change: from a commit, an image or a chart through Freight and Stages to Applications and Rollouts.

What the caller may not see is left out: a Stage with its Promotions, an Application with its Rollouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from argosy.machinery.objects import JsonObject
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import Call, within
from argosy.server.context import ServerContext
from argosy.server.errors import invalid, not_found
from argosy.server.services.applications.access import RESOURCE, target_of_app

if TYPE_CHECKING:
    from argosy.apis.kargo import Freight
    from argosy.promotion.tracing.pipeline import Pipeline

MOST = 20
"""Pieces of Freight of one answer, the newest."""


class TracedRollout(TypedDict):
    name: str
    namespace: str
    phase: str
    step: str
    message: str


class TracedApplication(TypedDict):
    name: str
    namespace: str
    sync: str
    revision: str
    health: str
    rollouts: list[TracedRollout]


class TracedPromotion(TypedDict):
    """Missing times and texts are empty."""

    name: str
    phase: str
    actor: str
    startedAt: str
    finishedAt: str
    message: str
    commits: list[str]
    pullRequests: list[str]


class TracedStage(TypedDict):
    """`state`: live, past, failed or waiting; `why`: a sentence, with what it waits for.

    `passedBy`: newer Freight in the stage, if this one was never there.
    """

    stage: str
    state: str
    why: str
    passedBy: str
    promotions: list[TracedPromotion]
    applications: list[TracedApplication]


class Trace(TypedDict):
    """Freight: its artefacts, and how far it has got."""

    freight: str
    alias: str
    project: str
    origin: str
    discoveredAt: str
    artefacts: list[dict[str, str]]
    stages: list[TracedStage]


class Traces(TypedDict):
    """Newest first."""

    traces: list[Trace]


def trace_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def by_reference(request: ApiRequest) -> Traces:
        from argosy.promotion.tracing.naming import found
        from argosy.promotion.tracing.reading import read_pipeline

        reference, project = request.one("of").strip(), request.one("project")
        if not reference:
            raise invalid("query: of: a name, an alias, a commit, tag, digest or image:tag is expected")
        pipeline = await read_pipeline(context.client, project)
        request.call.checked = True
        pieces = [one for one in found(pipeline.freight, reference) if _may_see(request.call, "freight", one.raw)]
        return {"traces": [_traced(context, request.call, pipeline, piece) for piece in pieces[:MOST]]}

    async def of_freight(request: ApiRequest) -> Trace:
        from argosy.promotion.tracing.reading import read_pipeline

        namespace, name = request.path["namespace"], request.path["name"]
        pipeline = await read_pipeline(context.client, namespace)
        piece = next((one for one in pipeline.freight if one.metadata.name == name), None)
        resource = LISTED["freight"].resource
        if not request.call.may(RIGHTS, "get", target_of(resource, namespace, name)) or piece is None:
            raise not_found(f'{resource.qualified} "{name}" not found')
        return _traced(context, request.call, pipeline, piece)

    needs = within(RIGHTS, "get")
    return (
        Endpoint(
            method="GET",
            path="/traces",
            summary="How far a change has got: by commit, tag, digest, image, or name or alias of Freight",
            needs=needs,
            parameters=(Parameter("of", "the search term"), Parameter("project", "only in this project")),
            answers=Traces,
            answer=by_reference,
        ),
        Endpoint(
            method="GET",
            path="/freight/{namespace}/{name}/trace",
            summary="How far Freight has got, and why not further",
            needs=needs,
            answers=Trace,
            answer=of_freight,
        ),
    )


def _may_see(call: Call, kind: str, obj: JsonObject) -> bool:
    metadata = obj["metadata"]
    return call.may(RIGHTS, "get", target_of(LISTED[kind].resource, metadata["namespace"], metadata["name"]))


def _traced(context: ServerContext, call: Call, pipeline: Pipeline, piece: Freight) -> Trace:
    from argosy.promotion.tracing.trace import traced

    found = traced(pipeline, piece, context.clock.now())
    project = found["project"]
    stages = [
        _stage(context, call, pipeline, one)
        for one in found["stages"]
        if call.may(RIGHTS, "get", target_of(LISTED["stages"].resource, project, one["stage"]))
    ]
    artefacts = [{name: str(value) for name, value in one.items()} for one in found["artefacts"]]
    return {
        "freight": found["freight"],
        "alias": found["alias"],
        "project": project,
        "origin": found["origin"],
        "discoveredAt": found["discoveredAt"],
        "artefacts": artefacts,
        "stages": stages,
    }


def _stage(context: ServerContext, call: Call, pipeline: Pipeline, stage: JsonObject) -> TracedStage:
    applications: list[TracedApplication] = []
    for one in stage["applications"]:
        app = pipeline.application(one["namespace"], one["name"])
        if app is not None and call.may(RESOURCE, "get", target_of_app(context, app.raw)):
            applications.append(one)
    return {
        "stage": stage["stage"],
        "state": stage["state"],
        "why": stage["why"],
        "passedBy": stage["passedBy"],
        "promotions": [_promotion(one) for one in stage["promotions"]],
        "applications": applications,
    }


def _promotion(given: JsonObject) -> TracedPromotion:
    return {
        "name": given["name"],
        "phase": given["phase"],
        "actor": given["actor"],
        "startedAt": given.get("startedAt") or "",
        "finishedAt": given.get("finishedAt") or "",
        "message": given.get("message") or "",
        "commits": given.get("commits") or [],
        "pullRequests": given.get("pullRequests") or [],
    }
