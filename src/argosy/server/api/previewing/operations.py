"""What would happen: of a sync, to what Git says now or to a revision; of a roll back; of a promotion.

Nothing is written, pushed or sent. Values of Secrets are masked as in every other answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from argosy.apis.schema import read
from argosy.gitops.model.application_spec import sources_of, spec_of, status_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, group_version
from argosy.server.api.endpoint import ApiRequest, Endpoint, Parameter
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, failed_precondition, invalid, not_found
from argosy.server.services.applications.access import find
from argosy.server.services.applications.comparing import Instead, view
from argosy.server.services.applications.managed import shown, without_managed_fields

if TYPE_CHECKING:
    from argosy.gitops.sync.tasks import Pair


class Change(TypedDict):
    """One resource. `change`: create, update, prune, keep (no longer in Git, but not pruned) or none.

    `live` and `wanted` are empty if the object does not exist there; `refused` says why the project forbids it.
    """

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    change: str
    live: dict[str, Any]
    wanted: dict[str, Any]
    refused: str


class SyncPreview(TypedDict):
    """`counts` by change; unchanged resources are only counted."""

    revisions: list[str]
    counts: dict[str, int]
    changes: list[Change]


class PreviewedStep(TypedDict):
    """`effects`: what it would do, in lines of text."""

    step: str
    uses: str
    status: str
    effects: list[str]


class PromotionPreview(TypedDict):
    """`follows`: the gates after the steps."""

    steps: list[PreviewedStep]
    wouldSucceed: bool
    follows: list[str]


def preview_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    previews = Previews(context)
    return (
        Endpoint(
            method="GET",
            path="/applications/{namespace}/{name}/preview",
            summary="What a sync to Git's state, or to a revision, would change",
            needs=within("applications", "get"),
            parameters=(
                Parameter("revision", "instead of the sources' own revision; one per source", repeated=True),
                Parameter("prune", "`true`: objects that are no longer in Git are deleted"),
            ),
            answers=SyncPreview,
            answer=previews.sync,
        ),
        Endpoint(
            method="GET",
            path="/applications/{namespace}/{name}/preview/rollback/{id}",
            summary="What a rollback to a deployment in the history would change",
            needs=within("applications", "get"),
            parameters=(Parameter("prune", "`true`: objects that the deployment did not have are deleted"),),
            answers=SyncPreview,
            answer=previews.rollback,
        ),
        Endpoint(
            method="GET",
            path="/stages/{namespace}/{name}/preview/{freight}",
            summary="What each step of a promotion would do, and which gates would follow",
            needs=within(RIGHTS, "action"),
            answers=PromotionPreview,
            answer=previews.promotion,
        ),
    )


class Previews:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def sync(self, request: ApiRequest) -> SyncPreview:
        app = await self._application(request)
        sources = sources_of(spec_of(app))
        revisions = request.all("revision")
        if revisions and len(revisions) != len(sources):
            raise invalid(f"query: revision: {len(revisions)} are given, the Application has {len(sources)} sources")
        # An empty tuple asks the repositories again which revision each source follows.
        return await self._preview(request, app, Instead(tuple(sources), revisions))

    async def rollback(self, request: ApiRequest) -> SyncPreview:
        app = await self._application(request)
        text = request.path["id"]
        entry = next((one for one in status_of(app).history if str(one.id) == text), None)
        if entry is None:
            raise not_found(f"{app['metadata']['name']} has no deployment {text[:20]!r}")
        if not (sources := entry.all_sources):
            raise failed_precondition(f"the history entry {text} does not tell its source: sync to its revision")
        return await self._preview(request, app, Instead(sources, entry.all_revisions))

    async def promotion(self, request: ApiRequest) -> PromotionPreview:
        """Needs the right to promote: the steps are shown with what they would write."""
        from argosy.apis.kargo import Freight, Stage
        from argosy.promotion.preview.previewing import as_json, previewed

        stage = await self._object(request, "stages", request.path["name"], "action/promote")
        piece = await self._object(request, "freight", request.path["freight"], "get")
        found = as_json(await previewed(self._context.client, self._doors(), read(Stage, stage), read(Freight, piece)))
        return {"steps": found["steps"], "wouldSucceed": found["wouldSucceed"], "follows": found["follows"]}

    def _doors(self) -> Any:
        from argosy.promotion.preview.previewing import Doors

        context = self._context
        outside = context.outside
        return Doors(
            clock=context.clock,
            rng=context.rng.fork("preview"),
            egress=outside.egress,
            renderer=context.engine.manifests.renderer,
            allow_local=outside.own_machine,
        )

    async def _application(self, request: ApiRequest) -> JsonObject:
        path = request.path
        return (await find(self._context, request.call, "get", path["name"], namespace=path["namespace"])).app

    async def _object(self, request: ApiRequest, kind: str, name: str, action: str) -> JsonObject:
        """Raises ApiError: what one may not see answers as what is not there."""
        resource, namespace = LISTED[kind].resource, request.path["namespace"]
        target = target_of(resource, namespace, name)
        absent = not_found(f'{resource.qualified} "{name}" not found')
        if not request.call.may(RIGHTS, "get", target):
            raise absent
        request.call.permit(RIGHTS, action, target)
        if resource not in (await self._context.client.served()).resources:
            raise absent
        return await self._context.client.get(requests.Get(resource, Key(namespace, name)))

    async def _preview(self, request: ApiRequest, app: JsonObject, instead: Instead) -> SyncPreview:
        seen = await view(self._context, app, instead)
        if seen is None or seen.compared is None:
            raise ApiError(
                Code.FAILED_PRECONDITION, "the sources or the cluster cannot be compared now: refresh tells why"
            )
        prune = request.one("prune") == "true"
        changes = [self._change(pair, prune=prune) for pair in seen.compared.comparison.pairs]
        counts: dict[str, int] = {}
        for one in changes:
            counts[one["change"]] = counts.get(one["change"], 0) + 1
        return {
            "revisions": [str(one) for one in seen.compared.desired.revisions],
            "counts": counts,
            "changes": [one for one in changes if one["change"] != "none"],
        }

    def _change(self, pair: Pair, *, prune: bool) -> Change:
        live = without_managed_fields(pair.live) if pair.live is not None else None
        change = change_of(pair, prune=prune)
        seen_live, seen_wanted = shown(self._context, live, pair.target) if change != "none" else (None, None)
        obj = pair.target or pair.live or {}
        return {
            "group": pair.key.group,
            "version": group_version(str(obj.get("apiVersion") or ""))[1],
            "kind": pair.key.kind,
            "namespace": pair.key.namespace,
            "name": pair.key.name,
            "change": change,
            "live": seen_live or {},
            "wanted": seen_wanted or {},
            "refused": pair.refused,
        }


def change_of(pair: Pair, *, prune: bool) -> str:
    if pair.live is None:
        return "create"
    if pair.target is None:
        return "prune" if prune else "keep"
    return "update" if pair.status == "OutOfSync" else "none"
