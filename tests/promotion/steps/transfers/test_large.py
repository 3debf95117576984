"""What steps fetch and send is never completely in memory: promotions of many Stages may do so at one time."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from argosy.promotion.adapters.tools import Tools
from argosy.promotion.steps.kind import Result, Status, StepFault
from argosy.promotion.steps.transfers import http_download, oci_download, oci_push
from argosy.sources.hosting.registry import CONFIG, LAYER, MANIFEST
from tests.kit.step_tools import step, step_tools

MIB = 1024 * 1024
PIECES = 32
PIECE = bytes(range(256)) * (MIB // 256)
DIGEST = f"sha256:{hashlib.sha256(PIECE * PIECES).hexdigest()}"
MOST_HELD = PIECES * MIB // 2
"""Bytes: half of what is sent, and far more than a few pieces."""


class Host:
    """Serves a large layer, and takes one without keeping it."""

    def __init__(self) -> None:
        self.taken = hashlib.sha256()
        self.length = -1

    async def large(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(PIECES * MIB)})
        await answer.prepare(request)
        for _ in range(PIECES):
            await answer.write(PIECE)
        return answer

    async def moved(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/large"}, body=b"it is elsewhere")

    async def missing(self, request: web.Request) -> web.Response:
        return web.Response(status=404, body=b"there is no such thing")

    async def manifest(self, request: web.Request) -> web.Response:
        if request.method == "PUT":
            return web.Response(status=201)
        layer = {"mediaType": LAYER, "digest": DIGEST, "size": PIECES * MIB}
        body = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer], "annotations": {"kind": CONFIG}}
        return web.Response(body=orjson.dumps(body), content_type=MANIFEST)

    async def begun(self, request: web.Request) -> web.Response:
        return web.Response(status=202, headers={"Location": request.path + "1"})

    async def upload(self, request: web.Request) -> web.Response:
        self.length = request.content_length or -1
        async for part in request.content.iter_chunked(64 * 1024):
            self.taken.update(part)
        return web.Response(status=201)

    async def lacking(self, request: web.Request) -> web.Response:
        return web.Response(status=404)

    def application(self) -> web.Application:
        made = web.Application()
        made.router.add_get("/large", self.large)
        made.router.add_get("/moved", self.moved)
        made.router.add_get("/missing", self.missing)
        made.router.add_route("*", "/v2/{name}/manifests/{tag}", self.manifest)
        made.router.add_get("/v2/from/blobs/{digest}", self.large, allow_head=False)
        made.router.add_head("/v2/to/blobs/{digest}", self.lacking)
        made.router.add_post("/v2/to/blobs/uploads/", self.begun)
        made.router.add_put("/v2/to/blobs/uploads/1", self.upload)
        return made


@asynccontextmanager
async def hosted() -> AsyncIterator[tuple[str, Host]]:
    host = Host()
    runner = web.AppRunner(host.application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}", host
    finally:
        await runner.cleanup()


Work = Callable[[Tools, str, Host], Awaitable[None]]


def measured(work: Work) -> int:
    """The most bytes that were held at one time."""

    async def scenario() -> int:
        async with hosted() as (address, host), step_tools() as tools:
            tracemalloc.start()
            try:
                await work(tools, address, host)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    return asyncio.run(scenario())


async def downloaded(tools: Tools, tmp_path: Path, url: str) -> Result:
    config = {"url": url, "outPath": "sub/a.bin", "allowOverwrite": True}
    return await http_download.run(step("http-download", tmp_path, tools, config))


def test_a_download_is_written_while_it_arrives_and_redirects_are_followed(tmp_path: Path) -> None:
    async def work(tools: Tools, address: str, host: Host) -> None:
        found = await downloaded(tools, tmp_path, f"http://{address}/moved")
        assert found.status == Status.SUCCEEDED, found

    assert measured(work) < MOST_HELD
    assert hashlib.sha256((tmp_path / "sub/a.bin").read_bytes()).hexdigest() == DIGEST.removeprefix("sha256:")


def test_a_download_above_the_limit_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_download, "LIMIT", PIECES * MIB - 1)

    async def work(tools: Tools, address: str, host: Host) -> None:
        with pytest.raises(StepFault, match="larger than the limit"):
            await downloaded(tools, tmp_path, f"http://{address}/large")

    measured(work)
    assert not [*(tmp_path / "sub").iterdir()]


def test_an_answer_that_is_none_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/a.bin").write_bytes(b"old")

    async def work(tools: Tools, address: str, host: Host) -> None:
        found = await downloaded(tools, tmp_path, f"http://{address}/missing")
        assert (found.status, found.error) == (Status.FAILED, "HTTP request failed with status 404")

    measured(work)
    assert [(one.name, one.read_bytes()) for one in (tmp_path / "sub").iterdir()] == [("a.bin", b"old")]


def test_a_layer_is_written_while_it_arrives(tmp_path: Path) -> None:
    async def work(tools: Tools, address: str, host: Host) -> None:
        config = {"imageRef": f"{address}/from:v1", "outPath": "layer"}
        await oci_download.run(step("oci-download", tmp_path, tools, config))

    assert measured(work) < MOST_HELD
    assert (tmp_path / "layer").stat().st_size == PIECES * MIB


def test_a_layer_is_copied_by_a_file_that_is_gone_afterwards(tmp_path: Path) -> None:
    taken = []

    async def work(tools: Tools, address: str, host: Host) -> None:
        config = {"srcRef": f"{address}/from:v1", "destRef": f"{address}/to:v1"}
        await oci_push.run(step("oci-push", tmp_path, tools, config))
        taken.append((f"sha256:{host.taken.hexdigest()}", host.length))

    assert measured(work) < MOST_HELD
    assert taken == [(DIGEST, PIECES * MIB)]
    assert not [*tmp_path.iterdir()]
