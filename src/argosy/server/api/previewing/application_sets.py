"""What an edit of an ApplicationSet would create, change and delete. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from argosy.machinery.objects import JsonObject
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.services.application_sets.access import RESOURCE, find, targets_of_set
from argosy.server.services.application_sets.generating import Generating
from argosy.server.services.application_sets.given import check_project_of, given_set
from argosy.server.services.application_sets.previewing import previewed

if TYPE_CHECKING:
    from argosy.gitops.applicationsets.preview import Preview


class EditedSet(TypedDict):
    """The proposed `spec` of the ApplicationSet."""

    spec: dict[str, Any]


class PlannedApplication(TypedDict):
    """`before` and `after`: the metadata that a set controls, and the spec; empty if there is none."""

    namespace: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class SetPreview(TypedDict):
    """`problems`: Applications that would not be changed, and why."""

    created: list[PlannedApplication]
    changed: list[PlannedApplication]
    deleted: list[PlannedApplication]
    problems: list[str]


def application_set_preview_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    generating = Generating(context)

    async def preview(request: ApiRequest) -> SetPreview:
        path = request.path
        stored = await find(context, request.call, "get", path["name"], path["namespace"])
        metadata = {name: value for name, value in stored["metadata"].items() if name != "managedFields"}
        appset = given_set({**stored, "metadata": metadata, "spec": request.body["spec"]}, context)
        for target in targets_of_set(context, appset):
            request.call.permit(RESOURCE, "update", target)
        check_project_of(context, appset)
        return shown(await previewed(context, generating, appset))

    return (
        Endpoint(
            method="POST",
            path="/applicationsets/{namespace}/{name}/preview",
            summary="What an edit of an ApplicationSet would create, change and delete",
            needs=within(RESOURCE, "update"),
            takes=EditedSet,
            answers=SetPreview,
            answer=preview,
        ),
    )


def shown(found: Preview) -> SetPreview:
    """Pure."""
    return {
        "created": [_planned({}, app) for app in found.created],
        "changed": [_planned(one.live, one.wanted) for one in found.changed],
        "deleted": [_planned(app, {}) for app in found.deleted],
        "problems": [f"{one.application}: {one.message}" for one in found.problems],
    }


def _planned(before: JsonObject, after: JsonObject) -> PlannedApplication:
    metadata = (after or before)["metadata"]
    return {
        "namespace": str(metadata.get("namespace") or ""),
        "name": str(metadata["name"]),
        "before": _decided(before),
        "after": _decided(after),
    }


def _decided(app: JsonObject) -> dict[str, Any]:
    """Without what the server and other controllers say of it."""
    if not app:
        return {}
    metadata = app["metadata"]
    kept = {name: metadata[name] for name in ("labels", "annotations", "finalizers") if metadata.get(name)}
    return {**({"metadata": kept} if kept else {}), "spec": app.get("spec") or {}}
