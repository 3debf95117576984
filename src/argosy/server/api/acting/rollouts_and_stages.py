"""What a page can do with Rollouts and Stages: the verbs of the peers' commands, by the same pure pieces.

Rights: `objects, action/<verb>, <group>/<Kind>/<namespace>/<name>`. Each act is put on record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypedDict

from argosy.apis.rollouts.rollout import Rollout
from argosy.apis.schema import read
from argosy.machinery import requests, timestamps
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import failed_precondition, invalid, not_found

MANAGER: Final = "argosy-server"
Act = Callable[[ApiRequest], Awaitable[Any]]
LONGEST_IMAGE: Final = 1000
VERBS: Final = ("promote", "promote-full", "abort", "retry", "pause", "restart")


class Done(TypedDict):
    """`message` says what was started."""

    message: str


class Nothing(TypedDict):
    """No fields: the path says everything."""


class Chosen(TypedDict):
    """`freight` is the name of the Freight."""

    freight: str


class Image(TypedDict):
    """`container`: a name, or `*` for all."""

    container: str
    image: str


class Offer(TypedDict):
    """Freight for a Stage. `availableAt` is the end of its soak time, or empty."""

    name: str
    alias: str
    content: str
    createdAt: str
    available: bool
    waitsFor: str
    availableAt: str
    current: bool


class Offers(TypedDict):
    """Newest first."""

    freight: list[Offer]


def action_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    actions = Actions(context)
    needs = within(RIGHTS, "action", mutates=True)
    rollouts = tuple(
        Endpoint(
            method="POST",
            path=f"/rollouts/{{namespace}}/{{name}}/{verb}",
            summary=f"{verb.replace('-', ' ').capitalize()} a Rollout",
            needs=needs,
            takes=Nothing,
            answers=Done,
            answer=actions.of_rollout(verb),
        )
        for verb in VERBS
    )
    return (
        *rollouts,
        Endpoint(
            method="POST",
            path="/rollouts/{namespace}/{name}/set-image",
            summary="Set the image of a Rollout's containers",
            needs=needs,
            takes=Image,
            answers=Done,
            answer=actions.set_image,
        ),
        Endpoint(
            method="GET",
            path="/stages/{namespace}/{name}/freight",
            summary="The Freight available to a Stage, now or later",
            needs=within(RIGHTS, "get"),
            answers=Offers,
            answer=actions.offers,
        ),
        Endpoint(
            method="POST",
            path="/stages/{namespace}/{name}/promote",
            summary="Promote a piece of Freight to a Stage",
            needs=needs,
            takes=Chosen,
            answers=Done,
            answer=actions.promote,
        ),
    )


class Actions:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    def of_rollout(self, verb: str) -> Act:
        async def act(request: ApiRequest) -> Done:
            found = await acted_on(self._context, request, "rollouts", f"action/{verb}")
            for patch, subresource in _patches(verb, found, self._context):
                await self._patch(LISTED["rollouts"].resource, found, patch, subresource)
            return {"message": f"{verb} of {found['metadata']['name']} was begun"}

        return act

    async def offers(self, request: ApiRequest) -> Offers:
        from argosy.apis.kargo import Freight, Stage
        from argosy.promotion.freight.availability import availability

        stage = await acted_on(self._context, request, "stages", "get")
        namespace, now = stage["metadata"]["namespace"], self._context.clock.now()
        current, view = _current(stage), read(Stage, stage)
        listed = (
            await self._context.client.page(requests.List(resource=LISTED["freight"].resource, namespace=namespace))
        ).items
        offers: list[Offer] = []
        for piece in listed:
            if not request.call.may(RIGHTS, "get", _target("freight", piece)):
                continue
            state, found = LISTED["freight"].state(piece), availability(view, read(Freight, piece), now)
            offers.append(
                {
                    "name": piece["metadata"]["name"],
                    "alias": state.facts["alias"],
                    "content": state.facts["content"],
                    "createdAt": str(piece["metadata"].get("creationTimestamp") or ""),
                    "available": bool(found),
                    "waitsFor": found.waits_for,
                    "availableAt": timestamps.seconds(found.ripe_at) if found.ripe_at is not None else "",
                    "current": piece["metadata"]["name"] in current,
                }
            )
        offers.sort(key=lambda one: (one["createdAt"], one["name"]), reverse=True)
        return {"freight": offers}

    async def promote(self, request: ApiRequest) -> Done:
        stage = await acted_on(self._context, request, "stages", "action/promote")
        return {
            "message": f"Promotion {await promoted(self._context, request, stage, request.body['freight'])} was made"
        }

    async def set_image(self, request: ApiRequest) -> Done:
        """The whole object is written, so what changed meanwhile is a conflict. Raises ApiError, StatusError."""
        from argosy.rollouts.commands.images import NoSuchContainer, with_image

        found = await acted_on(self._context, request, "rollouts", "action/set-image")
        container, image = request.body["container"], request.body["image"].strip()
        if not image or not image.isascii() or not image.isprintable() or " " in image or len(image) > LONGEST_IMAGE:
            raise invalid(f"body.image: {image[:80]!r} is not an image such as registry.example/shop:1.2.0")
        try:
            changed = with_image(found, container, image)
        except NoSuchContainer as error:
            raise invalid(f"body.container: {error}") from None
        await self._context.client.write(requests.update(LISTED["rollouts"].resource, changed, manager=MANAGER))
        return {"message": f"{found['metadata']['name']} begins with {image}"}

    async def _patch(self, resource: Resource, found: JsonObject, patch: JsonObject, subresource: str) -> None:
        """Of exactly the object that was looked at: another one of the name is not meant."""
        metadata = found["metadata"]
        body = {**patch, "metadata": {**(patch.get("metadata") or {}), "uid": metadata["uid"]}}
        await self._context.client.write(
            requests.patch(
                resource,
                Key(metadata["namespace"], metadata["name"]),
                body,
                PatchType.MERGE,
                subresource=subresource,
                manager=MANAGER,
            )
        )


async def promoted(context: ServerContext, request: ApiRequest, stage: JsonObject, freight: str) -> str:
    """The name of the Promotion. As a client would: admission builds it, and refuses what the Stage may not have."""
    name, namespace = stage["metadata"]["name"], stage["metadata"]["namespace"]
    body: JsonObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Promotion",
        "metadata": {
            "generateName": f"{name}-",
            "namespace": namespace,
            "annotations": {"kargo.akuity.io/create-actor": f"email:{request.call.caller.username}"},
        },
        "spec": {"stage": name, "freight": freight, "steps": [{"uses": "fail", "as": "unbuilt"}]},
    }
    made = await context.control_plane.write(requests.create(LISTED["promotions"].resource, body, manager=MANAGER))
    return str(made["metadata"]["name"])


async def acted_on(context: ServerContext, request: ApiRequest, kind: str, action: str) -> JsonObject:
    """Raises ApiError: what one may not see answers as what is not there."""
    resource, namespace, name = LISTED[kind].resource, request.path["namespace"], request.path["name"]
    target = target_of(resource, namespace, name)
    absent = not_found(f'{resource.plural}.{resource.group} "{name}" not found')
    if not request.call.may(RIGHTS, "get", target):
        raise absent
    request.call.permit(RIGHTS, action, target)
    if resource not in (await context.client.served()).resources:
        raise absent
    return await context.client.get(requests.Get(resource, Key(namespace, name)))


def _patches(verb: str, found: JsonObject, context: ServerContext) -> list[tuple[JsonObject, str]]:
    """With the subresource of each, in order. Raises ApiError."""
    from argosy.rollouts.commands import changes, promote

    if verb not in VERBS:
        raise invalid(f"{verb[:40]!r} is none of {', '.join(VERBS)}")
    if verb in ("promote", "promote-full"):
        view = read(Rollout, found)
        patches = promote.promote_patches(view, full=verb == "promote-full")
        made = [(patches.status, "status"), (patches.spec, "")]
        if not any(patch for patch, _ in made):
            raise failed_precondition(f"{found['metadata']['name']} waits for nothing that a promotion would end")
        return [(patch, place) for patch, place in made if patch is not None]
    if verb == "restart":
        return [(changes.restart_patch(context.clock.now()), "")]
    plain: Mapping[str, tuple[JsonObject, str]] = {
        "abort": (changes.ABORT, "status"),
        "retry": (changes.RETRY, "status"),
        "pause": (changes.PAUSE, ""),
    }
    return [plain[verb]]


def _current(stage: JsonObject) -> frozenset[str]:
    history: list[JsonObject] = (stage.get("status") or {}).get("freightHistory") or [{}]
    return frozenset(str(one.get("name")) for one in (history[0].get("items") or {}).values())


def _target(kind: str, obj: JsonObject) -> str:
    return target_of(LISTED[kind].resource, obj["metadata"]["namespace"], obj["metadata"]["name"])
