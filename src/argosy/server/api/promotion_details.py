"""A Promotion's details: variables and steps as evaluated, with Secrets masked, and its notifications.

Who may see the Promotion sees what it makes of ConfigMaps and Freight; of Secrets nobody sees more than `***`.
"""

from __future__ import annotations

from typing import Any, TypedDict

from argosy.machinery.objects import JsonObject
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import LISTED, RIGHTS
from argosy.server.api.stories import Told, events_about, object_asked
from argosy.server.calls import within
from argosy.server.context import ServerContext


class StepEvaluated(TypedDict):
    """`problem`: why it cannot be evaluated (yet); the other fields are then empty. `skipped`: by its `if`."""

    step: str
    variables: dict[str, Any]
    config: dict[str, Any]
    skipped: bool
    problem: str


class PromotionDetails(TypedDict):
    """`problem`: why it cannot be evaluated; else empty."""

    variables: dict[str, Any]
    steps: list[StepEvaluated]
    problem: str
    events: list[Told]


def promotion_detail_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def details(request: ApiRequest) -> PromotionDetails:
        return await _details(context, await object_asked(context, request, "promotions"))

    return (
        Endpoint(
            method="GET",
            path="/promotions/{namespace}/{name}/details",
            summary="A Promotion's variables and steps as evaluated, and its events",
            needs=within(RIGHTS, "get"),
            answers=PromotionDetails,
            answer=details,
        ),
    )


async def _details(context: ServerContext, obj: JsonObject) -> PromotionDetails:
    from argosy.apis.kargo import Freight, Promotion, Stage
    from argosy.apis.schema import read
    from argosy.promotion.preview.evaluated import evaluated, objects_for
    from argosy.promotion.settings import Settings

    environ, promotion = context.environ, read(Promotion, obj)
    settings = Settings(
        argocd_namespace=context.namespace,
        shared_namespace=environ.get("SHARED_RESOURCES_NAMESPACE") or Settings().shared_namespace,
        ui_url=environ.get("UI_BASE_URL") or environ.get("API_SERVER_BASE_URL", ""),
    )
    objects = await objects_for(context.client, settings, promotion.metadata.namespace)
    by_name = {
        kind: {one["metadata"]["name"]: one for one in objects.get(LISTED[kind].resource, ())}
        for kind in ("stages", "freight")
    }
    stage, piece = by_name["stages"].get(promotion.spec.stage), by_name["freight"].get(promotion.spec.freight)
    found = evaluated(
        objects,
        settings,
        promotion,
        read(Stage, stage) if stage is not None else None,
        read(Freight, piece) if piece is not None else None,
    )
    return {
        "variables": found.variables,
        "steps": [
            {
                "step": one.alias,
                "variables": one.variables,
                "config": one.config,
                "skipped": one.skipped,
                "problem": one.problem,
            }
            for one in found.steps
        ],
        "problem": found.problem,
        "events": await events_about(context, obj),
    }
