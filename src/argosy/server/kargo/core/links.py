"""Deep links of Stages and Freight: evaluates the templates in the cluster's and the project's configuration.

A link that fails is omitted and logged, and so is one that browsers should not follow (security rule 12).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import CLUSTER_CONFIGS, PROJECT_CONFIGS, STAGES
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.core import freight, stages
from argosy.server.kargo.core.freight import by_name_or_alias
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.faults import not_found
from argosy.server.kargo.shapes import plain

if TYPE_CHECKING:
    from argosy.expr.gotemplate import GoTemplates

SCHEMES: Final = frozenset({"http", "https"})
CLUSTER: Final = "cluster"


def link_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def of_stage(request: ApiRequest) -> Reply:
        stage = await request.objects.find(STAGES, request.key("stage"))
        if stage is None:
            raise not_found(f'Stage "{request.path["stage"]}" not found in project "{request.project}"')
        return Reply(filled(await _declared(context, request, "stageLinks"), {"stage": plain(stage)}))

    async def of_freight(request: ApiRequest) -> Reply:
        piece = await by_name_or_alias(request)
        return Reply(filled(await _declared(context, request, "freightLinks"), {"freight": plain(piece)}))

    return (
        Endpoint(method="GET", path=f"{stages.ONE}/links", needs=within("stages", "get"), answer=of_stage),
        Endpoint(method="GET", path=f"{freight.ONE}/links", needs=within("freights", "get"), answer=of_freight),
    )


async def _declared(context: ServerContext, request: ApiRequest, field: str) -> list[JsonObject]:
    """Those of the cluster, then those of the project: the right to see the object suffices."""
    found: list[JsonObject] = []
    places: tuple[tuple[Resource, Key], ...] = (
        (CLUSTER_CONFIGS, Key("", CLUSTER)),
        (PROJECT_CONFIGS, Key(request.project, request.project)),
    )
    for resource, key in places:
        try:
            config = await context.client.get(requests.Get(resource, Key(key.namespace, key.name)))
        except StatusError as error:
            if error.is_not_found:
                continue
            raise
        found += (config.get("spec") or {}).get(field) or ()
    return found


def filled(declared: Iterable[JsonObject], data: JsonObject) -> JsonObject:
    links: list[JsonObject] = []
    errors: list[str] = []
    for link in declared:
        try:
            if (made := _filled(link, data)) is not None:
                links.append(made)
        except ValueError as error:
            errors.append(str(error))
    return {"links": links, **({"errors": errors} if errors else {})}


def _filled(link: JsonObject, data: JsonObject) -> JsonObject | None:
    """None if its condition is false. Raises ValueError."""
    from argosy.expr.exprlang import ExprError, compile_expression
    from argosy.expr.gotemplate import GoTemplateError

    title = str(link.get("title") or "")
    if condition := link.get("if"):
        try:
            holds: Any = compile_expression(str(condition)).run(data)
        except ExprError as error:
            raise ValueError(f'error evaluating condition for link "{title}": {error}') from None
        if not isinstance(holds, bool):
            raise ValueError(f'condition for link "{title}" evaluated to non-boolean value')
        if not holds:
            return None
    try:
        url = _templates().render(str(link.get("url") or ""), data)
    except GoTemplateError as error:
        raise ValueError(f'error evaluating URL template for link "{title}": {error}') from None
    if urlsplit(url).scheme.lower() not in SCHEMES:
        raise ValueError(f'URL of link "{title}" is neither http nor https')
    description = str(link.get("description") or "")
    return {"title": title, "url": url, **({"description": description} if description else {})}


@cache
def _templates() -> GoTemplates:
    from argosy.expr.gotemplate import GoTemplates

    return GoTemplates(lambda: datetime(1970, 1, 1, tzinfo=UTC), bytes)  # links depend neither on time nor on chance
