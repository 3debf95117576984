"""Turns a request body into parsed JSON, whatever its format, or rejects it as upstream does."""

from __future__ import annotations

from functools import cache

from argosy.apis.kubernetes.facts import is_struct, resources
from argosy.cluster.http.representation.json_text import BodyError, Parsed, parse_json
from argosy.cluster.http.representation.negotiate import JSON, PROTOBUF, YAML, body_format, media_type_of, patch_format
from argosy.cluster.http.representation.protobuf import decode as decode_protobuf
from argosy.cluster.http.representation.yaml_text import parse_yaml
from argosy.cluster.kind import Kind
from argosy.machinery.api import PatchType
from argosy.machinery.objects import group_version
from argosy.machinery.status import StatusError

JSON_PATCH_LIMIT = 10_000
"""Maximum operations in one JSON patch; more are 413 (spec section 2)."""


def read_object(body: bytes, content_type: str, kind_name: str, *, custom: bool) -> Parsed:
    """The body of a POST or PUT. Raises StatusError 415 or 400."""
    form = body_format(content_type, custom=custom)
    try:
        parsed = _parse(body, form)
    except BodyError as error:
        raise unrecognized(kind_name, f"couldn't get version/kind; {error}") from None
    if not isinstance(parsed.value, dict):
        raise unrecognized(kind_name, "couldn't get version/kind; json parse error: the body is not an object")
    return parsed


def read_patch(body: bytes, content_type: str, kind: Kind) -> tuple[PatchType, Parsed]:
    """Raises StatusError 415, 400 for a body that is not a document, 413 for too many operations."""
    patch_type = patch_format(content_type, custom=kind.custom)
    try:
        parsed = parse_yaml(body) if patch_type is PatchType.APPLY and not _looks_json(body) else parse_json(body)
    except BodyError as error:
        if patch_type is PatchType.APPLY:
            raise StatusError(400, "BadRequest", f"error decoding YAML: {error}") from None
        raise StatusError(400, "BadRequest", f"error decoding patch: {error}") from None
    if patch_type is PatchType.APPLY and parsed.value is None:
        parsed = parsed._replace(value={})  # an empty document is an object without a kind
    if patch_type is PatchType.JSON:
        _check_operations(parsed)
    elif not isinstance(parsed.value, dict):
        raise StatusError(400, "BadRequest", "error decoding patch: the body is not an object")
    return patch_type, parsed


def _check_operations(parsed: Parsed) -> None:
    if not isinstance(parsed.value, list):
        raise StatusError(400, "BadRequest", "error decoding patch: the body is not a list of operations")
    count = len(parsed.value)
    if count > JSON_PATCH_LIMIT:
        message = f"The allowed maximum operations in a JSON patch is {JSON_PATCH_LIMIT}, got {count}"
        raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: {message}")


def read_delete_options(body: bytes, content_type: str) -> dict[str, object]:
    """The optional body of a DELETE; without a content type it is JSON. Raises StatusError 415 or 400."""
    if not body.strip():
        return {}
    form = body_format(content_type, custom=False) if media_type_of(content_type) else JSON
    try:
        value = _parse(body, form).value
    except BodyError as error:
        raise unrecognized("DeleteOptions", f"couldn't get version/kind; {error}") from None
    if not isinstance(value, dict):
        raise unrecognized("DeleteOptions", "couldn't get version/kind; json parse error: the body is not an object")
    if value.get("kind", "DeleteOptions") != "DeleteOptions":
        raise StatusError(400, "BadRequest", f"decoded object is {value['kind']}, not DeleteOptions")
    return value


def unrecognized(kind_name: str, why: str) -> StatusError:
    return StatusError(400, "BadRequest", f"the object provided is unrecognized (must be of type {kind_name}): {why}")


def _parse(body: bytes, form: str) -> Parsed:
    if form == PROTOBUF:
        return Parsed(decode_protobuf(body, type_key), ())
    return parse_yaml(body) if form == YAML else parse_json(body)


def _looks_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


@cache
def type_key(api_version: str, kind: str) -> str | None:
    """The fact-table key of a kind as clients name it; options kinds travel under any group version."""
    if is_struct(f"meta/v1.{kind}") and kind.endswith("Options"):
        return f"meta/v1.{kind}"
    group, version = group_version(api_version)
    for facts in resources():
        if (facts.resource.group, facts.resource.version, facts.resource.kind) == (group, version, kind):
            return facts.type
    spelled = f"{group.partition('.')[0] or 'core'}/{version}.{kind}"
    return spelled if is_struct(spelled) else None
