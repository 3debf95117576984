"""Projects: paginated list, get, delete, events, and the images in their Stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.promotion.kinds import PROJECTS, STAGES
from argosy.promotion.names import GROUP
from argosy.server.calls import within
from argosy.server.kargo.core.simple import deleting, reading
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.shapes import cached_list, plain

EVENTS: Final = Resource("", "v1", "events", "Event")


def project_endpoints() -> tuple[Endpoint, ...]:
    return (
        Endpoint(method="GET", path="/projects", needs=within("projects", "list"), answer=_projects),
        reading("/projects/{project}", PROJECTS, _own),
        deleting("/projects/{project}", PROJECTS, _own),
        Endpoint(method="GET", path="/projects/{project}/events", needs=within("events", "list"), answer=_events),
        Endpoint(method="GET", path="/projects/{project}/images", needs=within("stages", "list"), answer=_images),
    )


def _own(request: ApiRequest) -> Key:
    return Key("", request.project)


async def _projects(request: ApiRequest) -> Reply:
    found, _ = await request.objects.list(PROJECTS)
    if request.flag("mine"):
        found = [one for one in found if one["metadata"]["name"] in request.identity.accounts]
    if words := request.one("filter").lower():
        found = [one for one in found if words in one["metadata"]["name"].lower()]
    if wanted := request.query.get("uid"):
        found = [one for one in found if one["metadata"].get("uid") in wanted]
    size, page = _number(request.one("pageSize")), _number(request.one("page"))
    shown = found[page * size : (page + 1) * size] if size > 0 else found
    return Reply({"items": [plain(one) for one in shown], "total": len(found)})


def _number(text: str) -> int:
    """An invalid number counts as unset, like upstream."""
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


async def _events(request: ApiRequest) -> Reply:
    """Events of Kargo's own objects, newest first."""
    found, _ = await request.objects.list(EVENTS, request.project)
    ours = [one for one in found if _is_ours(one)]
    ours.sort(key=lambda one: str(one.get("lastTimestamp") or ""), reverse=True)
    return Reply(cached_list(ours))


def _is_ours(event: JsonObject) -> bool:
    version = str((event.get("involvedObject") or {}).get("apiVersion") or "")
    return version.partition("/")[0] == GROUP


async def _images(request: ApiRequest) -> Reply:
    stages, _ = await request.objects.list(STAGES, request.project)
    return Reply(images_of(stages))


def images_of(stages: Iterable[JsonObject]) -> JsonObject:
    """By repository and tag: the Stages that have it, and how many Freight collections ago."""
    found: JsonObject = {}
    for stage in stages:
        name = stage["metadata"]["name"]
        for ago, collection in enumerate((stage.get("status") or {}).get("freightHistory") or ()):
            for piece in (collection.get("items") or {}).values():
                for image in piece.get("images") or ():
                    tags = found.setdefault(str(image.get("repoURL") or ""), {"tags": {}})["tags"]
                    stages_of = tags.setdefault(str(image.get("tag") or ""), {"stages": {}})["stages"]
                    stages_of.setdefault(name, ago)
    return found
