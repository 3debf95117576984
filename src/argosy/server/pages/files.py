"""The files of the web page, from the package `argosy.page`; every other path returns the page itself."""

from __future__ import annotations

import base64
import mimetypes
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.server.context import ServerContext
from argosy.server.pages.sign_in import base_path
from argosy.server.transport.front import SECURITY, Page, plain_not_found

NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
HASHED: Final = re.compile(r"[.-][A-Za-z0-9_-]{8,}\.\w+$")
REFUSED: Final = re.compile(r";\s*q=0(?:\.0*)?\s*$")
FOR_EVER: Final = "public, max-age=31536000, immutable"
POLICY: Final = (
    "default-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'; require-trusted-types-for 'script'"
)
"""The page's Content-Security-Policy (security rule 12): only its own files; no text becomes markup or script.

The nonce, new in each answer, is for the editor, which creates its style sheet at run time.
"""
NONCE_BYTES: Final = 18
BASE: Final = re.compile(rb'<base href="/"\s*/?>')
MINIMAL: Final = (
    b"<!doctype html><meta charset=utf-8><title>Argosy</title><p>The API is at <a href=api/version>/api</a>.\n"
)


@cache
def _root() -> Traversable | None:
    try:
        return files("argosy.page")
    except ModuleNotFoundError:
        return None


@cache
def _content(path: str) -> bytes | None:
    """Plain names only: no leading dots, no parent directories."""
    found = _root()
    for part in path.strip("/").split("/"):
        if found is None or not NAME.fullmatch(part):
            return None
        found = found / part
    return found.read_bytes() if found is not None and found.is_file() else None


ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
"""Created by the build, smallest first."""


def _packed(path: str, accepted: str) -> tuple[bytes, str] | None:
    """The body for an accepted encoding, and its name; None if the file was not worth compressing."""
    offered = {part.partition(";")[0].strip() for part in accepted.lower().split(",") if not REFUSED.search(part)}
    for encoding, ending in ENCODINGS:
        if encoding in offered and (content := _content(path + ending)) is not None:
            return content, encoding
    return None


def page_files(context: ServerContext) -> Page:
    async def page(request: Request, path: str, query: str) -> Response:
        if request.method not in ("GET", "HEAD"):
            return plain_not_found()
        content = _content(path) if path != "/" else None
        if content is not None:
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            caching = FOR_EVER if HASHED.search(path) else "no-cache"
            headers = page_headers(context)
            if (packed := _packed(path, request.header("accept-encoding"))) is not None:
                content, encoding = packed
                headers = [*headers, ("Content-Encoding", encoding)]
            return Response(200, content, kind, [*headers, ("Vary", "Accept-Encoding")], caching)
        if path != "/" and "text/html" not in request.header("accept"):
            return plain_not_found()
        index = _content("index.html") or MINIMAL
        base = base_path(context).rstrip("/") + "/"
        nonce = base64.urlsafe_b64encode(context.rng.token_bytes(NONCE_BYTES)).decode()
        marked = f'<base href="{base}"><meta name="style-nonce" content="{nonce}">'
        index = BASE.sub(lambda _: marked.encode(), index, count=1)
        policy = POLICY.format(nonce=nonce)
        return Response(200, index, "text/html; charset=utf-8", page_headers(context, policy), "no-cache")

    return page


def page_headers(context: ServerContext, policy: str = "") -> list[tuple[str, str]]:
    """The security headers of a page. Settings may override framing; an empty one omits the header.

    `policy`: the page's own Content-Security-Policy.
    """
    given = {
        "X-Frame-Options": context.configuration.parameters.get("server.x.frame.options"),
        "Content-Security-Policy": context.configuration.parameters.get("server.content.security.policy"),
    }
    found = []
    for name, usual in SECURITY:
        value = given.get(name)
        if value is None:
            value = policy if policy and name == "Content-Security-Policy" else usual
        if value:
            found.append((name, value))
    return [*found, ("X-Robots-Tag", "noindex")]
