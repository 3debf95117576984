"""`/swagger-ui` needs no script, nothing from elsewhere and no sign-in."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from argosy.cluster.http.exchange import Request, Response
from argosy.runtime.chance import SystemRng
from argosy.server.context import ServerContext
from argosy.server.pages.api_reference import Reference
from argosy.server.pages.description import described
from argosy.server.pages.swagger_ui import swagger_ui
from tests.kit.argocd_server import argocd_server

PARAMETERS: dict[str, str] = {}
CONTEXT = cast(ServerContext, SimpleNamespace(configuration=SimpleNamespace(parameters=PARAMETERS), rng=SystemRng()))
EMPTY: dict[str, object] = {"paths": {}, "components": {"schemas": {}}}
APIS = (
    Reference("argo-cd", "Argo CD's API", "/swagger.json", described),
    Reference("argosy", "Argosy's own API", "/api/argosy/v1/openapi.json", lambda: EMPTY),
)


def answer(query: str = "", method: str = "GET") -> Response:
    async def answered() -> Response:
        return await swagger_ui(CONTEXT, APIS)(Request(method, "/swagger-ui", {}), "/swagger-ui", query)

    return asyncio.run(answered())


def text(query: str = "") -> str:
    return cast(bytes, answer(query).body).decode()


def test_only_its_own_style_is_allowed_and_nothing_else_is_there() -> None:
    seen = set()
    for _ in range(2):
        found = answer()
        policy = dict(found.headers)["Content-Security-Policy"]
        body = cast(bytes, found.body).decode()
        nonces = re.findall(r'<style nonce="([^"]+)">', body)
        assert policy.startswith(f"default-src 'none'; style-src 'nonce-{nonces[0]}';")
        assert "unsafe" not in policy
        assert not re.search(r"<script|\son\w+=|https?://|style=", body)
        seen.update(nonces)
    assert len(seen) == 2


def test_the_api_is_chosen_by_its_name_and_the_first_is_shown_for_an_unknown_one() -> None:
    assert "<h1>Argo CD&#x27;s API</h1>" in text()
    assert "<h1>Argo CD&#x27;s API</h1>" in text("api=nothing")
    assert "<h1>Argosy&#x27;s own API</h1>" in text("api=argosy")
    assert 'href="/api/argosy/v1/openapi.json"' in text("api=argosy")


def test_links_lead_below_the_path_at_which_the_server_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARAMETERS, "server.rootpath", "/argosy")
    assert 'href="/argosy/swagger.json"' in text()


@pytest.mark.parametrize(
    "query", ["&".join(f"q{number}=x" for number in range(50)), "q=%ff%00", "=&==&", "q=" + "x" * 9999]
)
def test_a_malformed_query_is_no_error(query: str) -> None:
    assert answer(query).status == 200


def test_an_unknown_type_is_not_found_and_only_reading_is_allowed() -> None:
    assert answer("type=Nothing").status == 404
    assert answer("type=v1alpha1Application").status == 200
    assert answer(method="POST").status == 405


@pytest.mark.parametrize("disabled", [False, True])
def test_the_reference_is_for_everybody_unless_it_is_switched_off(
    disabled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGOCD_SERVER_DISABLE_SWAGGER_UI", str(disabled).lower())

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            for path in ("/swagger.json", "/swagger-ui", "/swagger-ui/", "/swagger-ui?api=argosy"):
                async with api.http.get(f"{api.server.url}{path}") as found:
                    assert found.status == (404 if disabled else 200), path

    asyncio.run(scenario())
