"""From request to answer: authenticate, authorize, route, decode, handle, encode. Everything between socket and Api.

The order of checks is upstream's (spec section 3): authentication, authorization, is the body readable, and only
then its content, so an unauthorized client finds out nothing about what exists. Every failure becomes a Status
without internal details.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from argosy.cluster.auth.attributes import Attributes, require
from argosy.cluster.auth.impersonation import impersonated
from argosy.cluster.errors import internal, method_not_allowed, no_such_resource
from argosy.cluster.http.exchange import (
    BODY_LIMIT,
    Chunks,
    Request,
    Response,
    body_too_large,
    page_not_found,
    retry_after,
    status_response,
)
from argosy.cluster.http.paths import Paths, is_probe
from argosy.cluster.http.prometheus import is_prometheus
from argosy.cluster.http.proxy import FORWARDS
from argosy.cluster.http.representation.negotiate import PROTOBUF, is_pretty
from argosy.cluster.http.representation.status_protobuf import encode_status, reads_protobuf_only
from argosy.cluster.http.resources import Call, handle_resource, handle_review, handle_token_request, read_log
from argosy.cluster.http.routing import (
    Route,
    named_by_selector,
    parse_query,
    route,
    split_target,
    truth,
    unfolded,
    verb_of,
)
from argosy.cluster.http.streaming.pods import open_pod_stream
from argosy.cluster.http.trail import TIMED_OUT, Trail
from argosy.cluster.http.wiring import Wiring
from argosy.cluster.kind import Kind, User
from argosy.cluster.ports import ProxyRequest
from argosy.machinery.status import StatusError

_log = logging.getLogger(__name__)

RECHECK_SECONDS = 5.0
"""How old the cached answer to `may this stream continue` may be (security rule 11 allows 10)."""


class Front:
    """`handle` is what the HTTP server calls; `send` is the same without sockets."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._paths = Paths(wiring)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str | Sequence[str]] | None = None,
        body: bytes = b"",
        *,
        certificate: Sequence[tuple[str, str]] | None = None,
    ) -> tuple[int, dict[str, list[str]], bytes | Chunks]:
        """A request without sockets: (status, headers with lower-case names, complete body or chunks)."""
        sent = {
            name.lower(): [value] if isinstance(value, str) else list(value) for name, value in (headers or {}).items()
        }
        response = await self.handle(Request(method, path, sent, body, certificate, "localhost"))
        received: dict[str, list[str]] = {"cache-control": [response.cache_control]}
        if response.content_type:
            received["content-type"] = [response.content_type]
        for name, value in response.headers:
            received.setdefault(name.lower(), []).append(value)
        return response.status, received, response.body

    async def handle(self, request: Request) -> Response:
        """Never raises, except for cancellation; whatever could have changed state is in the audit trail by then."""
        trail = Trail()
        response: Response | None = None
        try:
            response = await self._answer(request, trail)
            return response
        finally:
            code = response.status if response is not None else TIMED_OUT
            self._wiring.trails.close(trail, request, code)

    async def _answer(self, request: Request, trail: Trail) -> Response:
        try:
            return await self._handle(request, trail)
        except StatusError as error:
            if reads_protobuf_only(request.header("accept")):
                return Response(error.code, encode_status(error.status), PROTOBUF, retry_after(error))
            return status_response(error, pretty=is_pretty(request.header("user-agent"), None))
        except Exception as error:
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
            # neither message nor values: they may contain what a client must not see and a log must not keep
            _log.error("request failed: %s at %s", type(error).__name__, place)
            return status_response(internal("the server met an unexpected condition"))

    async def _handle(self, request: Request, trail: Trail) -> Response:
        if len(request.body) > BODY_LIMIT:
            raise body_too_large()
        path, raw_query = split_target(request.target)
        asked = route(path)
        if self._wiring.prometheus is not None and is_prometheus(path):
            return await self._prometheus(request, path, raw_query, trail)
        asked, query = unfolded(asked, parse_query(raw_query))
        if is_probe(request, asked):
            return await self._paths.answer(request, asked, query)
        trail.attributes = Attributes(request.method.lower(), path=path)
        user = self._identify(request, trail)
        attributes = self._attributes(request.method, asked, query) if asked.is_resource else trail.attributes
        trail.attributes = attributes
        require(self._wiring.authorizer, user, attributes)
        if not asked.is_resource:
            return await self._paths.answer(request, asked, query)
        call = self._call(request, asked, query, user, attributes, trail)
        return call if isinstance(call, Response) else await self._dispatch(call)

    async def _prometheus(self, request: Request, path: str, query: str, trail: Trail) -> Response:
        """Paths outside Kubernetes' own API. A user who may read `/metrics` may read these.

        The path itself cannot be used for that: `/api/*` is open to every authenticated user, for discovery.
        """
        assert self._wiring.prometheus is not None
        trail.attributes = Attributes("get", path="/metrics")
        require(self._wiring.authorizer, self._identify(request, trail), trail.attributes)
        headers = {"content-type": request.header("content-type")}
        asked = ProxyRequest(method=request.method, path=path, query=query, headers=headers, body=request.body)
        answer = await self._wiring.prometheus(asked)
        return Response(answer.status, answer.body, answer.content_type)

    def _identify(self, request: Request, trail: Trail | None = None) -> User:
        """The user to act as. Raises 401, 429 after too many wrong credentials from one address, 400 and 403."""
        headers = request.headers
        authorization = headers.get("authorization")
        offered = authorization[0] if authorization else ""
        now = self._wiring.clock.now()
        guesses = self._wiring.guesses
        if offered and not request.certificate:
            guesses.check(request.peer, offered, now)
        try:
            user = self._wiring.authenticator.authenticate(offered, request.certificate, now)
        except StatusError:
            if offered:
                guesses.failed(request.peer, now)
            raise
        if offered:
            guesses.succeeded(offered)
        acting = impersonated(headers, user, self._wiring.authorizer)
        if trail is not None:
            trail.user, trail.impersonator = acting, "" if acting is user else user.name
        return acting

    def knows(self, request: Request) -> bool:
        """Whether the request's credentials are valid, checked before its body is read completely."""
        try:
            self._identify(request)
        except StatusError:
            return False
        return True

    def _attributes(self, method: str, asked: Route, query: Mapping[str, Sequence[str]]) -> Attributes:
        verb = verb_of(method, asked, query) or method.lower()
        name = asked.name
        if not name and query and verb in ("list", "watch", "deletecollection"):
            name = named_by_selector(query)
        return Attributes(verb, asked.group, asked.plural, asked.subresource, asked.namespace, name)

    def _call(
        self,
        request: Request,
        asked: Route,
        query: Mapping[str, Sequence[str]],
        user: User,
        attributes: Attributes,
        trail: Trail,
    ) -> Call | Response:
        kind = self._wiring.kinds.find(asked.group, asked.version, asked.plural)
        if kind is None:
            if self._paths.serves(asked.group, asked.version):
                raise no_such_resource()
            return page_not_found()
        verb = verb_of(request.method, asked, query)
        if verb is None:
            raise method_not_allowed()
        if kind.custom and not _fits_scope(kind, asked, verb):
            return page_not_found()
        _check_address(kind, asked, verb)
        return Call(
            request=request,
            route=asked,
            query=query,
            kind=kind,
            verb=verb,
            user=user,
            wiring=self._wiring,
            trail=trail,
            still_allowed=_Recheck(self, request, attributes),
            pretty=is_pretty(request.header("user-agent"), truth(query, "pretty")),
        )

    async def _dispatch(self, call: Call) -> Response:
        kind, subresource = call.kind, call.route.subresource
        where = (kind.resource.group, kind.resource.plural)
        if not subresource:
            if call.verb not in kind.verbs:
                raise method_not_allowed()
            review = self._wiring.reviews.handler(*where)
            return handle_review(call, review) if review else await handle_resource(call)
        if subresource == "proxy" and where in FORWARDS:
            return await FORWARDS[where](call)
        sub = kind.subresources.get(subresource)
        if sub is None:
            raise no_such_resource()
        if call.verb not in sub.verbs:
            raise method_not_allowed()
        if where == ("", "pods") and subresource == "log":
            return await read_log(call)
        if where == ("", "pods") and subresource in ("exec", "attach", "portforward"):
            return await open_pod_stream(call, subresource)
        if where == ("", "serviceaccounts") and subresource == "token":
            return handle_token_request(call)
        return await handle_resource(call)

    def may_still(self, request: Request, attributes: Attributes) -> bool:
        try:
            user = self._identify(request)
        except StatusError:
            return False
        return self._wiring.authorizer.judge(user, attributes).allowed

    def wiring_revision(self) -> tuple[int, float]:
        return self._wiring.authorizer.revision, self._wiring.clock.now().timestamp()


class _Recheck:
    """Whether a stream may continue: asked per batch and by the sweep, recomputed after a change or some seconds."""

    def __init__(self, front: Front, request: Request, attributes: Attributes) -> None:
        self._front, self._request, self._attributes = front, request, attributes
        self._revision, self._at = front.wiring_revision()
        self._allowed = True

    def __call__(self) -> bool:
        revision, now = self._front.wiring_revision()
        if self._allowed and (revision != self._revision or abs(now - self._at) >= RECHECK_SECONDS):
            self._revision, self._at = revision, now
            self._allowed = self._front.may_still(self._request, self._attributes)
        return self._allowed


def _check_address(kind: Kind, asked: Route, verb: str) -> None:
    """Refuses methods that do not fit the address, and addresses that do not fit the kind's scope (spec section 2)."""
    if not asked.subresource and (verb == "create" if asked.name else verb in ("update", "patch")):
        raise method_not_allowed()
    if not _fits_scope(kind, asked, verb):
        whole_collection = kind.resource.namespaced and not asked.name
        raise method_not_allowed() if whole_collection else no_such_resource()


def _fits_scope(kind: Kind, asked: Route, verb: str) -> bool:
    """Collections of namespaced kinds are listed and watched across all namespaces, everything else is in one."""
    if kind.resource.namespaced:
        return bool(asked.namespace) or (not asked.name and verb in ("list", "watch"))
    return not asked.namespace or (kind.resource.group, kind.resource.plural) == ("", "namespaces")
