"""What another site's page sends with the cookie of who looks at it changes nothing, through whichever API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.kit.argocd_server import Api, argocd_server

GRPC_WEB = "application/grpc-web+proto"
FORGED = (
    ("POST", "/api/v1/projects", "application/json"),
    ("POST", "/api/argosy/v1/rights", "application/json"),
    ("DELETE", "/api/argosy/v1/kubernetes/api/v1/namespaces/a/configmaps/b", "application/json"),
    ("PUT", "/rollouts/api/v1/rollouts/a/b/restart", "application/json"),
    ("POST", "/project.ProjectService/Create", GRPC_WEB),
    ("POST", "/v1beta1/resources", "application/json"),
)


async def status(api: Api, method: str, path: str, kind: str, origin: str, *, cookie: bool = True) -> tuple[int, str]:
    headers = {"Content-Type": kind, "Origin": origin} | ({"Cookie": f"argocd.token={api.token}"} if cookie else {})
    async with api.http.request(method, f"{api.server.url}{path}", data=b"{}", headers=headers) as answer:
        return answer.status, await answer.text()


def test_another_site_does_not_use_the_cookie(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"url": "https://cd.example.com", "additionalUrls": "[https://b.example]"})
            own = api.server.url
            async with asyncio.timeout(60):
                while not api.server.context.configuration.own_urls:  # noqa: ASYNC110  # nothing tells
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            for method, path, kind in FORGED:
                for origin in ("https://evil.example", "null", f"{own}.evil.example", "http://["):
                    code, text = await status(api, method, path, kind, origin)
                    told = json.loads(text)["error"]
                    message = told["message"] if path.startswith("/api/argosy/") else told
                    assert (code, message) == (403, "the page that asks is of another site"), (path, origin)
                for origin in (own, "https://cd.example.com", "https://b.example"):
                    assert "another site" not in (await status(api, method, path, kind, origin))[1], (path, origin)
                bare = await status(api, method, path, kind, "https://evil.example", cookie=False)
                assert ("another site" in bare[1]) is path.startswith("/api/argosy/"), "the page's own API, or a token"

    asyncio.run(scenario())
