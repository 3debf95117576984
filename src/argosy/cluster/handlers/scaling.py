"""The scale subresource: autoscaling/v1 Scale as a view of an object's replicas (spec 13, 10.3)."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.apis.kubernetes.compile import node_of
from argosy.cluster.errors import bad_request, conflict, invalid, not_found
from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.ownership import set_entries
from argosy.cluster.handlers.patching import patched
from argosy.cluster.handlers.updating import ATTEMPTS, check_version, replace
from argosy.cluster.handlers.writing import Raced, manager_of
from argosy.cluster.kind import Kind
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply.apply import apply
from argosy.machinery.server_side_apply.ownership import track_update
from argosy.machinery.server_side_apply.scale_ownership import SCALE_API_VERSION, entries_for_parent, entries_for_scale
from argosy.machinery.status import Cause, StatusError

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """The paths of the fields that a Scale shows; `selector` is empty where there is none."""

    replicas: Path = ("spec", "replicas")
    status: Path = ("status", "replicas")
    selector: Path = ("spec", "selector")


BUILTIN = ScalePaths()


def paths_of(kind: Kind) -> ScalePaths:
    found: ScalePaths | None = getattr(kind.strategy, "scale_paths", None)
    return found or BUILTIN


async def scale(core: Core, request: ApiRequest) -> ApiResponse:
    kind = request.kind
    for _ in range(ATTEMPTS):
        entry = core.find(kind, request.namespace, request.name)
        if entry is None:
            raise not_found(kind.resource, request.name)
        obj = kind.from_storage(entry.obj)
        current = scale_of(kind, obj)
        if request.verb == "get":
            return ApiResponse(200, current)
        wanted = _wanted(core, request, obj, current)
        _check(request, wanted)
        check_version(kind, wanted, entry, unconditional=True)
        replicas = (wanted.get("spec") or {}).get("replicas") or 0
        changed = kind.strategy.decode(_with(obj, paths_of(kind).replicas, replicas)).obj
        set_entries(changed, _entries(core, request, obj, current, wanted))
        try:
            response = await replace(core, request, entry, changed, [], tracked=True)
        except Raced:
            if request.verb == "update":
                break
            continue
        return ApiResponse(200, scale_of(kind, response.body), response.warnings)
    raise conflict(kind.resource, request.name)


def scale_of(kind: Kind, obj: JsonObject) -> JsonObject:
    """The Scale of an object; zero replicas are left out of spec."""
    paths = paths_of(kind)
    metadata = {
        name: obj["metadata"][name]
        for name in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if name in obj["metadata"]
    }
    replicas = _at(obj, paths.replicas)
    status: JsonObject = {"replicas": _at(obj, paths.status) or 0}
    selector = _at(obj, paths.selector) if paths.selector else None
    if selector:
        status["selector"] = selector if isinstance(selector, str) else selector_text(selector)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def selector_text(selector: JsonObject) -> str:
    """A LabelSelector (or a plain map) as the text that clients send as labelSelector."""
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    terms = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        key, operator = expression["key"], expression["operator"]
        values = ",".join(sorted(expression.get("values") or ()))
        text = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}.get(
            operator, f"!{key}"
        )
        terms.append((key, text))
    return ",".join(text for _, text in sorted(terms))


def _wanted(core: Core, request: ApiRequest, obj: JsonObject, current: JsonObject) -> JsonObject:
    """The Scale that the request wants; an applied one carries its managedFields."""
    body = request.body
    if request.patch_type is not None and request.patch_type is not PatchType.APPLY:
        wanted = patched(request, current, _scale_node())
    elif not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be of type Scale)")
    elif request.patch_type is PatchType.APPLY:
        wanted = _applied(core, request, obj, current, body)
    else:
        wanted = dict(body)
    wanted["metadata"] = dict(wanted.get("metadata") or {})
    return wanted


def _applied(core: Core, request: ApiRequest, obj: JsonObject, current: JsonObject, config: JsonObject) -> JsonObject:
    merged, _ = apply(
        _owned(request.kind, obj, current),
        config,
        node=_scale_node(),
        manager=request.options.field_manager,
        force=request.options.force,
        subresource="scale",
        api_version=SCALE_API_VERSION,
        now=core.clock.now(),
    )
    return dict(merged)


def _entries(
    core: Core, request: ApiRequest, obj: JsonObject, current: JsonObject, wanted: JsonObject
) -> list[JsonObject]:
    """The parent's managedFields after this write of its Scale."""
    parent = obj["metadata"].get("managedFields") or []
    if request.patch_type is PatchType.APPLY:
        mine = wanted["metadata"].get("managedFields") or []
    else:
        mine = track_update(
            _owned(request.kind, obj, current),
            {**current, "spec": wanted.get("spec") or {}},
            node=_scale_node(),
            manager=manager_of(request),
            subresource="scale",
            api_version=SCALE_API_VERSION,
            now=core.clock.now(),
        )
    resource = request.kind.resource
    return _untimed(entries_for_parent(parent, mine, paths_of(request.kind).replicas, resource.api_version))


def _untimed(entries: list[JsonObject]) -> list[JsonObject]:
    """Entries that came through a Scale have no time, and so come first among equals (as recorded from upstream)."""
    found = [
        {name: value for name, value in entry.items() if name != "time"}
        if entry.get("subresource") == "scale"
        else entry
        for entry in entries
    ]
    return sorted(found, key=lambda entry: (entry.get("operation") or "", entry.get("time") or ""))


def _owned(kind: Kind, obj: JsonObject, scale: JsonObject) -> JsonObject:
    """The Scale with the managers that own the parent's replicas."""
    entries = entries_for_scale(obj["metadata"].get("managedFields") or [], paths_of(kind).replicas)
    return {**scale, "metadata": {**scale["metadata"], "managedFields": entries}} if entries else scale


def _scale_node() -> Node:
    return node_of("autoscaling/v1.Scale")


def _check(request: ApiRequest, wanted: JsonObject) -> None:
    name = wanted["metadata"].get("name")
    if name and name != request.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({request.name})")
    text = 'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal into Go struct field'
    spec = wanted.get("spec") or {}
    if not isinstance(spec, dict):
        raise StatusError(400, "BadRequest", f"{text} Scale.spec of type v1.ScaleSpec")
    replicas = spec.get("replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise StatusError(400, "BadRequest", f"{text} ScaleSpec.spec.replicas of type int32")
    if replicas < 0:
        cause = Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
        raise invalid("autoscaling", "Scale", request.name, [cause])


def _at(obj: JsonObject, path: Path) -> JsonValue:
    value: JsonValue = obj
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _with(obj: JsonObject, path: Path, value: JsonValue) -> JsonObject:
    """A copy along the path."""
    head, *rest = path
    inner = obj.get(head)
    changed = _with(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value
    return {**obj, head: changed}
