"""Answers requests of the Kubernetes API and authorises each object; errors are Statuses, as clients expect."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from argosy.cluster.http.exchange import Request, Response, status_response
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Get, List, Watch, Write
from argosy.machinery.status import StatusError
from argosy.server.calls import Call, within
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError, Code
from argosy.server.kubernetes import rights
from argosy.server.kubernetes.addresses import Address, Query, absent, address_of, bad, number, one, write_of
from argosy.server.kubernetes.rights import Hidden
from argosy.server.kubernetes.shown import completed, shown
from argosy.server.kubernetes.watching import Changes
from argosy.server.kubernetes.writes import written
from argosy.server.services.projects.validation import check
from argosy.server.transport.front import Page
from argosy.server.transport.http1 import header_map

PREFIX: Final = "/api/argosy/v1/kubernetes"
MOST_VALUES: Final = 50
VERBS: Final = ("get", "list", "watch", "create", "update", "patch", "delete")
REASONS: Final = {
    Code.UNAUTHENTICATED: (401, "Unauthorized"),
    Code.PERMISSION_DENIED: (403, "Forbidden"),
    Code.NOT_FOUND: (404, "NotFound"),
    Code.INVALID_ARGUMENT: (400, "BadRequest"),
    Code.FAILED_PRECONDITION: (400, "BadRequest"),
}
AT_ONCE: Final = 500
"""Objects authorised before other tasks run."""


def door(context: ServerContext, dispatcher: Dispatcher) -> Page:
    made = Door(context, dispatcher)

    async def page(request: Request, path: str, query: str) -> Response:
        asked = path.removeprefix(PREFIX)
        try:
            return await _recorded(made, dispatcher, request, asked, _query(query))
        except StatusError as error:
            return status_response(error)
        except ApiError as error:
            code, reason = REASONS.get(error.code, (error.http_status, ""))
            return status_response(StatusError(code, reason, error.message))

    return page


async def _recorded(made: Door, dispatcher: Dispatcher, request: Request, path: str, query: Query) -> Response:
    """Changes are audited, whatever the outcome (security rule 18)."""
    headers = header_map(request)
    needs = within(rights.OBJECTS, request.method.lower(), mutates=request.method not in ("GET", "HEAD"))
    call = Call(
        method=f"{request.method} {PREFIX}{path}"[:300],
        request={},
        caller=await dispatcher.who(headers),
        enforcer=dispatcher.enforcer,
        headers=headers,
        peer=request.peer,
        over_rest=True,
    )
    try:
        answer = await made.answer(call, request, path, query)
    except (StatusError, ApiError) as error:
        dispatcher.record(call, needs, _told(error))
        raise
    dispatcher.record(call, needs, None)
    return answer


def _told(error: StatusError | ApiError) -> ApiError:
    if isinstance(error, ApiError):
        return error
    return ApiError(Code.PERMISSION_DENIED if error.code == 403 else Code.UNKNOWN, "")


class Door:
    def __init__(self, context: ServerContext, dispatcher: Dispatcher) -> None:
        self._context, self._dispatcher = context, dispatcher

    async def answer(self, call: Call, request: Request, path: str, query: Query) -> Response:
        """Raises StatusError, ApiError."""
        served = await self._context.client.served()
        if request.method == "GET" and path.rstrip("/") in ("/api", "/apis"):
            return _json(discovery(served.resources, core=path.startswith("/api") and "apis" not in path))
        if request.method == "GET" and path == "/version":
            return _json(dict(served.version))
        address = address_of(path, served.resources)
        if request.method == "GET":
            return await self._read(call, address, query)
        if request.method not in ("POST", "PUT", "PATCH", "DELETE"):
            raise StatusError(405, "MethodNotAllowed", f"{request.method} is not allowed here")
        if not address.key.name and request.method != "POST":
            raise StatusError(405, "MethodNotAllowed", "objects are changed one by one here")
        asked = write_of(request.method, address, query, request.body, request.header("content-type"))
        return _json(await self._write(call, asked), 201 if request.method == "POST" else 200)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _read(self, call: Call, address: Address, query: Query) -> Response:
        if address.subresource not in ("", "status", "scale"):
            raise absent(f"{address.resource.qualified}/{address.subresource}")
        if address.key.name:
            return _json(await self._one(call, address))
        if one(query, "watch") in ("true", "1"):
            return await self._watch(call, address, query)
        return _json(await self._list(call, address, query))

    async def _one(self, call: Call, address: Address) -> JsonObject:
        """An object that the caller may not see does not exist for them (security rule 10)."""
        resource, key = address.resource, address.key
        missing = StatusError(
            404, "NotFound", f'{resource.qualified} "{key.name}" not found', name=key.name, group=resource.group
        )
        try:
            found = await self._context.client.get(Get(resource, key))
        except StatusError as error:
            raise missing if error.is_not_found else error from None
        if (seen := self._seen(call, resource, found)) is None:
            raise missing
        if not address.subresource or resource.plural == "secrets":
            return seen
        return await self._context.client.get(Get(resource, key, address.subresource))

    async def _list(self, call: Call, address: Address, query: Query) -> JsonObject:
        page = await self._context.client.page(
            List(
                resource=address.resource,
                namespace=address.key.namespace,
                label_selector=one(query, "labelSelector"),
                field_selector=one(query, "fieldSelector"),
                limit=number(query, "limit"),
                continue_token=one(query, "continue"),
            )
        )
        items = []
        for at, obj in enumerate(page.items, 1):
            if (seen := self._seen(call, address.resource, obj)) is not None:
                items.append(seen)
            if at % AT_ONCE == 0:
                await self._context.clock.sleep(0)
        metadata = {"resourceVersion": page.resource_version}
        if page.continue_token:
            metadata["continue"] = page.continue_token
        kind, version = f"{address.resource.kind}List", address.resource.api_version
        return {"kind": kind, "apiVersion": version, "metadata": metadata, "items": items}

    async def _watch(self, call: Call, address: Address, query: Query) -> Response:
        events = self._context.client.follow(
            Watch(
                resource=address.resource,
                namespace=address.key.namespace,
                resource_version=one(query, "resourceVersion"),
                label_selector=one(query, "labelSelector"),
                field_selector=one(query, "fieldSelector"),
            )
        )
        changes = Changes(
            self._context, self._dispatcher, call, events, lambda obj: self._seen(call, address.resource, obj)
        )
        return Response(200, changes, cache_control="")

    def _seen(self, call: Call, resource: Resource, obj: JsonObject) -> JsonObject | None:
        call.checked = True
        plane = self._context.namespace
        try:
            right = rights.to_see(resource, obj, plane)
        except Hidden:
            return None
        return shown(resource, obj, plane) if call.may(*right) else None

    # -- writing -------------------------------------------------------------------------------------------------------

    async def _write(self, call: Call, asked: Write) -> JsonObject:
        plane, resource = self._context.namespace, asked.resource

        def judge(before: JsonObject | None, after: JsonObject | None) -> None:
            if before is not None and self._seen(call, resource, before) is None:
                before = after = None
            if before is None and after is None:
                text = f'{resource.qualified} "{asked.key.name}" not found'
                raise StatusError(404, "NotFound", text, name=asked.key.name, group=resource.group)
            try:
                needed = rights.to_change(resource, before, after, plane)
            except Hidden as error:
                raise StatusError(403, "Forbidden", str(error)) from None
            for right in needed:
                call.permit(*right)
            self._check(resource, before, after)

        def prepared(request: Write, before: JsonObject | None) -> Write:
            body = request.body
            if request.verb == "update":
                body = completed(resource, body, before, plane)
            return replace(request, body=_signed(body, call.caller.username))

        made = await written(self._context.client, asked, prepared, judge)
        return shown(resource, made, plane) if made.get("kind") != "Status" else made

    def _check(self, resource: Resource, before: JsonObject | None, after: JsonObject | None) -> None:
        """Applies the checks of Argo CD's calls. Raises ApiError."""
        if (resource.group, resource.plural) != ("argoproj.io", "appprojects"):
            return
        if after is not None:
            check(after)
            return
        assert before is not None
        name = before["metadata"]["name"]
        users = sum(1 for _ in self._context.gitops.plane.users_of(name))
        if name == "default" or users:
            raise bad(f"project is referenced by {users} applications" if users else "the default project stays")


def _signed(body: Any, username: str) -> Any:
    """Sets the signed-in user as the initiator of an operation, whatever the request says."""
    if not isinstance(body, dict) or not isinstance(body.get("operation"), dict):
        return body
    return {**body, "operation": {**body["operation"], "initiatedBy": {"username": username}}}


def discovery(resources: tuple[Resource, ...], *, core: bool) -> JsonObject:
    """The aggregated discovery document: of the core group, or of all others."""
    groups: dict[str, dict[str, list[JsonObject]]] = {}
    for resource in resources:
        if bool(resource.group) != core:
            kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
            item = {
                "resource": resource.plural,
                "responseKind": kind,
                "scope": "Namespaced" if resource.namespaced else "Cluster",
                "singularResource": resource.kind.lower(),
                "verbs": list(VERBS),
            }
            groups.setdefault(resource.group, {}).setdefault(resource.version, []).append(item)
    items = [
        {
            "metadata": {"name": group},
            "versions": [{"version": version, "resources": found} for version, found in versions.items()],
        }
        for group, versions in groups.items()
    ]
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _query(text: str) -> Query:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_VALUES, errors="strict")
    except ValueError:
        raise StatusError(
            400, "BadRequest", f"query: it cannot be read, or has more than {MOST_VALUES} values"
        ) from None


def _json(obj: JsonObject, code: int = 200) -> Response:
    return Response(code, orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS))
