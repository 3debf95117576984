"""update, and the storing part of every patch (spec 8.2-8.6)."""

from __future__ import annotations

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import conflict, invalid, not_found
from argosy.cluster.handlers import metadata as metadata_rules
from argosy.cluster.handlers.core import Core, answer
from argosy.cluster.handlers.creating import create_object
from argosy.cluster.handlers.large import carried_out, is_large, judged
from argosy.cluster.handlers.ownership import track
from argosy.cluster.handlers.writing import (
    Raced,
    check_place,
    content_warnings,
    parted,
    read_body,
    stored_form,
    together,
    validate,
)
from argosy.cluster.kind import Kind, WriteContext
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.cluster.store import Entry
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause, StatusError

ATTEMPTS = 5


async def update(core: Core, request: ApiRequest) -> ApiResponse:
    obj, warnings = await carried_out(core, is_large(request.body), lambda: read_body(request))
    check_place(request, obj)
    kind = request.kind
    entry = core.find(kind, request.namespace, request.name)
    if entry is None:
        if kind.strategy.allows_create_on_update and not request.subresource:
            obj["metadata"].pop("resourceVersion", None)
            return await create_object(core, request, obj, warnings)
        raise not_found(kind.resource, request.name)
    check_version(kind, obj, entry, unconditional=kind.strategy.allows_unconditional_update)
    try:
        return await replace(core, request, entry, obj, warnings)
    except Raced:
        raise conflict(kind.resource, request.name) from None


def check_version(kind: Kind, obj: JsonObject, entry: Entry, *, unconditional: bool) -> None:
    """Optimistic concurrency. Raises StatusError 409 or 422."""
    resource, name = kind.resource, entry.key.name
    version = obj["metadata"].get("resourceVersion")
    if not version or version == "0":
        if not unconditional:
            message = "Invalid value: 0: must be specified for an update"
            raise invalid(resource.group, resource.plural, name, [Cause("metadata.resourceVersion", message)])
    elif not (version.isascii() and version.isdigit()):
        raise StatusError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    elif version != str(entry.rev):
        raise conflict(resource, name)
    uid, own = obj["metadata"].get("uid"), entry.obj["metadata"].get("uid")
    if uid and uid != own:
        place = f"/registry/{resource.plural}/{entry.key}"
        raise conflict(
            resource,
            name,
            f"StorageError: invalid object, Code: 4, Key: {place}, ResourceVersion: 0, AdditionalErrorMsg: "
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {own}",
        )


async def replace(
    core: Core, request: ApiRequest, entry: Entry, obj: JsonObject, warnings: list[str], *, tracked: bool = False
) -> ApiResponse:
    """Stores `obj` (decoded, owned by the request) over `entry`. Raises Raced when the entry changed meanwhile."""
    kind = request.kind
    now = core.clock.now()
    ctx = core.context(request, "UPDATE", now)
    strategy = kind.strategy
    old = kind.from_storage(entry.obj)
    claimed = dict(obj["metadata"])
    large = is_large(obj)
    await carried_out(core, large, lambda: _default(request, obj, old))
    strategy.canonicalize(obj)
    warnings += metadata_rules.drop_duplicate_owners(obj["metadata"])
    if not tracked:
        await carried_out(core, large, lambda: track(core, request, old, obj, now))
    attributes = Attributes(ctx=ctx, kind=kind, namespace=request.namespace, obj=obj, old=old, request=request)
    obj = await core.admission.mutate(attributes)
    _settle(ctx, kind, obj, old)
    await judged(core, large, lambda: validate(ctx, kind, obj, old, claimed))
    warnings += content_warnings(ctx, kind, obj, old)
    strategy.canonicalize(obj)
    attributes.obj = obj
    await core.admission.validate(attributes)
    warnings += attributes.warnings
    if core.table(kind).entries.get(entry.key) is not entry:
        raise Raced
    return _store(core, ctx, kind, entry, obj, old, warnings)


def _default(request: ApiRequest, obj: JsonObject, old: JsonObject) -> None:
    """In place."""
    own, rest = parted(request, obj, old)
    request.kind.strategy.default(own)
    if rest:
        whole = together(obj, own, rest)
        obj.clear()
        obj.update(whole)


def _settle(ctx: WriteContext, kind: Kind, obj: JsonObject, old: JsonObject) -> None:
    """In place: the fields that the server keeps, whatever the update contains, and the new generation."""
    metadata, strategy = obj["metadata"], kind.strategy
    metadata_rules.keep_on_update(metadata, old["metadata"])
    metadata["name"] = old["metadata"]["name"]
    metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
    strategy.prepare_update(ctx, obj, old)
    if strategy.has_generation and ctx.subresource != "status" and strategy.spec_changed(obj, old):
        metadata["generation"] = (old["metadata"].get("generation") or 0) + 1


def _store(
    core: Core, ctx: WriteContext, kind: Kind, entry: Entry, obj: JsonObject, old: JsonObject, warnings: list[str]
) -> ApiResponse:
    if obj == old:
        return answer(kind, entry, 200, warnings)
    stored = stored_form(kind, obj)
    if ctx.dry_run:
        return ApiResponse(200, kind.from_storage(stored), tuple(warnings))
    if is_finished(stored):
        core.store.delete(core.table(kind), entry)
        core.after_write(ctx, kind, entry.obj, None)
        return ApiResponse(200, kind.from_storage(stored), tuple(warnings))
    fresh = core.store.put(core.table(kind), entry.key, stored, entry)
    core.after_write(ctx, kind, entry.obj, fresh.obj)
    return answer(kind, fresh, 200, warnings)


def is_finished(obj: JsonObject) -> bool:
    """Being deleted, and without remaining finalizers or grace period (spec 11)."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if metadata.get("deletionGracePeriodSeconds"):
        return False
    is_namespace = obj["kind"] == "Namespace" and obj["apiVersion"] == "v1"
    return not (is_namespace and (obj.get("spec") or {}).get("finalizers"))
