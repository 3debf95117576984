"""Deep links: administrators' templates; one that fails is omitted and logged."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.server.context import ServerContext

if TYPE_CHECKING:
    from argosy.expr.gotemplate import GoTemplates

log = logging.getLogger(__name__)
SCHEMES: Final = frozenset({"http", "https", ""})


def links(context: ServerContext, key: str, data: JsonObject) -> JsonObject:
    """`key`: `application.links`, `project.links` or `resource.links` of argocd-cm."""
    try:
        entries = load((context.configuration.settings.get(key) or "").encode()) or []
    except YamlError as error:
        log.warning("argocd-cm %s: %s", key, error)
        return {}
    found = [made for item in entries if isinstance(item, dict) and (made := _link(key, item, data)) is not None]
    return {"items": found}


@cache
def _templates() -> GoTemplates:
    from argosy.expr.gotemplate import GoTemplates

    return GoTemplates(lambda: datetime(1970, 1, 1, tzinfo=UTC), bytes)  # links depend neither on time nor on chance


def _link(key: str, item: JsonObject, data: JsonObject) -> JsonObject | None:
    from argosy.expr.exprlang import ExprError, compile_expression
    from argosy.expr.gotemplate import GoTemplateError

    title = str(item.get("title") or "")
    try:
        if (condition := item.get("if")) is not None and compile_expression(str(condition)).run(data) is not True:
            return None
        url = _templates().render(str(item.get("url") or ""), data)
    except (ExprError, GoTemplateError) as error:
        log.warning("argocd-cm %s: the link %r is left out: %s", key, title, error)
        return None
    if urlsplit(url).scheme.lower() not in SCHEMES:
        log.warning("argocd-cm %s: the link %r is left out: only http and https are allowed", key, title)
        return None
    found: JsonObject = {"title": title, "url": url}
    for name, source in (("description", "description"), ("iconClass", "icon.class")):
        value: Any = item.get(source)
        if value is not None:
            found[name] = str(value)
    return found
