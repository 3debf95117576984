"""Freight: query with grouping and order, get by name or alias, change the alias, delete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cmp_to_key
from typing import Final

from argosy.apis.kargo import Freight, Stage
from argosy.apis.schema import read
from argosy.machinery import semver
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.freight.availability import available, discovered_at
from argosy.promotion.kinds import FREIGHT, STAGES
from argosy.promotion.names import ALIAS
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.faults import conflict, invalid, not_found
from argosy.server.kargo.shapes import plain
from argosy.server.kargo.watching import watch

LIST: Final = "/projects/{project}/freight"
ONE: Final = f"{LIST}/{{freight-name-or-alias}}"
IMAGES, COMMITS, CHARTS = "image_repo", "git_repo", "chart_repo"
ARTEFACTS: Final = {IMAGES: "images", COMMITS: "commits", CHARTS: "charts"}
FIRST_SEEN, TAG = "first_seen", "tag"


def freight_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def query(request: ApiRequest) -> Reply | Stream:
        origins = frozenset(request.all("origins"))
        if request.flag("watch"):
            key = Key(request.project, "")
            return await watch(request, context.client, FREIGHT, key, keeps=lambda one: is_from(one, origins))
        group, group_by, order_by = request.one("group"), request.one("groupBy"), request.one("orderBy")
        check_query(group, group_by, order_by)
        pieces, version = await _pieces(context, request, origins)
        groups = grouped(pieces, group_by, group)
        shown = {
            name: {"items": [plain(one) for one in ordered(of, order_by, reverse=request.flag("reverse"))]}
            for name, of in groups.items()
        }
        return Reply({"groups": shown, **({"resourceVersion": version} if version else {})})

    async def one(request: ApiRequest) -> Reply | Stream:
        piece = await by_name_or_alias(request)
        if request.flag("watch"):
            return await watch(request, context.client, FREIGHT, Key(request.project, piece["metadata"]["name"]))
        return Reply(plain(piece))

    return (
        Endpoint(method="GET", path=LIST, needs=within("freights", "list"), answer=query),
        Endpoint(method="GET", path=ONE, needs=within("freights", "get"), answer=one),
        Endpoint(method="DELETE", path=ONE, needs=within("freights", "delete", mutates=True), answer=_delete),
        Endpoint(method="PATCH", path=f"{ONE}/alias", needs=within("freights", "patch", mutates=True), answer=_rename),
    )


async def by_name_or_alias(request: ApiRequest) -> JsonObject:
    """The name takes precedence. Raises Fault."""
    wanted = request.path["freight-name-or-alias"]
    found = await request.objects.find(FREIGHT, Key(request.project, wanted))
    if found is None:
        found = await by_alias(request, wanted)
    if found is None:
        raise not_found(f'Freight with name or alias "{wanted}" not found in project "{request.project}"')
    return found


async def by_alias(request: ApiRequest, alias: str) -> JsonObject | None:
    """The label is compared here, because the caller's text must not become a selector."""
    pieces, _ = await request.objects.list(FREIGHT, request.project)
    return next((one for one in pieces if (one["metadata"].get("labels") or {}).get(ALIAS) == alias), None)


async def _pieces(context: ServerContext, request: ApiRequest, origins: frozenset[str]) -> tuple[list[JsonObject], str]:
    name = request.one("stage")
    if not name:
        pieces, version = await request.objects.list(FREIGHT, request.project)
        return [one for one in pieces if is_from(one, origins)], version
    stage = await request.objects.find(STAGES, Key(request.project, name))
    if stage is None:
        raise not_found(f'Stage "{name}" not found in project "{request.project}"')
    pieces, _ = await request.objects.list(FREIGHT, request.project)
    views = [read(Freight, one) for one in pieces]
    return [one.raw for one in available(read(Stage, stage), views, context.clock.now())], ""


async def _delete(request: ApiRequest) -> Reply:
    piece = await by_name_or_alias(request)
    await request.objects.delete(FREIGHT, Key(request.project, piece["metadata"]["name"]))
    return Reply(code=204)


async def _rename(request: ApiRequest) -> Reply:
    alias = request.one("newAlias")
    if not alias:
        raise invalid("newAlias query parameter is required")
    piece = await by_name_or_alias(request)
    other = await by_alias(request, alias)
    if other is not None and other["metadata"]["name"] != piece["metadata"]["name"]:
        raise conflict(f'alias "{alias}" already used by another piece of Freight in namespace "{request.project}"')
    patch = {"metadata": {"labels": {ALIAS: alias}}, "alias": alias}
    await request.objects.patch(FREIGHT, Key(request.project, piece["metadata"]["name"]), patch)
    return Reply()


# -- pure --------------------------------------------------------------------------------------------------------------


def check_query(group: str, group_by: str, order_by: str) -> None:
    """Raises Fault 400."""
    if group and not group_by:
        raise invalid("cannot filter by group without group by")
    if group_by and group_by not in ARTEFACTS:
        raise invalid(f"invalid group by: {group_by}")
    if order_by == TAG and group_by not in (IMAGES, CHARTS):
        raise invalid(f"tag ordering only valid when grouping by: {IMAGES}, {CHARTS}")
    if order_by not in (TAG, FIRST_SEEN, ""):
        raise invalid(f"invalid order by: {order_by}")


def is_from(piece: JsonObject, origins: frozenset[str]) -> bool:
    return not origins or (piece.get("origin") or {}).get("name") in origins


def grouped(pieces: Sequence[JsonObject], group_by: str, group: str) -> dict[str, list[JsonObject]]:
    """Grouped by repository; under one empty name if there is no grouping."""
    if not group_by:
        return {"": list(pieces)}
    found: dict[str, list[JsonObject]] = {}
    for piece in pieces:
        for artefact in piece.get(ARTEFACTS[group_by]) or ():
            name = _repository(group_by, artefact)
            if group in ("", name):
                found.setdefault(name, []).append(piece)
    return found


def _repository(group_by: str, artefact: JsonObject) -> str:
    url = str(artefact.get("repoURL") or "")
    return joined(url, str(artefact.get("name") or "")) if group_by == CHARTS else url


def joined(url: str, name: str) -> str:
    """Like Go's `path.Join`: repeated slashes are merged."""
    parts = [part for part in f"{url}/{name}".split("/") if part]
    return f"{'/' if url.startswith('/') else ''}{'/'.join(parts)}"


def ordered(pieces: Iterable[JsonObject], order_by: str, *, reverse: bool) -> list[JsonObject]:
    """By discovery time, or by the tag of the first image or chart if both are of the same repository."""
    key = cmp_to_key(_by_tag) if order_by == TAG else cmp_to_key(_by_discovery)
    found = sorted(pieces, key=key)
    return found[::-1] if reverse else found


def _by_discovery(one: JsonObject, other: JsonObject) -> int:
    first, second = discovered_at(read(Freight, one)), discovered_at(read(Freight, other))
    return (first > second) - (first < second)


def _by_tag(one: JsonObject, other: JsonObject) -> int:
    (repository, tag), (other_repository, other_tag) = _tag_of(one), _tag_of(other)
    if repository != other_repository:
        return _by_discovery(one, other)
    version, other_version = _version(tag), _version(other_tag)
    if version is not None and other_version is not None:
        return (version > other_version) - (version < other_version)
    return (tag > other_tag) - (tag < other_tag)


def _tag_of(piece: JsonObject) -> tuple[str, str]:
    if images := piece.get("images"):
        return str(images[0].get("repoURL") or ""), str(images[0].get("tag") or "")
    if charts := piece.get("charts"):
        return _repository(CHARTS, charts[0]), str(charts[0].get("version") or "")
    return "", ""


def _version(tag: str) -> semver.Version | None:
    try:
        return semver.parse(tag)
    except ValueError:
        return None
