"""What a page can do in a pipeline besides promoting to one Stage: approve, verify, abort, retry, make Freight by hand.

Rights: `objects, action/<verb>, kargo.akuity.io/<Kind>/<namespace>/<name>`. What has the effect of a promotion needs
`action/promote` on each Stage that is concerned. Who may see an object may have it looked at again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypedDict

from argosy.apis.schema import read
from argosy.machinery import requests, timestamps
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.server.api.acting.rollouts_and_stages import MANAGER, Act, Chosen, Done, Nothing, acted_on, promoted
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import failed_precondition, invalid, not_found

ENDED_PROMOTION: Final = frozenset({"Succeeded", "Failed", "Errored", "Aborted"})
ENDED_VERIFICATION: Final = frozenset({"Successful", "Failed", "Error", "Inconclusive", "Aborted"})
ITEMS: Final[Mapping[str, str]] = {"git": "commits", "images": "references", "charts": "versions"}


class Artefact(TypedDict):
    """`id` is a commit, tag or version; `text` has further details; `at` is its creation time."""

    id: str
    text: str
    at: str


class Subscription(TypedDict):
    """The artefacts that a Warehouse discovered in one repository, newest first. `key` identifies it in `chosen`."""

    key: str
    repository: str
    found: list[Artefact]


class Artefacts(TypedDict):
    subscriptions: list[Subscription]
    discoveredAt: str


class Composition(TypedDict):
    """`chosen`: the artefact's ID by the subscription's key; the default is the newest.

    `alias` may be empty: one is generated then.
    """

    alias: str
    chosen: dict[str, str]


def pipeline_action_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    actions = PipelineActions(context)

    def post(path: str, summary: str, answer: Act, takes: Any = Nothing) -> Endpoint:
        needs = within(RIGHTS, "action", mutates=True)
        return Endpoint(
            method="POST", path=path, summary=summary, needs=needs, takes=takes, answers=Done, answer=answer
        )

    stage, warehouse, promotion = (f"/{kind}/{{namespace}}/{{name}}" for kind in ("stages", "warehouses", "promotions"))
    return (
        post(f"{stage}/refresh", "Refresh a Stage", actions.refreshing("stages")),
        post(f"{warehouse}/refresh", "Refresh a Warehouse", actions.refreshing("warehouses")),
        post(f"{stage}/verify", "Verify a Stage's Freight again", actions.verify),
        post(f"{stage}/abort-verification", "Abort the running verification of a Stage", actions.abort_verification),
        post(
            f"{stage}/approve",
            "Approve Freight for a Stage",
            actions.approve,
            Chosen,
        ),
        post(f"{stage}/promote-downstream", "Promote to all downstream Stages", actions.promote_downstream, Chosen),
        post(f"{promotion}/abort", "Abort a Promotion", actions.abort_promotion),
        post(f"{promotion}/retry", "Repeat a Promotion", actions.retry_promotion),
        Endpoint(
            method="GET",
            path=f"{warehouse}/artefacts",
            summary="Artefacts that a Warehouse discovered, to create Freight from",
            needs=within(RIGHTS, "get"),
            answers=Artefacts,
            answer=actions.artefacts,
        ),
        post(f"{warehouse}/freight", "Create Freight manually", actions.make_freight, Composition),
    )


class PipelineActions:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    def refreshing(self, kind: str) -> Act:
        async def refresh(request: ApiRequest) -> Done:
            from argosy.promotion.names import REFRESH

            found = await acted_on(self._context, request, kind, "get")
            await self._annotate(kind, found, {REFRESH: timestamps.seconds(self._context.clock.now())})
            return {"message": f"{found['metadata']['name']} is looked at again"}

        return refresh

    async def verify(self, request: ApiRequest) -> Done:
        from argosy.promotion.names import REVERIFY

        stage, current = await self._verification(request, "verify")
        await self._annotate("stages", stage, {REVERIFY: _request(request, id=str(current["id"]))})
        return {"message": f"{stage['metadata']['name']} is verified again"}

    async def abort_verification(self, request: ApiRequest) -> Done:
        from argosy.promotion.names import ABORT

        stage, current = await self._verification(request, "abort-verification")
        if current.get("phase") in ENDED_VERIFICATION:
            raise failed_precondition(f"the verification of {stage['metadata']['name']} has ended: {current['phase']}")
        await self._annotate("stages", stage, {ABORT: _request(request, id=str(current["id"]))})
        return {"message": f"the verification of {stage['metadata']['name']} is ended"}

    async def approve(self, request: ApiRequest) -> Done:
        """As good as promoting it there, so it needs the same right."""
        from argosy.apis.kargo import Freight, Stage
        from argosy.promotion.events import freight_event

        stage = await acted_on(self._context, request, "stages", "action/promote")
        piece = await self._other(request, "freight", request.body["freight"])
        name, view = stage["metadata"]["name"], read(Freight, piece)
        if read(Stage, stage).request_of(view.origin) is None:
            raise failed_precondition(f"{name} requests no Freight of {view.origin}")
        if view.status.is_approved_for(name):
            return {"message": f"{_called(piece)} is approved for {name} already"}
        at = timestamps.seconds(self._context.clock.now())
        patch = {"status": {"approvedFor": {name: {"approvedAt": at}}}}
        await self._patch("freight", piece, patch, subresource="status")
        actor = _actor(request)
        message = f'Freight approved for Stage "{name}" by "{actor}"'
        event = freight_event(view, "FreightApproved", message, actor, stage_name=name)
        self._context.events.record(piece, event.reason, event.message, annotations=event.annotations)
        return {"message": f"{_called(piece)} is approved for {name}"}

    async def promote_downstream(self, request: ApiRequest) -> Done:
        """Nothing is made unless each of the Stages may have it, and the caller may promote to each."""
        from argosy.apis.kargo import Freight, Stage
        from argosy.promotion.freight.availability import availability
        from argosy.server.kargo.core.promoting import downstream_of

        context = self._context
        stage = await acted_on(context, request, "stages", "get")
        piece = await self._other(request, "freight", request.body["freight"])
        listing = requests.List(resource=LISTED["stages"].resource, namespace=stage["metadata"]["namespace"])
        following = downstream_of(stage["metadata"]["name"], piece, list((await context.client.page(listing)).items))
        if not following:
            raise failed_precondition(f"no Stage takes this Freight from {stage['metadata']['name']}")
        for one in following:
            request.call.permit(RIGHTS, "action/promote", _target("stages", one))
        for one in following:
            if not (found := availability(read(Stage, one), read(Freight, piece), context.clock.now())):
                raise failed_precondition(f"{one['metadata']['name']} may not have it: {found.waits_for}")
        made = [await promoted(context, request, one, piece["metadata"]["name"]) for one in following if has_steps(one)]
        return {"message": f"{len(made)} Promotions were made: {', '.join(made)}"}

    async def abort_promotion(self, request: ApiRequest) -> Done:
        from argosy.promotion.names import ABORT

        promotion = await self._promotion(request)
        phase = (promotion.get("status") or {}).get("phase")
        if phase in ENDED_PROMOTION:
            raise failed_precondition(f"{promotion['metadata']['name']} has ended: {phase}")
        await self._annotate("promotions", promotion, {ABORT: _request(request, action="terminate")})
        return {"message": f"{promotion['metadata']['name']} is aborted"}

    async def retry_promotion(self, request: ApiRequest) -> Done:
        """A new Promotion of the same Freight to the same Stage, with the steps that the Stage has now."""
        promotion = await self._promotion(request)
        stage = await self._other(request, "stages", promotion["spec"]["stage"])
        made = await promoted(self._context, request, stage, promotion["spec"]["freight"])
        return {"message": f"Promotion {made} was made"}

    async def artefacts(self, request: ApiRequest) -> Artefacts:
        warehouse = await acted_on(self._context, request, "warehouses", "get")
        found = (warehouse.get("status") or {}).get("discoveredArtifacts") or {}
        return {"subscriptions": subscriptions_of(found), "discoveredAt": str(found.get("discoveredAt") or "")}

    async def make_freight(self, request: ApiRequest) -> Done:
        from argosy.apis.kargo import Warehouse
        from argosy.apis.kargo.warehouse import DiscoveredArtifacts
        from argosy.promotion.warehouses.artifacts import freight_of

        warehouse = await acted_on(self._context, request, "warehouses", "action/create-freight")
        given: Composition = request.body
        found = (warehouse.get("status") or {}).get("discoveredArtifacts") or {}
        chosen = read(DiscoveredArtifacts, with_choice(found, given["chosen"]))
        made_of = freight_of(read(Warehouse, warehouse), chosen)
        if made_of is None:
            raise failed_precondition(f"{warehouse['metadata']['name']} has not found something for each subscription")
        alias = given["alias"].strip()
        piece = {**made_of.raw, "alias": alias} if alias else made_of.raw
        made = await self._context.control_plane.write(
            requests.create(LISTED["freight"].resource, piece, manager=MANAGER)
        )
        return {"message": f"Freight {_called(made)} was made"}

    async def _verification(self, request: ApiRequest, verb: str) -> tuple[JsonObject, JsonObject]:
        """The newest verification of what the Stage holds. Raises ApiError."""
        stage = await acted_on(self._context, request, "stages", f"action/{verb}")
        history = (stage.get("status") or {}).get("freightHistory") or [{}]
        found: JsonObject = (history[0].get("verificationHistory") or [{}])[0]
        if not found.get("id"):
            raise failed_precondition(f"nothing was verified in {stage['metadata']['name']} yet")
        return stage, found

    async def _promotion(self, request: ApiRequest) -> JsonObject:
        """One for whose Stage the caller may promote. Raises ApiError."""
        found = await acted_on(self._context, request, "promotions", "get")
        resource, namespace = LISTED["stages"].resource, found["metadata"]["namespace"]
        request.call.permit(RIGHTS, "action/promote", target_of(resource, namespace, str(found["spec"].get("stage"))))
        return found

    async def _other(self, request: ApiRequest, kind: str, name: str) -> JsonObject:
        """Of the same project. Raises ApiError: what one may not see answers as what is not there."""
        resource, namespace = LISTED[kind].resource, request.path["namespace"]
        if not name or "/" in name or not request.call.may(RIGHTS, "get", target_of(resource, namespace, name)):
            raise not_found(f'{resource.qualified} "{name[:100]}" not found')
        return await self._context.client.get(requests.Get(resource, Key(namespace, name)))

    async def _annotate(self, kind: str, found: JsonObject, annotations: Mapping[str, str]) -> None:
        await self._patch(kind, found, {"metadata": {"annotations": dict(annotations)}})

    async def _patch(self, kind: str, found: JsonObject, patch: JsonObject, *, subresource: str = "") -> None:
        """Of exactly the object that was looked at. The control plane's client: admission knows for whom it acts."""
        metadata = found["metadata"]
        body = {**patch, "metadata": {**(patch.get("metadata") or {}), "uid": metadata["uid"]}}
        key = Key(metadata["namespace"], metadata["name"])
        await self._context.control_plane.write(
            requests.patch(LISTED[kind].resource, key, body, PatchType.MERGE, subresource=subresource, manager=MANAGER)
        )


# -- pure --------------------------------------------------------------------------------------------------------------


def subscriptions_of(found: Mapping[str, Any]) -> list[Subscription]:
    """Of `status.discoveredArtifacts`."""
    return [
        {
            "key": f"{kind}/{at}",
            "repository": " ".join(str(one[part]) for part in ("repoURL", "name", "subscriptionName") if one.get(part)),
            "found": [_artefact(kind, item) for item in one.get(items) or ()],
        }
        for kind, items in ITEMS.items()
        for at, one in enumerate(found.get(kind) or ())
    ]


def with_choice(found: Mapping[str, Any], chosen: Mapping[str, str]) -> JsonObject:
    """What was found with what is chosen in front, where Freight is made of. Raises ApiError, naming the field."""
    changed: JsonObject = {kind: [dict(one) for one in found.get(kind) or ()] for kind in ITEMS}
    known = {f"{kind}/{at}": (one, ITEMS[kind]) for kind, several in changed.items() for at, one in enumerate(several)}
    for key, wanted in chosen.items():
        if key not in known:
            raise invalid(f"body.chosen.{key[:40]}: there is no such subscription; there are {', '.join(known)}")
        one, items = known[key]
        kind = key.partition("/")[0]
        first = next((item for item in one.get(items) or () if _artefact(kind, item)["id"] == wanted), None)
        if first is None:
            raise invalid(f"body.chosen.{key}: {wanted[:80]!r} is none of what was found there")
        one[items] = [first, *(item for item in one[items] if item is not first)]
    return changed


def _artefact(kind: str, item: Any) -> Artefact:
    if kind == "charts":
        return {"id": str(item), "text": "", "at": ""}
    if kind == "images":
        digest = str(item.get("digest") or "")
        return {"id": str(item.get("tag") or digest), "text": digest[:19], "at": str(item.get("createdAt") or "")}
    text = " – ".join(str(item[part]) for part in ("tag", "branch", "subject", "author") if item.get(part))
    return {"id": str(item.get("id") or ""), "text": text, "at": str(item.get("creatorDate") or "")}


def has_steps(stage: JsonObject) -> bool:
    """One without only passes Freight on: there is nothing to promote."""
    return bool((((stage.get("spec") or {}).get("promotionTemplate") or {}).get("spec") or {}).get("steps"))


def _request(request: ApiRequest, **said: str) -> str:
    return json.dumps({**said, "actor": _actor(request)}, separators=(",", ":"))


def _actor(request: ApiRequest) -> str:
    return f"email:{request.call.caller.username}"


def _called(piece: JsonObject) -> str:
    return str(piece.get("alias") or piece["metadata"]["name"][:12])


def _target(kind: str, obj: JsonObject) -> str:
    return target_of(LISTED[kind].resource, obj["metadata"]["namespace"], obj["metadata"]["name"])
