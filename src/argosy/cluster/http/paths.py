"""Paths that are not resources: discovery, OpenAPI, version, health, metrics and the token issuer's documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from argosy.cluster.errors import method_not_allowed
from argosy.cluster.http.discovery import AGGREGATED_TYPE, Documents, api_versions, documents
from argosy.cluster.http.exchange import (
    PLAIN_TEXT,
    Request,
    Response,
    page_not_found,
    text_response,
)
from argosy.cluster.http.openapi.serving import OpenApi
from argosy.cluster.http.representation.encode import to_bytes
from argosy.cluster.http.representation.negotiate import choose, is_pretty, wants_aggregated
from argosy.cluster.http.routing import Route, truth
from argosy.cluster.http.wiring import Wiring
from argosy.cluster.pace import Pace
from argosy.machinery.objects import JsonObject

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HEALTH = ("healthz", "livez", "readyz")
_ISSUER_CACHE = "public, max-age=3600"

Query = Mapping[str, Sequence[str]]


def is_probe(request: Request, asked: Route) -> bool:
    """Whether this is a health check by a kubelet or load balancer: open to anyone, and answers `ok` or check names."""
    if asked.api or request.method not in ("GET", "HEAD"):
        return False
    return asked.path.removeprefix("/").partition("/")[0] in _HEALTH


class Paths:
    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._documents: Documents | None = None
        self._openapi = OpenApi(wiring.kinds, Pace(wiring.clock))

    def discovery(self) -> Documents:
        """The documents for the current kinds."""
        if self._documents is None or self._documents.revision != self._wiring.kinds.revision:
            self._documents = documents(self._wiring.kinds)
        return self._documents

    def serves(self, group: str, version: str) -> bool:
        return version in self.discovery().groups.get(group, {})

    async def answer(self, request: Request, asked: Route, query: Query) -> Response:
        if asked.api:
            return self._discovery(request, asked, query)
        head, _, rest = asked.path.strip("/").partition("/")
        if head == "openapi":
            return await self._openapi.answer(request, rest, query) or page_not_found()
        if head in _HEALTH:
            return self._health(head, rest, query)
        if request.method not in ("GET", "HEAD"):
            return page_not_found()
        return self._single(request, asked.path.rstrip("/")) or page_not_found()

    def _single(self, request: Request, path: str) -> Response | None:
        match path:
            case "/version":
                return Response(200, to_bytes(self._wiring.version.document(), pretty=True))
            case "/metrics" if self._wiring.metrics is not None:
                return Response(200, self._wiring.metrics(), METRICS_TYPE)
            case "":
                return Response(200, to_bytes({"paths": self._known_paths()}, pretty=True))
        return self._issuer(request, path)

    def _known_paths(self) -> list[str]:
        own = ["/healthz", "/livez", "/readyz", "/metrics", "/openapi/v2", "/openapi/v3", "/version", "/api", "/apis"]
        return sorted({*own, *self.discovery().legacy})

    def _issuer(self, request: Request, path: str) -> Response | None:
        """For clients that verify ServiceAccount tokens themselves (spec section 15)."""
        accounts = self._wiring.accounts
        if accounts is None:
            return None
        if path == "/.well-known/openid-configuration":
            uri = f"https://{request.host}/openid/v1/jwks"
            return Response(200, to_bytes(accounts.configuration(uri)), cache_control=_ISSUER_CACHE)
        if path == "/openid/v1/jwks":
            return Response(200, to_bytes(accounts.jwks()), "application/jwk-set+json", cache_control=_ISSUER_CACHE)
        return None

    # ---- discovery

    def _discovery(self, request: Request, asked: Route, query: Query) -> Response:
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed()
        accept = request.header("accept")
        path = asked.path.rstrip("/")
        found = self.discovery()
        if path in ("/api", "/apis") and wants_aggregated(accept):
            body, etag = found.aggregated_core if path == "/api" else found.aggregated_groups
            return _tagged(request, body, etag, AGGREGATED_TYPE)
        document = api_versions(request.host) if path == "/api" else found.legacy.get(path)
        if document is None:
            return page_not_found()
        pretty = is_pretty(request.header("user-agent"), truth(query, "pretty"))
        return _document(document, choose(accept, "object").media_type, pretty=pretty)

    # ---- health

    def _health(self, endpoint: str, check: str, query: Query) -> Response:
        """`ok`, or with `verbose` (or on failure) a line per check; a name below the path selects that check alone.

        Liveness means being able to answer: a failing readiness check must not cause a restart of the process.
        """
        excluded = set(query.get("exclude") or ())
        checks: dict[str, Callable[[], bool | str]] = {"ping": lambda: True}
        checks |= {} if endpoint == "livez" else self._wiring.checks
        if check:
            if check not in checks:
                return page_not_found()
            checks, endpoint = {check: checks[check]}, f"{endpoint}/{check}"
        faults = {name: "" if name in excluded else _fault(passes()) for name, passes in checks.items()}
        healthy = not any(faults.values())
        if healthy and "verbose" not in query:
            return text_response("ok")
        lines = [f"[-]{name} failed: {fault}" if fault else f"[+]{name} ok" for name, fault in faults.items()]
        lines.append(f"{endpoint} check {'passed' if healthy else 'failed'}\n")
        headers = [("X-Content-Type-Options", "nosniff")]
        return Response(200 if healthy else 500, "\n".join(lines).encode(), PLAIN_TEXT, headers)


def _fault(result: bool | str) -> str:
    """Why a check fails; empty when it passes."""
    if isinstance(result, str):
        return result
    return "" if result else "reason withheld"


def _document(document: JsonObject, media_type: str, *, pretty: bool) -> Response:
    return Response(200, to_bytes(document, media_type, pretty=pretty), media_type)


def _tagged(request: Request, body: bytes, etag: str, content_type: str) -> Response:
    headers = [("ETag", etag), ("Vary", "Accept")]
    if etag in request.header("if-none-match"):
        return Response(304, b"", "", headers, "public")
    return Response(200, body, content_type, headers, "public")
