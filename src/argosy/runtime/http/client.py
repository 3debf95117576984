"""`runtime.client.Client` over HTTP, for any Kubernetes API server.

Owns one pool of connections. Refusals come out as StatusError, a server that cannot be reached as Unreachable; neither
message ever holds a header, a body or a URL with its user info.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from argosy.machinery.api import FieldValidation, ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.http import discovery
from argosy.runtime.http.connection import Connection, Impersonation, without_user_info
from argosy.runtime.http.credentials import ClientCertificate, CredentialError, Proof
from argosy.runtime.http.frames import FrameCutter, FrameError, event_of, named
from argosy.runtime.http.retries import pause_before_retry

PAGE = 500
REQUEST_SECONDS = 60.0
CONNECT_SECONDS = 15.0
SHORTEST_WATCH, LONGEST_WATCH = 300.0, 600.0
DISCOVERY_SECONDS = 30.0
"""What a server serves is asked again after this, and at once after a 404 for a whole resource."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

Query = dict[str, str]
Headers = list[tuple[str, str]]


class Unreachable(ConnectionError):
    """No answer: the server is away, refused the connection, or could not prove who it is."""


class HttpClient:
    """`async with HttpClient(connection, clock, rng) as client:`, or `close` it."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        rng: Rng,
        *,
        user_agent: str = "argosy",
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """`session`: somebody else's connections, to be used and not to be closed."""
        self._connection = connection
        self._clock = clock
        self._rng = rng.fork("http")
        self._user_agent = user_agent
        self._where = without_user_info(connection.server)
        self._impersonate = connection.impersonate.headers()
        self._contexts: dict[ClientCertificate | None, ssl.SSLContext] = {}
        self._session = session
        self._resources: tuple[Resource, ...] | None = None
        self._resources_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def client(self) -> Self:
        """For `runtime.access.Access`."""
        return self

    def acting_as(self, user: str) -> Self:
        """A client that impersonates, over the connections of this one, which alone is closed."""
        connection = replace(self._connection, impersonate=Impersonation(user=user))
        return type(self)(connection, self._clock, self._rng, user_agent=self._user_agent, session=self._opened())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    # -- what the server is --------------------------------------------------------------------------------------------

    async def version(self) -> JsonObject:
        return await self._json("GET", "/version")

    async def resources(self, *, fresh: bool = False) -> tuple[Resource, ...]:
        now = self._clock.monotonic()
        if fresh or self._resources is None or now - self._resources_at >= DISCOVERY_SECONDS:
            self._resources, self._resources_at = await self._discover(), now
        return self._resources

    def forget_resources(self) -> None:
        """After a CRD came or went."""
        self._resources = None

    async def _discover(self) -> tuple[Resource, ...]:
        documents = [await self._json("GET", path, accept=discovery.AGGREGATED) for path in ("/api", "/apis")]
        if all(discovery.is_aggregated(document) for document in documents):
            return tuple([resource for document in documents for resource in discovery.aggregated(document)])
        found: list[Resource] = []
        for path in discovery.legacy_paths(*documents):
            try:
                found += discovery.legacy(await self._json("GET", path))
            except StatusError as error:
                # An aggregated API whose own server is down must not hide all others.
                if error.code not in (404, 503):
                    raise
        return tuple(found)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def get(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> JsonObject:
        obj = await self._json("GET", resource.path(namespace, name, subresource))
        return obj if subresource else named(obj, resource)

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = 0,
        continue_token: str = "",
        metadata_only: bool = False,
    ) -> ListPage:
        """Without a limit all items, which are fetched in pages all the same."""
        query = _given(labelSelector=label_selector, fieldSelector=field_selector)
        accept = METADATA_LIST if metadata_only else "application/json"
        page = await self._page(resource, namespace, query, limit or PAGE, continue_token, accept)
        if limit:
            return page
        items = list(page.items)
        while page.continue_token:
            try:
                page = await self._page(resource, namespace, query, PAGE, page.continue_token, accept)
            except StatusError as error:
                if not error.is_expired:
                    raise
                # The revision of the first pages is gone: one answer with everything is consistent again.
                return await self._page(resource, namespace, query, 0, "", accept)
            items += page.items
        return ListPage(tuple(items), page.resource_version)

    async def _page(
        self, resource: Resource, namespace: str, query: Query, limit: int, token: str, accept: str
    ) -> ListPage:
        asked = {**query, **_given(limit=str(limit) if limit else "", **{"continue": token})}
        document = await self._json("GET", resource.path(namespace), asked, accept=accept)
        metadata = document.get("metadata") or {}
        items = tuple([named(item, resource) for item in document.get("items") or ()])
        return ListPage(items, metadata.get("resourceVersion") or "", metadata.get("continue") or "")

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> AsyncIterator[WatchEvent]:
        seconds = self._rng.uniform(SHORTEST_WATCH, LONGEST_WATCH)
        query = _given(
            labelSelector=label_selector,
            fieldSelector=field_selector,
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            timeoutSeconds=str(int(seconds)),
        )
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=seconds + 30, total=seconds + 60)
        accept = METADATA if metadata_only else "application/json"
        async with self._exchange("GET", resource.path(namespace), query, None, "", accept, timeout) as response:
            if response.status >= 300:
                raise self._noted(_refusal(response.status, response.headers, await response.read()))
            cutter = FrameCutter()
            async for chunk in response.content.iter_any():
                for frame in cutter.feed(chunk):
                    yield event_of(frame, resource)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def create(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        query = _write_query(field_manager, dry_run, field_validation)
        return await self._json("POST", resource.path(key_of(obj).namespace), query, obj, safe=dry_run)

    async def update(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        subresource: str = "",
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        path = resource.path(*key_of(obj), subresource)
        return await self._json("PUT", path, _write_query(field_manager, dry_run, field_validation), obj, safe=dry_run)

    async def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str,
        patch: JsonValue,
        patch_type: PatchType,
        *,
        subresource: str = "",
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        path, query = (
            resource.path(namespace, name, subresource),
            _write_query(field_manager, dry_run, field_validation),
        )
        return await self._json("PATCH", path, query, patch, content_type=patch_type.value, safe=dry_run)

    async def apply(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str,
        force: bool = False,
        subresource: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        query = _write_query(field_manager, dry_run, field_validation) | {"force": "true" if force else "false"}
        path = resource.path(*key_of(obj), subresource)
        return await self._json("PATCH", path, query, obj, content_type=PatchType.APPLY.value, safe=True)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> JsonObject:
        body: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if propagation is not None:
            body["propagationPolicy"] = propagation
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        if preconditions := _given(uid=uid, resourceVersion=resource_version):
            body["preconditions"] = preconditions
        return await self._json("DELETE", resource.path(namespace, name), _write_query("", dry_run), body, safe=dry_run)

    # -- one exchange --------------------------------------------------------------------------------------------------

    async def _json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: JsonValue = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        safe: bool = False,
    ) -> JsonObject:
        payload = None if body is None else orjson.dumps(body)
        attempt, renewed = 1, False
        while True:
            try:
                return await self._once(method, path, query or {}, payload, content_type, accept)
            except (StatusError, Unreachable) as error:
                if isinstance(error, StatusError) and error.code == 401 and not renewed:
                    renewed = True
                    if self._connection.credential.refused():
                        continue
                pause = pause_before_retry(error, attempt, safe or method == "GET", self._rng)
                if pause is None:
                    raise
                attempt += 1
                await self._clock.sleep(pause)

    async def _once(
        self, method: str, path: str, query: Query, payload: bytes | None, content_type: str, accept: str
    ) -> JsonObject:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS)
        async with self._exchange(method, path, query, payload, content_type, accept, timeout) as response:
            answer = await response.read()
            if response.status >= 300:
                raise self._noted(_refusal(response.status, response.headers, answer))
        try:
            document = orjson.loads(answer)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise StatusError(502, "InternalError", f"{self._where} did not answer {method} {path} with a JSON object")
        return document

    @asynccontextmanager
    async def _exchange(
        self,
        method: str,
        path: str,
        query: Query,
        payload: bytes | None,
        content_type: str,
        accept: str,
        deadline: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            proof = await self._connection.credential.proof()
            headers = self._headers(proof, accept, content_type if payload is not None else "")
            async with self._opened().request(
                method,
                self._connection.server + path,
                params=query,
                data=payload,
                headers=headers,
                timeout=deadline,
                proxy=self._connection.proxy_for(),
                ssl=self._context(proof.certificate),
                server_hostname=self._connection.trust.server_name or None,
                allow_redirects=False,
            ) as response:
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError, FrameError, CredentialError) as error:
            if isinstance(error, Unreachable):
                raise
            raise Unreachable(f"{self._where}: {method} {path}: {_why(error)}") from None

    def _headers(self, proof: Proof, accept: str, content_type: str) -> Headers:
        headers = [("Accept", accept), ("User-Agent", self._user_agent), *self._impersonate]
        if content_type:
            headers.append(("Content-Type", content_type))
        if proof.authorization is not None:
            headers.append(("Authorization", proof.authorization.reveal()))
        return headers

    def _context(self, certificate: ClientCertificate | None) -> ssl.SSLContext | bool:
        if self._connection.server.startswith("http:"):
            return True
        if certificate not in self._contexts:
            self._contexts = {certificate: self._connection.trust.context(certificate)}
        return self._contexts[certificate]

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            )
        return self._session

    def _noted(self, error: StatusError) -> StatusError:
        if error.code == 404 and not error.details.get("name"):
            self.forget_resources()
        return error


def _refusal(status: int, headers: Mapping[str, str], answer: bytes) -> StatusError:
    retry_after = headers.get("Retry-After") or ""
    try:
        document: Any = orjson.loads(answer)
    except orjson.JSONDecodeError:
        document = None
    if isinstance(document, dict) and document.get("kind") == "Status":
        error = StatusError.from_status(document, status)
    else:
        # Not the body: a proxy's page says nothing to a user, and may say too much to a log.
        error = StatusError(status, _REASONS.get(status, ""), f"the server answered {status} without saying why")
    if retry_after.isdigit() and not error.retry_after:
        error.retry_after = int(retry_after)
    return error


_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    410: "Gone",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def _why(error: Exception) -> str:
    if isinstance(error, CredentialError | FrameError):
        return str(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        reason = getattr(error.certificate_error, "verify_message", "") or "not valid"
        return f"the server's certificate is not trusted: {reason}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


def _given(**values: str) -> Query:
    return {name: value for name, value in values.items() if value}


def _write_query(field_manager: str, dry_run: bool, field_validation: str = "") -> Query:
    return _given(fieldManager=field_manager, dryRun="All" if dry_run else "", fieldValidation=field_validation)
