"""What a foreign registry says of its artefacts is held to: sizes and numbers, before anything is copied further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from argosy.machinery.objects import JsonObject
from argosy.promotion.adapters.tools import Tools
from argosy.promotion.steps.kind import Result, StepFault
from argosy.promotion.steps.transfers import oci_push
from argosy.sources.hosting.registry import CONFIG, INDEX, LAYER, MANIFEST, MemoryRegistry
from argosy.sources.port import Credentials
from argosy.sources.registry.references import manifest_of, repository
from tests.kit.step_tools import step, step_tools

DATA = b"x" * 10_000
NOBODY = Credentials()


@asynccontextmanager
async def registry() -> AsyncIterator[str]:
    """Its address."""
    runner = web.AppRunner(MemoryRegistry().application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def stored(tools: Tools, address: str, layers: list[JsonObject]) -> None:
    """An artefact `evil:v1` whose manifest says that of its layers."""
    place = repository(f"{address}/evil", NOBODY)
    config = await tools.registry.push_blob(place, b"{}", NOBODY)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": config, "size": 2},
        "layers": layers,
    }
    await tools.registry.push_manifest(place, "v1", manifest_of(manifest), NOBODY)


def copied(tmp_path: Path, said: Any, *, most: int = 100_000, times: int = 1) -> Result:
    """`said`: the size of the layer by its manifest."""

    async def scenario() -> Result:
        async with registry() as address, step_tools(oci_push_bytes=most) as tools:
            digest = await tools.registry.push_blob(repository(f"{address}/evil", NOBODY), DATA, NOBODY)
            await stored(tools, address, [{"mediaType": LAYER, "digest": digest, "size": said}] * times)
            config = {"srcRef": f"{address}/evil:v1", "destRef": f"{address}/mine:v1"}
            # the registry in memory shares blobs between repositories; one that does not is what is meant
            tools.registry.has_blob = lacking  # type: ignore[assignment, method-assign]
            return await oci_push.run(step("oci-push", tmp_path, tools, config))

    return asyncio.run(scenario())


async def lacking(*_: object) -> bool:
    return False


def test_a_layer_as_large_as_its_manifest_says_is_copied(tmp_path: Path) -> None:
    assert (copied(tmp_path, len(DATA)).output or {})["tag"] == "v1"


@pytest.mark.parametrize("said", [0, 1, len(DATA) - 1])
def test_a_layer_larger_than_its_manifest_says_is_not_taken_in(tmp_path: Path, said: int) -> None:
    with pytest.raises(StepFault, match="larger than the limit"):
        copied(tmp_path, said)


@pytest.mark.parametrize("said", [-1_000_000, None, "1", 1.5])
def test_a_size_that_is_none_is_refused(tmp_path: Path, said: object) -> None:
    with pytest.raises(StepFault, match="without a size"):
        copied(tmp_path, said)


def test_all_layers_together_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(StepFault, match="larger than 25000 bytes"):
        copied(tmp_path, len(DATA), most=25_000, times=3)


def test_of_manifests_and_layers_there_are_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci_push, "MOST_THINGS", 3)
    with pytest.raises(StepFault, match="more than 3"):
        copied(tmp_path, len(DATA), times=5)


def test_an_index_of_what_is_no_manifest_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with registry() as address, step_tools() as tools:
            place = repository(f"{address}/evil", NOBODY)
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": ["sha256:no", {"size": 1}]}
            await tools.registry.push_manifest(place, "v1", manifest_of(index), NOBODY)
            config = {"srcRef": f"{address}/evil:v1", "destRef": f"{address}/mine:v1"}
            await oci_push.run(step("oci-push", tmp_path, tools, config))

    with pytest.raises(StepFault, match="without a digest"):
        asyncio.run(scenario())
