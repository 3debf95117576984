"""Requests on resources: parses the body and options, and encodes the Api's answer as requested."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from argosy.apis.kubernetes.codec import reader_of
from argosy.apis.kubernetes.scalars import Mismatch
from argosy.cluster.auth.attributes import Attributes, forbidden
from argosy.cluster.auth.reviews import Asked
from argosy.cluster.errors import bad_request, invalid_options
from argosy.cluster.handlers.reading import MANY
from argosy.cluster.handlers.writing import read_body
from argosy.cluster.http.eager import BegunStream, TakenInPieces
from argosy.cluster.http.exchange import PLAIN_TEXT, Request, Response
from argosy.cluster.http.options import read_delete_query, read_log_options, read_options
from argosy.cluster.http.representation.decode import read_delete_options, read_object, read_patch
from argosy.cluster.http.representation.encode import is_status, to_bytes, transformed, warning_header
from argosy.cluster.http.representation.json_text import Parsed
from argosy.cluster.http.representation.negotiate import JSON, Representation, check_shape, choose
from argosy.cluster.http.representation.table import include_object, scale_table, table
from argosy.cluster.http.routing import Route, first
from argosy.cluster.http.streams import watch
from argosy.cluster.http.trail import Trail
from argosy.cluster.http.wiring import Wiring
from argosy.cluster.kind import Kind, User
from argosy.cluster.request import ApiRequest, ApiResponse, Options, Verb
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import StatusError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authorized request on a served kind."""

    request: Request
    route: Route
    query: Mapping[str, Sequence[str]]
    kind: Kind
    verb: Verb
    user: User
    wiring: Wiring
    still_allowed: Callable[[], bool]
    pretty: bool
    trail: Trail

    @property
    def namespace(self) -> str:
        return self.route.namespace if self.kind.resource.namespaced else ""

    @property
    def content_type(self) -> str:
        return self.request.header("content-type")


@dataclass(frozen=True, slots=True)
class _Sent:
    """The decoded body and options of one request."""

    options: Options
    body: JsonValue = None
    duplicates: tuple[str, ...] = ()
    patch_type: PatchType | None = None


async def handle_resource(call: Call) -> Response:
    shape = "watch" if call.verb == "watch" else "list" if call.verb in ("list", "deletecollection") else "object"
    representation = choose(call.request.header("accept"), shape, custom=call.kind.custom)
    if representation.transform:
        check_shape(representation, shape, _go_type(call.kind, shape))
    is_plain = representation.media_type == JSON and not (
        representation.transform or representation.pretty or call.pretty
    )
    sent = _READERS.get(call.verb, _read_plain)(call)
    api_request = _api_request(call, sent, in_pieces=is_plain and call.verb == "list")
    if call.verb == "watch":
        return _watch(call, api_request, representation)
    call.wiring.trails.open(call.trail, call.kind)
    answer = await call.wiring.api.handle(api_request)
    if call.verb == "create":
        call.trail.created_name = str((answer.body.get("metadata") or {}).get("name") or "")
    if shape == "list" and len(answer.body.get("items") or ()) >= MANY:
        # tables, YAML and other forms of many objects: encoded in a thread
        return await call.wiring.clock.external(asyncio.to_thread(_encoded, call, answer, representation))
    return _encoded(call, answer, representation)


def _api_request(call: Call, sent: _Sent, *, in_pieces: bool = False) -> ApiRequest:
    return ApiRequest(
        verb=call.verb,
        kind=call.kind,
        user=call.user,
        namespace=call.namespace,
        name=call.route.name,
        subresource=call.route.subresource,
        body=sent.body,
        duplicates=sent.duplicates,
        patch_type=sent.patch_type,
        options=sent.options,
        user_agent=call.request.header("user-agent"),
        in_pieces=in_pieces,
        deny_create=_deny_create(call, sent),
    )


def _deny_create(call: Call, sent: _Sent) -> StatusError | None:
    """An apply or a PUT may create, which needs another permission than updating (spec 10.4 step 5)."""
    if call.verb != "update" and sent.patch_type is not PatchType.APPLY:
        return None
    resource = call.kind.resource
    asked = Attributes("create", resource.group, resource.plural, "", call.route.namespace, call.route.name)
    return None if call.wiring.authorizer.judge(call.user, asked).allowed else forbidden(call.user, asked)


# ---- reading ------------------------------------------------------------------------------------------------------


def _read_plain(call: Call) -> _Sent:
    return _Sent(read_options(call.query, call.verb))


def _read_object(call: Call) -> _Sent:
    parsed = _object(call)
    return _Sent(read_options(call.query, call.verb), parsed.value, parsed.duplicates)


def _object(call: Call) -> Parsed:
    sub = call.kind.subresources.get(call.route.subresource)
    name = sub.kind if sub else call.kind.resource.kind
    return read_object(call.request.body, call.content_type, name, custom=call.kind.custom)


def _read_patch(call: Call) -> _Sent:
    patch_type, parsed = read_patch(call.request.body, call.content_type, call.kind)
    options = read_options(call.query, call.verb, patch_type)
    return _Sent(options, parsed.value, parsed.duplicates, patch_type)


def _read_delete(call: Call) -> _Sent:
    """Options come from the body, or from the query when there is none (spec section 11)."""
    options = read_options(call.query, call.verb)
    body = read_delete_options(call.request.body, call.content_type)
    if not body:
        return _Sent(options, read_delete_query(call.query))
    dry_run = body.get("dryRun") or []
    if not isinstance(dry_run, list) or any(value != "All" for value in dry_run):
        message = f'Unsupported value: {to_bytes(dry_run).decode().strip()}: supported values: "All"'
        raise invalid_options("DeleteOptions", "dryRun", message, "FieldValueNotSupported")
    return _Sent(replace(options, dry_run=True) if dry_run else options, body)


_READERS: dict[Verb, Callable[[Call], _Sent]] = {
    "create": _read_object,
    "update": _read_object,
    "patch": _read_patch,
    "delete": _read_delete,
    "deletecollection": _read_delete,
}


# ---- responding ---------------------------------------------------------------------------------------------------


def _watch(call: Call, api_request: ApiRequest, representation: Representation) -> Response:
    include = include_object(first(call.query, "includeObject"))
    now = call.wiring.clock.now
    response = watch(call.wiring.api, api_request, representation, now, include, call.still_allowed)
    _add_warnings(response, call.kind, ())
    return response


def _encoded(call: Call, answer: ApiResponse, representation: Representation) -> Response:
    pretty = call.pretty or representation.pretty
    if answer.pieces is not None:
        return Response(answer.code, TakenInPieces(answer.pieces), representation.media_type)
    if representation.transform and not is_status(answer.body):
        body = to_bytes(_transformed(call, answer.body, representation), representation.media_type, pretty=pretty)
    elif answer.encoded is not None and not pretty and representation.media_type == "application/json":
        body = answer.encoded
    else:
        body = to_bytes(answer.body, representation.media_type, pretty=pretty)
    response = Response(answer.code, body, representation.media_type)
    _add_warnings(response, call.kind, answer.warnings)
    return response


def _transformed(call: Call, body: JsonObject, representation: Representation) -> JsonObject:
    if representation.transform != "Table":
        return transformed(body, representation)
    include = include_object(first(call.query, "includeObject"))
    if body.get("kind") == "Scale" and call.route.subresource == "scale":
        return scale_table(call.kind, body, call.wiring.clock.now(), include, representation.version)
    return table(call.kind, body, call.wiring.clock.now(), include, representation.version)


def _add_warnings(response: Response, kind: Kind, warnings: Sequence[str]) -> None:
    if kind.deprecation:
        warnings = (kind.deprecation, *warnings)
    if warnings:
        response.headers += [("Warning", warning_header(text)) for text in dict.fromkeys(warnings)]


def _go_type(kind: Kind, shape: str) -> str:
    """How upstream names the response type in the 406 for a wrong single or list form."""
    if kind.custom:
        return "unstructured.UnstructuredList" if shape == "list" else "unstructured.Unstructured"
    package = kind.resource.group.partition(".")[0] or "core"
    return f"{package}.{kind.list_kind if shape == 'list' else kind.resource.kind}"


# ---- requests that store nothing ----------------------------------------------------------------------------------


def handle_review(call: Call, review: Callable[[Asked], JsonObject]) -> Response:
    obj, warnings = read_body(_api_request(call, _read_object(call)))
    response = Response(201, to_bytes(review(_review_request(call, obj)), pretty=call.pretty))
    _add_warnings(response, call.kind, warnings)
    return response


def handle_token_request(call: Call) -> Response:
    parsed = _object(call)
    try:
        body = reader_of("authentication/v1.TokenRequest")(parsed.value, [])
    except (Mismatch, RecursionError) as problem:
        message = f'TokenRequest in version "v1" cannot be handled as a TokenRequest: {problem}'
        raise bad_request(message) from None
    answer = call.wiring.reviews.request_token(_review_request(call, body), call.route.name)
    return Response(201, to_bytes(answer, pretty=call.pretty))


def _review_request(call: Call, body: JsonObject) -> Asked:
    manager = first(call.query, "fieldManager") or call.request.header("user-agent").partition("/")[0] or "unknown"
    uid = call.wiring.new_uid() if call.wiring.new_uid is not None else ""
    return Asked(call.user, call.namespace, call.wiring.clock.now(), body, manager, uid)


async def read_log(call: Call) -> Response:
    """`pods/log`: the text as it is printed, following it on request."""
    options = read_log_options(call.query)
    kind, user = call.kind, call.user
    found = await call.wiring.api.handle(
        ApiRequest(verb="get", kind=kind, user=user, namespace=call.namespace, name=call.route.name)
    )
    if call.wiring.logs is None:
        raise bad_request(f'no logs are kept for pod "{call.route.name}"')
    chunks = BegunStream(call.wiring.logs.read(found.body, options), _as_is, call.still_allowed)
    return Response(200, chunks, PLAIN_TEXT, still_allowed=call.still_allowed)


def _as_is(lines: bytes) -> bytes:
    return lines
