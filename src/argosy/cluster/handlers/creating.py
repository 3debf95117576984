"""create (spec 8.1), also used by an update or an apply of a missing object."""

from __future__ import annotations

from sys import intern

from argosy.cluster.admission.attributes import Attributes
from argosy.cluster.errors import already_exists
from argosy.cluster.handlers import metadata as metadata_rules
from argosy.cluster.handlers.core import Core, answer
from argosy.cluster.handlers.large import carried_out, is_large, judged
from argosy.cluster.handlers.ownership import track
from argosy.cluster.handlers.writing import check_place, content_warnings, read_body, stored_form, validate
from argosy.cluster.kind import Kind
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError

NAME_ATTEMPTS = 8


async def create(core: Core, request: ApiRequest) -> ApiResponse:
    obj, warnings = await carried_out(core, is_large(request.body), lambda: read_body(request))
    check_place(request, obj)
    if obj["metadata"].get("resourceVersion"):
        raise StatusError(500, "", "resourceVersion should not be set on objects to be created")
    return await create_object(core, request, obj, warnings)


async def create_object(
    core: Core, request: ApiRequest, obj: JsonObject, warnings: list[str], *, tracked: bool = False
) -> ApiResponse:
    """`obj` is decoded and owned by the request. `tracked`: its managedFields are settled already (apply)."""
    if request.deny_create is not None:
        raise request.deny_create
    kind = request.kind
    now = core.clock.now()
    ctx = core.context(request, "CREATE", now)
    strategy = kind.strategy
    metadata, large = obj["metadata"], is_large(obj)
    await carried_out(core, large, lambda: strategy.default(obj))
    strategy.canonicalize(obj)
    warnings += metadata_rules.drop_duplicate_owners(metadata)
    if not tracked:
        await carried_out(core, large, lambda: track(core, request, None, obj, now))
    attributes = Attributes(ctx=ctx, kind=kind, namespace=request.namespace, obj=obj, old=None, request=request)
    obj = await core.admission.mutate(attributes)
    metadata = obj["metadata"]
    draws = bool(metadata.get("generateName")) and not metadata.get("name")
    metadata_rules.fill_on_create(kind, metadata, request.namespace, now, core.rng)
    strategy.prepare_create(ctx, obj)
    await judged(core, large, lambda: validate(ctx, kind, obj, None, metadata))
    warnings += content_warnings(ctx, kind, obj, None)
    strategy.canonicalize(obj)
    attributes.obj = obj
    await core.admission.validate(attributes)
    warnings += attributes.warnings
    key = _free_key(core, kind, obj, draws=draws)
    stored = stored_form(kind, obj)
    if request.options.dry_run:
        return ApiResponse(201, kind.from_storage(stored), tuple(warnings))
    entry = core.store.put(core.table(kind), key, stored, None)
    core.after_write(ctx, kind, None, entry.obj)
    return answer(kind, entry, 201, warnings)


def _free_key(core: Core, kind: Kind, obj: JsonObject, *, draws: bool) -> Key:
    """A generated name that is taken is drawn again; a given one is refused, in other words if it has a prefix."""
    metadata = obj["metadata"]
    namespace = metadata.get("namespace") or "" if kind.resource.namespaced else ""
    entries = core.table(kind).entries
    for _ in range(NAME_ATTEMPTS):
        key = Key(intern(namespace), metadata["name"])  # kept as long as the object: one string per namespace
        taken = entries.get(key)
        if taken is None:
            return key
        if not draws:
            break
        metadata["name"] = metadata_rules.generated_name(metadata["generateName"], core.rng)
    deleting = taken is not None and bool(taken.obj["metadata"].get("deletionTimestamp"))
    generated = bool(metadata.get("generateName"))
    raise already_exists(kind.resource, metadata["name"], deleting=deleting, generated=generated)
