"""The page's files: packed as the reader takes them, by their hash for ever, and nothing from elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import re
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, cast

import pytest

from argosy.cluster.http.exchange import Request, Response
from argosy.runtime.chance import SystemRng
from argosy.server.context import ServerContext
from argosy.server.pages.files import page_files

PARAMETERS: dict[str, str] = {}
WORLD = cast(ServerContext, SimpleNamespace(configuration=SimpleNamespace(parameters=PARAMETERS), rng=SystemRng()))
SCRIPT = next(one.name for one in files("argosy.page").joinpath("assets").iterdir() if one.name.endswith(".js"))


def answer(path: str, **headers: str) -> Response:
    sent: dict[str, Any] = {name.replace("_", "-"): [value] for name, value in headers.items()}

    async def answered() -> Response:
        return await page_files(WORLD)(Request("GET", path, sent), path, "")

    return asyncio.run(answered())


def header(response: Response, name: str) -> str:
    return dict(response.headers).get(name, "")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", ""),
        ("", ""),
    ],
)
def test_a_file_is_packed_as_the_reader_takes_it(accepted: str, encoding: str) -> None:
    found = answer(f"/assets/{SCRIPT}", accept_encoding=accepted)
    assert found.status == 200
    assert header(found, "Content-Encoding") == encoding
    assert header(found, "Vary") == "Accept-Encoding"


def test_what_is_packed_is_the_same_file() -> None:
    plain, packed = answer(f"/assets/{SCRIPT}"), answer(f"/assets/{SCRIPT}", accept_encoding="gzip")
    assert gzip.decompress(cast(bytes, packed.body)) == plain.body


@pytest.mark.parametrize("path", ["/../secret", "/assets/../__init__.py", "/.hidden", "/assets/%2e%2e/x", "/assets//x"])
def test_nothing_outside_of_the_page_is_served(path: str) -> None:
    assert answer(path).status == 404


def test_every_other_path_is_the_page_for_a_browser_alone() -> None:
    assert answer("/applications/argocd/web", accept="text/html").status == 200
    assert answer("/applications/argocd/web", accept="application/json").status == 404


def test_every_page_has_a_nonce_of_its_own_for_the_style_sheets_that_it_makes() -> None:
    seen = set()
    for _ in range(3):
        found = answer("/", accept="text/html")
        nonce = re.findall(rb'<meta name="style-nonce" content="([^"]+)">', cast(bytes, found.body))[0].decode()
        policy = header(found, "Content-Security-Policy")
        assert f"style-src 'self' 'nonce-{nonce}';" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy  # as `default-src`: files of the page alone
        seen.add(nonce)
    assert len(seen) == 3


def test_behind_a_path_the_page_finds_its_files_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARAMETERS, "server.rootpath", "/argosy")
    body = cast(bytes, answer("/", accept="text/html").body)
    assert body.count(b"<base ") == 1
    assert b'<base href="/argosy/">' in body
