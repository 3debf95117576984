"""Server-side apply (spec 10.4). `machinery` has the algorithm; here are path, name, preconditions and storage."""

from __future__ import annotations

from functools import partial

from argosy.cluster.errors import bad_request, conflict, not_found
from argosy.cluster.handlers.core import Core, answer
from argosy.cluster.handlers.creating import create_object
from argosy.cluster.handlers.large import is_large, judged
from argosy.cluster.handlers.ownership import empty_of
from argosy.cluster.handlers.updating import check_version, replace
from argosy.cluster.handlers.writing import check_place, field_problems, judge_fields
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.machinery.objects import JsonObject
from argosy.machinery.server_side_apply.apply import apply, check_configuration


async def apply_configuration(core: Core, request: ApiRequest) -> ApiResponse:
    """Raises Raced when the object changed while webhooks were called."""
    kind = request.kind
    config = request.body
    if not isinstance(config, dict):
        raise bad_request("error decoding YAML: the configuration is not an object")
    manager = request.options.field_manager
    check_configuration(config, manager=manager, api_version=kind.resource.api_version, kind=kind.resource.kind)
    warnings = judge_fields(request, field_problems((), request.duplicates))
    metadata = dict(config.get("metadata") or {})
    check_place(request, {"metadata": {"name": request.name, **metadata}})
    config = {**config, "metadata": metadata}
    entry = core.find(kind, request.namespace, request.name)
    if entry is None:
        _check_absent(request, config)
    live = kind.from_storage(entry.obj) if entry is not None else None
    large, now = is_large(config) or is_large(live), core.clock.now()
    work = partial(
        apply,
        live,
        config,
        node=kind.schema,
        manager=manager,
        force=request.options.force,
        subresource=request.subresource,
        api_version=kind.resource.api_version,
        now=now,
        reset=kind.strategy.reset_fields(request.subresource),
        empty=empty_of(kind),
    )
    merged, changed = await judged(core, large, work)
    if entry is not None:
        check_version(kind, {"metadata": config["metadata"]}, entry, unconditional=True)
        if not changed:
            return answer(kind, entry, 200, warnings)
    obj = (await judged(core, large, lambda: kind.strategy.decode(merged))).obj
    obj["metadata"].setdefault("name", request.name)
    if entry is None:
        obj["metadata"].pop("resourceVersion", None)
        return await create_object(core, request, obj, warnings, tracked=True)
    return await replace(core, request, entry, obj, warnings, tracked=True)


def _check_absent(request: ApiRequest, config: JsonObject) -> None:
    """A uid refers to one existing object; a subresource belongs to one. Raises StatusError 409 or 404."""
    resource = request.kind.resource
    if request.subresource:
        raise not_found(resource, request.name)
    uid = config["metadata"].get("uid")
    if uid:
        text = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise conflict(resource, request.name, text)
