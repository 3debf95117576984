"""`/swagger-ui`: the operations and types of Argo CD's REST API and of Argosy's own, to search and read in a browser.

Plain HTML without a script, so that nothing is loaded from elsewhere and the Content-Security-Policy allows nothing but
the page's own style (security rule 12). Both APIs are described to everybody, as their documents are.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import parse_qs

from argosy.cluster.http.exchange import Request, Response
from argosy.server.context import ServerContext
from argosy.server.pages.api_reference import Reference, link
from argosy.server.pages.files import NONCE_BYTES, page_headers
from argosy.server.pages.sign_in import HTML, base_path
from argosy.server.transport.front import Page
from argosy.server.transport.gateway import TEXT

POLICY: Final = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
LONGEST: Final = 200
"""Characters of a parameter; more are cut off."""
MOST_FIELDS: Final = 20
STYLE: Final = """
:root{color-scheme:light dark;--line:light-dark(#c8ccd4,#464c58);--soft:light-dark(#f3f4f7,#22262e);
--link:light-dark(#0b4fb3,#8db8ff);--text:light-dark(#1b1f27,#e6e8ee);--page:light-dark(#fff,#171a20)}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;font:16px/1.5 system-ui,sans-serif;color:var(--text);
background:var(--page);overflow-wrap:anywhere}
a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;padding:0;list-style:none}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:1rem 0}
input{flex:1 1 12rem;min-width:0;font:inherit;padding:.4rem;color:inherit;background:var(--page);
border:1px solid var(--line);border-radius:4px}
button{font:inherit;padding:.4rem .8rem}
details{border:1px solid var(--line);border-radius:4px;margin:.4rem 0}
details>div{padding:0 .8rem .8rem}
summary{padding:.5rem .8rem;background:var(--soft);cursor:pointer}
summary code{font-weight:600}
summary b{display:inline-block;min-width:4.5rem}
table{width:100%;border-collapse:collapse;margin:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line)}
caption{text-align:left;font-weight:600;padding:.4rem 0}
pre{white-space:pre-wrap;background:var(--soft);padding:.5rem;border-radius:4px}
"""


def swagger_ui(context: ServerContext, apis: Sequence[Reference]) -> Page:
    """The parameter `api` chooses one of `apis` by name; the first is shown without one."""

    async def page(request: Request, path: str, query: str) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"Method Not Allowed\n", TEXT, [("Allow", "GET, HEAD")], "")
        asked = _asked(query)
        shown = next((one for one in apis if one.name == asked.get("api")), apis[0])
        kind = asked.get("type", "")
        content = shown.type_page(kind) if kind else shown.listed(asked.get("q", ""))
        nonce = base64.urlsafe_b64encode(context.rng.token_bytes(NONCE_BYTES)).decode()
        body = _framed(content, nonce, base_path(context).rstrip("/"), apis, shown)
        headers = page_headers(context, POLICY.format(nonce=nonce))
        status = 404 if kind and kind not in shown.definitions else 200
        return Response(status, body.encode(), HTML, headers, "no-cache")

    return page


def _asked(query: str) -> dict[str, str]:
    """Empty for a query with too many parameters."""
    try:
        return {name: values[0][:LONGEST] for name, values in parse_qs(query, max_num_fields=MOST_FIELDS).items()}
    except ValueError:
        return {}


def _framed(content: str, nonce: str, base: str, apis: Sequence[Reference], shown: Reference) -> str:
    base = escape(base)
    links = "".join(_link_to(one, is_current=one is shown) for one in apis)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(shown.title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="{base}/icon.svg"><style nonce="{nonce}">{STYLE}</style></head><body>'
        f'<header><nav aria-label="APIs"><ul>{links}<li><a href="{base}{shown.path}">OpenAPI document</a></li>'
        f'<li><a href="{base}/">Argosy</a></li></ul></nav></header><main>{content}</main></body></html>\n'
    )


def _link_to(one: Reference, *, is_current: bool) -> str:
    current = ' aria-current="page"' if is_current else ""
    return f'<li><a href="{link(api=one.name)}"{current}>{escape(one.title)}</a></li>'
