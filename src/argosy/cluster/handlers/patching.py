"""patch: the four patch types, each applied to the object in the request's version (spec 10)."""

from __future__ import annotations

from argosy.cluster.errors import bad_request, conflict, not_found
from argosy.cluster.handlers.applying import apply_configuration
from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.large import carried_out, is_large
from argosy.cluster.handlers.updating import ATTEMPTS, check_version, replace
from argosy.cluster.handlers.writing import Raced, check_place, decoded_over, field_problems, judge_fields
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.jsonpatch import apply_json_patch
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.patches.strategic import strategic_merge
from argosy.machinery.schema import Node
from argosy.machinery.status import Cause, StatusError


async def patch(core: Core, request: ApiRequest) -> ApiResponse:
    """Races with other writers are retried on the new object, not reported."""
    step = apply_configuration if request.patch_type is PatchType.APPLY else _patch_once
    for _ in range(ATTEMPTS):
        try:
            return await step(core, request)
        except Raced:
            continue
    raise conflict(request.kind.resource, request.name)


async def _patch_once(core: Core, request: ApiRequest) -> ApiResponse:
    kind = request.kind
    entry = core.find(kind, request.namespace, request.name)
    if entry is None:
        raise not_found(kind.resource, request.name)
    current = kind.from_storage(entry.obj)
    large = is_large(current) or is_large(request.body)
    result = await carried_out(core, large, lambda: patched(request, current, kind.schema))
    try:
        decoded = await carried_out(core, large, lambda: decoded_over(request, result, current))
    except StatusError as error:
        raise _unfit(error) if error.code == 400 else error from None
    problems = field_problems(decoded.unknown, request.duplicates)
    warnings = judge_fields(request, problems)
    obj = decoded.obj
    check_place(request, obj)
    check_version(kind, obj, entry, unconditional=True)
    return await replace(core, request, entry, obj, warnings)


def _unfit(error: StatusError) -> StatusError:
    """The patch result is not an object of this kind: upstream blames the patch, and names no object."""
    cause = Cause("patch", f"Invalid value: {error.message}")
    return StatusError(422, "Invalid", f' "" is invalid: patch: {cause.message}', causes=[cause])


def patched(request: ApiRequest, current: JsonObject, schema: Node) -> JsonObject:
    """`current` (in the schema's kind) with the request's patch applied; shares what the patch leaves unchanged."""
    body: JsonValue = request.body
    if request.patch_type is PatchType.JSON:
        result = apply_json_patch(current, body)
    elif request.patch_type is PatchType.MERGE:
        result = merge_patch(current, body)
    else:
        result = strategic_merge(current, body, schema)
    if not isinstance(result, dict) or not isinstance(result.get("metadata"), dict):
        raise bad_request("the patched object has no metadata")
    return result
