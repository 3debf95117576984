"""The URL grammar: which object and subresource a path refers to, and the verb (spec sections 2, 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qs, unquote

from argosy.cluster.request import Verb
from argosy.machinery.status import StatusError

Query = Mapping[str, Sequence[str]]
PARAMETER_LIMIT = 1000
NO_QUERY: Query = {}

_ITEM_VERBS: dict[str, Verb] = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class Route:
    """What a path refers to. Without `plural` it is a discovery document or, without `api`, something else."""

    path: str
    api: bool = False
    """Below /api or /apis."""
    group: str = ""
    version: str = ""
    namespace: str = ""
    plural: str = ""
    name: str = ""
    subresource: str = ""
    watches: bool = False
    """The old form `/api/v1/watch/...`: a watch of the rest."""
    rest: str = ""
    """For proxy subresources: the rest of the path, with its leading slash."""

    @property
    def is_resource(self) -> bool:
        return bool(self.plural)


def split_target(target: str) -> tuple[str, str]:
    """The path and the raw query of a request target; the origin of an absolute-form target is dropped."""
    if target[:1] != "/":
        _, _, remainder = target.partition("://")
        slash = remainder.find("/")
        target = remainder[slash:] if slash >= 0 else "/"
    path, _, query = target.partition("?")
    return path, query


def parse_query(query: str) -> Query:
    """Every value of every parameter, in order. A semicolon is not a separator; blank values are kept. Raises 400."""
    if not query:
        return NO_QUERY
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=PARAMETER_LIMIT)
    except ValueError:
        message = f"the query has more than {PARAMETER_LIMIT} parameters"
        raise StatusError(400, "BadRequest", message) from None


def first(query: Query, name: str) -> str:
    values = query.get(name)
    return values[0] if values else ""


def truth(query: Query, name: str) -> bool | None:
    """None when absent; else false only for `false` and `0`, as upstream converts."""
    values = query.get(name)
    if not values:
        return None
    return values[0].lower() not in ("false", "0")


@lru_cache(maxsize=4096)
def route(path: str) -> Route:
    """The meaning of a path. Segments are split before they are unescaped, so `%2F` never makes a new segment."""
    parts = path.split("/")[1:]
    if parts and parts[-1] == "" and len(parts) > 1 and "proxy" not in parts:
        parts = parts[:-1]
    head = parts[0]
    if head == "api" and len(parts) >= 1:
        return _resource_route(path, "", [unquote(part) for part in parts[1:2]], parts[2:])
    if head == "apis":
        return _resource_route(path, unquote(parts[1]) if len(parts) > 1 else "", parts[2:3], parts[3:])
    return Route(path)


def _resource_route(path: str, group: str, versions: list[str], raw: list[str]) -> Route:
    version = unquote(versions[0]) if versions else ""
    if not raw:
        return Route(path, api=True, group=group, version=version)
    parts = [unquote(part) for part in raw]
    watches = parts[0] == "watch" and len(parts) > 1
    if watches:
        parts, raw = parts[1:], raw[1:]
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in ("status", "finalize"):
        namespace, parts, raw = parts[1], parts[2:], raw[2:]
    elif parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
    plural, name, subresource = (*parts, "", "")[:3]
    rest = ""
    if len(parts) > 3:
        if subresource == "proxy":
            rest = "/" + "/".join(raw[3:])
        else:
            subresource = "/".join(parts[2:])
    return Route(path, True, group, version, namespace, plural, name, subresource, watches, rest)


def unfolded(asked: Route, query: Query) -> tuple[Route, Query]:
    """Converts a path of the old `watch` prefix to the form that current clients use."""
    if not asked.watches:
        return asked, query
    named = {"fieldSelector": [f"metadata.name={asked.name}"]} if asked.name else {}
    return replace(asked, name="", watches=False), {**query, "watch": ["true"], **named}


def verb_of(method: str, route: Route, query: Query) -> Verb | None:
    """The verb for authorization and handling; None for an unsupported method."""
    verb = _ITEM_VERBS.get(method)
    if route.name:
        return verb
    if verb == "get":
        return "watch" if truth(query, "watch") else "list"
    return "deletecollection" if verb == "delete" else verb


def named_by_selector(query: Query) -> str:
    """The x of a `fieldSelector=metadata.name=x`: such a request counts as one for the object x (spec section 2)."""
    for term in first(query, "fieldSelector").split(","):
        key, found, value = term.partition("=")
        if found and key == "metadata.name":
            return value.removeprefix("=")
    return ""
