"""Views of lists that a project shares: a filter, a search and an order under a name, kept on the server.

They are in a ConfigMap of each project, which goes with the project. Who may get the project sees them, who may update
it saves and removes them. A view is an address of the page: it shows nobody more than they may see.

Source: spec/web.md 6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

import orjson

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.calls import Call, within
from argosy.server.configuration import CONFIG_MAPS
from argosy.server.context import ServerContext
from argosy.server.errors import ApiError, Code, denied, invalid, not_found

STORED: Final = "argosy-views."
"""In front of the project's name: all that one project may keep is a fifth of what a ConfigMap holds."""
KEY: Final = "views"
LONGEST_OBJECT_NAME: Final = 253
MOST: Final = 100
"""Of one project."""
LONGEST_NAME, LONGEST_ADDRESS = 60, 2000
TRIES: Final = 5
SEEN_TRIES: Final = 200


class View(TypedDict):
    """`to`: a path of the page with its query, such as `/applications?sync=OutOfSync`."""

    project: str
    name: str
    to: str


class SavedView(TypedDict):
    """`by`: who saved it."""

    project: str
    name: str
    to: str
    by: str


class SavedViews(TypedDict):
    """By project and name."""

    views: list[SavedView]


def view_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    views = Views(context)
    needs = within("projects", "update", mutates=True)
    return (
        Endpoint(
            method="GET",
            path="/views",
            summary="Saved views of lists that projects share",
            needs=within("projects", "get"),
            answers=SavedViews,
            answer=views.listed,
        ),
        Endpoint(
            method="POST",
            path="/views",
            summary="Save a view for a project, replacing one of the same name and list",
            needs=needs,
            takes=View,
            answers=SavedViews,
            answer=views.save,
        ),
        Endpoint(
            method="DELETE",
            path="/views/{project}/{name}",
            summary="Remove a view of a project",
            needs=needs,
            answers=SavedViews,
            answer=views.remove,
        ),
    )


class Views:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def listed(self, request: ApiRequest) -> SavedViews:
        request.call.checked = True
        return self._visible(request.call)

    async def save(self, request: ApiRequest) -> SavedViews:
        given: View = request.body
        made: SavedView = {**checked(given), "by": request.call.caller.username}
        self._permit(request.call, made["project"])
        await self.write(made["project"], lambda kept: with_view(kept, made))
        return self._visible(request.call)

    async def remove(self, request: ApiRequest) -> SavedViews:
        project, name = request.path["project"], request.path["name"]
        self._permit(request.call, project)
        await self.write(project, lambda kept: without_view(kept, project, name))
        return self._visible(request.call)

    def _permit(self, call: Call, project: str) -> None:
        """Raises ApiError: a project that one may not see answers as one that is not there."""
        if not call.may("projects", "get", project) or self._context.configuration.project(project) is None:
            raise denied()
        call.permit("projects", "update", project)

    def _visible(self, call: Call) -> SavedViews:
        configuration = self._context.configuration
        names = sorted(str(found["metadata"]["name"]) for found in configuration.projects.list(configuration.namespace))
        return {
            "views": [
                one
                for project in names
                if (text := configuration.config_map(stored_name(project)).get(KEY))
                and call.may("projects", "get", project)
                for one in read_views(project, text)
            ]
        }

    async def write(self, project: str, change: Callable[[list[SavedView]], list[SavedView]]) -> None:
        """What others save meanwhile stays. Raises ApiError."""
        client, key = self._context.client, Key(self._context.namespace, stored_name(project))
        for _ in range(TRIES):
            try:
                found = await self._stored(project, key)
                kept = read_views(project, (found.get("data") or {}).get(KEY, ""))
                text = orjson.dumps([{**one} for one in change(kept)]).decode()
                patch = {"metadata": {"resourceVersion": found["metadata"]["resourceVersion"]}, "data": {KEY: text}}
                made = await client.write(requests.patch(CONFIG_MAPS, key, patch, PatchType.MERGE))
            except StatusError as error:
                if not (error.is_conflict or error.is_already_exists):  # another replica made it a moment ago
                    raise
                continue
            await self._seen(key, int(made["metadata"]["resourceVersion"]))
            return
        raise ApiError(Code.ABORTED, f"the views of {project} are being changed by others: try again")

    async def _stored(self, project: str, key: Key) -> JsonObject:
        client = self._context.client
        try:
            return await client.get(requests.Get(CONFIG_MAPS, key))
        except StatusError as error:
            if not error.is_not_found:
                raise
        owner = self._context.configuration.project(project)
        if owner is None:
            raise denied()
        metadata = {
            "name": key.name,
            "namespace": key.namespace,
            "labels": {"app.kubernetes.io/part-of": "argosy"},
            "ownerReferences": [
                {
                    "apiVersion": owner["apiVersion"],
                    "kind": owner["kind"],
                    "name": owner["metadata"]["name"],
                    "uid": owner["metadata"]["uid"],
                }
            ],
        }
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        return await client.write(requests.create(CONFIG_MAPS, made))

    async def _seen(self, key: Key, version: int) -> None:
        """Until what was written is what this server reads, but not for ever."""
        for _ in range(SEEN_TRIES):
            found = self._context.configuration.config_object(key.name) or {}
            if int((found.get("metadata") or {}).get("resourceVersion") or 0) >= version:
                return
            await self._context.clock.sleep(0.01)


# -- pure --------------------------------------------------------------------------------------------------------------


def stored_name(project: str) -> str:
    """Of the ConfigMap; a name that would be too long is a digest."""
    name = f"{STORED}{project}"
    return name if len(name) <= LONGEST_OBJECT_NAME else f"{STORED}{hashlib.sha256(project.encode()).hexdigest()}"


def checked(given: View) -> View:
    """Raises ApiError, naming the field."""
    name, to = given["name"].strip(), given["to"]
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise invalid(f"body.name: {name[:80]!r} is none: 1 to {LONGEST_NAME} printable characters are")
    if not to.startswith("/") or to[1:2] in ("/", "\\") or not to.isprintable():
        raise invalid(f"body.to: {to[:80]!r} is not an address of the page, such as /applications?sync=OutOfSync")
    if len(to) > LONGEST_ADDRESS:
        raise invalid(f"body.to: it has {len(to)} characters, {LONGEST_ADDRESS} at most")
    return {"project": given["project"], "name": name, "to": to}


def with_view(kept: list[SavedView], made: SavedView) -> list[SavedView]:
    """Raises ApiError: there are too many."""
    others = [one for one in kept if (one["name"], _list_of(one)) != (made["name"], _list_of(made))]
    if len(others) >= MOST:
        raise ApiError(Code.RESOURCE_EXHAUSTED, f"{made['project']} has {len(others)} views, {MOST} at most")
    return sorted([*others, made], key=lambda one: (one["name"], one["to"]))


def without_view(kept: list[SavedView], project: str, name: str) -> list[SavedView]:
    """Raises ApiError: there is none of that name."""
    left = [one for one in kept if one["name"] != name]
    if len(left) == len(kept):
        raise not_found(f"project {project!r} has no view {name[:80]!r}")
    return left


def read_views(project: str, text: str) -> list[SavedView]:
    """Of what is stored, which people may edit: what is not a view is left out."""
    try:
        found = orjson.loads(text or "[]")
    except orjson.JSONDecodeError:
        return []
    return [one for item in found if (one := _view(project, item))] if isinstance(found, list) else []


def _view(project: str, item: Any) -> SavedView | None:
    if not isinstance(item, Mapping) or not all(isinstance(item.get(name), str) for name in ("name", "to")):
        return None
    try:
        made = checked({"project": project, "name": item["name"], "to": item["to"]})
    except ApiError:
        return None
    return {**made, "by": str(item.get("by") or "")}


def _list_of(view: SavedView) -> str:
    return view["to"].partition("?")[0]
