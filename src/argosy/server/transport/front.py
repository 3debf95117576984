"""Routes every HTTP/1.1 request: gRPC-web, REST, sign-in pages, webhooks, the badge, health, files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from argosy.cluster.http.exchange import Request, Response
from argosy.server.errors import ApiError, Code
from argosy.server.sessions.cookies import cookies_of, token_of
from argosy.server.transport.gateway import JSON, TEXT, Gateway, dumps, error_response
from argosy.server.transport.grpc_web import CONTENT_TYPE, GrpcWeb

Page = Callable[[Request, str, str], Awaitable[Response]]
"""(request, path, query). Raises ApiError."""
SECURITY: Final = (
    ("X-Frame-Options", "sameorigin"),
    ("Content-Security-Policy", "frame-ancestors 'self';"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-XSS-Protection", "1"),
    ("Referrer-Policy", "no-referrer"),
)
NOT_FOUND: Final = b"404 page not found\n"
READING: Final = ("GET", "HEAD")
OF_OTHER_SITES: Final = ("/api/dex/", "/auth/")
"""What providers send browsers to, by forms of their own: the answer to a sign-in has a proof of its own."""
OF_THE_PAGE: Final = "/api/argosy/"


class Front:
    """`pages`: by path, exactly; a path that ends with `/` covers what is below it, the longest first.

    `own_urls`: further addresses of this server, as browsers know it behind a proxy.
    """

    def __init__(
        self,
        gateway: Gateway,
        grpc_web: GrpcWeb,
        pages: dict[str, Page],
        root_path: Callable[[], str],
        own_urls: Callable[[], Iterable[str]] = lambda: (),
    ):
        self._gateway, self._grpc_web, self._root_path, self._own_urls = gateway, grpc_web, root_path, own_urls
        self._pages = {path: page for path, page in pages.items() if not path.endswith("/")}
        below = [(path, page) for path, page in pages.items() if path.endswith("/")]
        self._below = sorted(below, key=lambda item: -len(item[0]))

    async def handle(self, request: Request) -> Response:
        target, _, query = request.target.partition("?")
        path = self._below_root(target)
        if self._is_forged(request, path or ""):
            return _refused(path or "")
        if request.header("content-type") == CONTENT_TYPE:
            return await self._grpc_web.handle(request)
        if path is None:
            return plain_not_found()
        try:
            if (page := self._pages.get(path)) is not None:
                return await page(request, path, query)
            below = next(((prefix, page) for prefix, page in self._below if path.startswith(prefix)), None)
            if below is not None and (below[0] != "/" or not path.startswith("/api/")):
                return await below[1](request, path, query)
            if path.startswith("/api/"):
                return await self._gateway.handle(request, path, query)
        except ApiError as error:
            return Response(error.http_status, f"{error.message}\n".encode(), TEXT, list(SECURITY), "")
        return plain_not_found()

    def _is_forged(self, request: Request, path: str) -> bool:
        """Whether another site's page changes something (security rule 12): with the cookie of who looks at it, or by
        the page's own API, which no other page has a use for."""
        origin = request.header("origin")
        if not origin or request.method in READING or path.startswith(OF_OTHER_SITES):
            return False
        if token_of(cookies_of(request.header("cookie"))) is None and not path.startswith(OF_THE_PAGE):
            return False
        return netloc_of(origin) not in {request.header("host"), *map(netloc_of, self._own_urls())}

    def _below_root(self, path: str) -> str | None:
        root = self._root_path().strip("/")
        if not root:
            return path
        if path == f"/{root}":
            return "/"
        return path[len(root) + 1 :] if path.startswith(f"/{root}/") else None


def _refused(path: str) -> Response:
    """In the form of the API that was asked."""
    error = ApiError(Code.PERMISSION_DENIED, "the page that asks is of another site")
    if not path.startswith(OF_THE_PAGE):
        return error_response(error)
    body = {"error": {"code": error.code.name, "message": error.message}}
    return Response(error.http_status, dumps(body), JSON)


def netloc_of(url: str) -> str:
    """Empty for what is not a URL."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def plain_not_found() -> Response:
    return Response(404, NOT_FOUND, TEXT, [("X-Content-Type-Options", "nosniff")], "")
