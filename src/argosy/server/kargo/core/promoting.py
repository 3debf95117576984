"""Promotes to one Stage, or to all Stages downstream of one. Source: spec/kargo-api.md 3.

Both require the verb `promote` on every Stage before anything is created; admission builds the Promotion.
"""

from __future__ import annotations

from typing import Final

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.schema import read
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.promotion.applications import NAMESPACE
from argosy.promotion.events import promotion_event
from argosy.promotion.freight.availability import availability
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, STAGES
from argosy.promotion.names import CREATE_ACTOR
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.access import MANAGER
from argosy.server.kargo.core.freight import by_alias
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, text
from argosy.server.kargo.faults import Fault, invalid, not_found
from argosy.server.kargo.shapes import plain

ONE: Final = "/projects/{project}/stages/{stage}/promotions"


def promoting_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def promote(request: ApiRequest) -> Reply:
        body, stage_name = request.json(), request.path["stage"]
        given = {name: value for name in ("freight", "freightAlias", "origin") if (value := text(body, name))}
        if len(given) != 1:
            raise invalid("exactly one of freight, freightAlias, or origin must be provided")
        stage = await _stage(request, stage_name)
        await request.access.permit("promote", STAGES, Key(request.project, stage_name))
        if "origin" in given:
            spec: JsonObject = {"origin": origin_of(given["origin"])}
        else:
            piece = await _piece(request, given)
            if not availability(read(Stage, stage), read(Freight, piece), context.clock.now()):
                name = piece["metadata"]["name"]
                raise invalid(f'Freight "{name}" is not available to Stage "{stage_name}"')
            spec = {"freight": piece["metadata"]["name"]}
        return Reply(plain(await _made(context, request, stage_name, spec), kind=False), 201)

    async def downstream(request: ApiRequest) -> Reply:
        body, stage_name = request.json(), request.path["stage"]
        given = {name: value for name in ("freight", "freightAlias") if (value := text(body, name))}
        if len(given) != 1:
            raise invalid("exactly one of freight or freightAlias must be provided")
        await _stage(request, stage_name)
        piece = await _piece(request, given)
        stages = downstream_of(stage_name, piece, (await request.objects.list(STAGES, request.project))[0])
        if not stages:
            raise not_found(f'Stage "{stage_name}" has no downstream stages')
        for stage in stages:
            await request.access.permit("promote", STAGES, Key(request.project, stage["metadata"]["name"]))
        for stage in stages:
            if not availability(read(Stage, stage), read(Freight, piece), context.clock.now()):
                name = stage["metadata"]["name"]
                freight = piece["metadata"]["name"]
                raise invalid(f'Freight "{freight}" is not available to downstream Stage "{name}"')
        return await _made_for_all(context, request, stages, piece)

    needs = within("stages", "promote", mutates=True)
    return (
        Endpoint(method="POST", path=ONE, needs=needs, answer=promote),
        Endpoint(method="POST", path=f"{ONE}/downstream", needs=needs, answer=downstream),
    )


async def _stage(request: ApiRequest, name: str) -> JsonObject:
    stage = await request.objects.find(STAGES, Key(request.project, name))
    if stage is None:
        raise not_found(f'Stage "{name}" not found in project "{request.project}"')
    return stage


async def _piece(request: ApiRequest, given: JsonObject) -> JsonObject:
    if name := given.get("freight"):
        piece = await request.objects.find(FREIGHT, Key(request.project, name))
        if piece is None:
            raise not_found(f'Freight "{name}" not found in project "{request.project}"')
        return piece
    alias = given["freightAlias"]
    piece = await by_alias(request, alias)
    if piece is None:
        raise not_found(f'Freight with alias "{alias}" not found in project "{request.project}"')
    return piece


async def _made(context: ServerContext, request: ApiRequest, stage: str, spec: JsonObject) -> JsonObject:
    """Raises StatusError. The caller's rights have been checked; admission takes the actor from us."""
    await request.access.permit("create", PROMOTIONS, Key(request.project, ""))
    body: JsonObject = {
        "apiVersion": PROMOTIONS.api_version,
        "kind": PROMOTIONS.kind,
        "metadata": {
            "generateName": "promo-",
            "namespace": request.project,
            "annotations": {CREATE_ACTOR: request.identity.actor},
        },
        "spec": {"stage": stage, **spec},
    }
    made = await context.control_plane.write(requests.create(PROMOTIONS, body, manager=MANAGER))
    await announced(context, request, made)
    return made


async def announced(context: ServerContext, request: ApiRequest, promotion: JsonObject) -> None:
    """Emits the event about who promoted."""
    piece = None
    if name := promotion["spec"].get("freight"):
        try:
            key = Key(promotion["metadata"]["namespace"], name)
            piece = read(Freight, await context.client.get(requests.Get(FREIGHT, key)))
        except StatusError as error:
            if not error.is_not_found:
                raise
    message = f'Promotion created for Stage "{promotion["spec"]["stage"]}" by "{request.identity.actor}"'
    place = context.environ.get("ARGOCD_NAMESPACE") or NAMESPACE
    event = promotion_event(read(Promotion, promotion), piece, "PromotionCreated", message, applications=place)
    context.events.record(promotion, event.reason, event.message, annotations=event.annotations)


async def _made_for_all(
    context: ServerContext, request: ApiRequest, stages: list[JsonObject], piece: JsonObject
) -> Reply:
    """Failures do not affect other Stages; the answer is then 207 with the errors."""
    made, errors = [], []
    for stage in stages:
        template = (stage.get("spec") or {}).get("promotionTemplate")
        if template is not None and not (template.get("spec") or {}).get("steps"):
            continue  # nothing to do there; admission reports a Stage without a template, like upstream
        try:
            spec = {"freight": piece["metadata"]["name"]}
            made.append(plain(await _made(context, request, stage["metadata"]["name"], spec), kind=False))
        except (StatusError, Fault) as error:
            errors.append(error.message)
    body: JsonObject = {"promotions": made}
    if errors:
        return Reply({**body, "errors": "\n".join(errors)}, 207)
    return Reply(body, 201)


def origin_of(given: str) -> JsonObject:
    """`Warehouse/<name>`. Raises Fault 400."""
    kind, has_name, name = given.partition("/")
    why = ""
    if not has_name or "/" in name:
        why = f'invalid Freight origin string "{given}"'
    elif kind != "Warehouse":
        why = f'invalid Freight origin kind "{kind}"'
    elif not name:
        why = "Freight origin name must not be empty"
    if why:
        raise invalid(f'invalid origin "{given}": {why}')
    return {"kind": kind, "name": name}


def downstream_of(stage: str, piece: JsonObject, stages: list[JsonObject]) -> list[JsonObject]:
    """The Stages that request Freight of this origin from that Stage."""
    origin = read(Freight, piece).origin
    requests_of = [(one, read(Stage, one).request_of(origin)) for one in stages]
    return [one for one, request in requests_of if request and stage in request.sources.stages]
