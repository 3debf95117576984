"""Registries that are wrong on purpose: what they do is bounded and told, and others are not held up by it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from argosy.machinery.controller import PENDING, Hidden
from argosy.machinery.objects import Key
from argosy.promotion import Settings
from argosy.promotion.adapters.discovering import Discovering
from argosy.promotion.adapters.discovering_charts import ChartDiscovery
from argosy.promotion.adapters.discovering_images import ImageDiscovery
from argosy.promotion.answering import answering
from argosy.promotion.warehouses.questions import Discover, Found
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.runtime.engine.questions import Questions
from argosy.runtime.engine.subscriptions import Work
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.hosting.registry import MemoryRegistry
from argosy.sources.hosting.serving import Serving
from argosy.sources.port import Credentials
from argosy.sources.registry import client as registry_client
from argosy.sources.registry.client import RegistryClient

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@contextmanager
def served(handler: Handler) -> Iterator[str]:
    app = web.Application()
    app.router.add_route("*", "/v2/{tail:.*}", handler)
    with Serving([app]) as (port,):
        yield f"127.0.0.1:{port}"


def question(host: str, **body: Any) -> Discover:
    subscription = {"repoURL": f"{host}/shop", **body}
    return Discover("image", "shop", json.dumps(subscription), "1", Hidden("{}"))


def discovered(handler: Handler, **body: Any) -> Found:
    """What one look at the registry finds."""

    async def look(host: str) -> Found:
        egress = Egress(EgressPolicy(allow_loopback=True))
        clock = RealClock()
        client = RegistryClient(egress, clock, requests_per_second=100_000.0)

        async def same(credentials: Credentials) -> Credentials:
            return credentials

        parts = (ImageDiscovery(client), ChartDiscovery(egress, client, clock), same)
        try:
            return await Discovering(None, *parts, clock).answer(question(host, **body))  # type: ignore[arg-type]
        finally:
            await egress.close()

    with served(handler) as host:
        return asyncio.run(asyncio.wait_for(look(host), 60))


def bad_work(number: int) -> Work:
    return Work("bad", Key("demo", str(number)))


def answering_with(tags: Any, manifest: Any = None, *, link: Callable[[int], str] | None = None) -> Handler:
    count = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        if not request.path.endswith("tags/list"):
            return web.json_response(manifest, content_type=str((manifest or {}).get("mediaType") or MANIFEST))
        headers = {"Link": f'<{link(count)}>; rel="next"'} if link else {}
        return web.json_response({"name": "shop", "tags": tags(count) if callable(tags) else tags}, headers=headers)

    return answer


def test_endless_tags_are_reported_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_client, "TAG_COUNT_LIMIT", 5000)
    more = answering_with(
        lambda count: [f"1.{count}.{number}" for number in range(1000)],
        link=lambda count: f"/v2/shop/tags/list?n=1000&last={count}",
    )
    assert "more than 5000 tags" in discovered(more).error


def test_endless_pages_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_client, "TAG_PAGES", 20)
    empty = answering_with([], link=lambda count: f"/v2/shop/tags/list?last={count}")
    assert "does not end" in discovered(empty).error
    same = answering_with(["1.0.0"], link=lambda count: "/v2/shop/tags/list?n=10000")
    assert "does not end" in discovered(same).error


def test_a_list_is_not_continued_at_another_host() -> None:
    elsewhere = answering_with(["1.0.0"], link=lambda count: "http://169.254.169.254/v2/shop/tags/list?last=1")
    assert "continues its list elsewhere" in discovered(elsewhere).error


@pytest.mark.parametrize("tags", [5, "1.0.0", {"1.0.0": 1}, None, [None, 7, {}, "x" * 4000, "../../etc", "a b"]])
def test_what_is_no_list_of_tags_holds_none(tags: Any) -> None:
    found = discovered(answering_with(tags))
    assert not found.error
    assert "references" not in found.result


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ([], "not a JSON object"),
        ({"mediaType": INDEX, "manifests": 7}, "the index holds no image"),
        ({"mediaType": INDEX, "manifests": [{"platform": {"os": "linux"}}, 3, None]}, "the index holds no image"),
        (
            {"mediaType": INDEX, "manifests": [{"digest": f"sha256:{'a' * 64}", "platform": {}}] * 101},
            "more than 100 images",
        ),
        ({"mediaType": MANIFEST, "config": {"digest": "sha256:short"}}, "is not a sha256 digest"),
        ({"mediaType": MANIFEST, "config": {"digest": f"sha256:{'b' * 64}"}}, "does not have the digest"),
    ],
)
def test_a_manifest_that_is_none_is_reported(manifest: Any, told: str) -> None:
    assert told in discovered(answering_with(["1.0.0"], manifest)).error


@pytest.mark.parametrize("config", [[], "text", 7, {"digest": None}])
def test_a_manifest_without_a_configuration_has_no_time(config: Any) -> None:
    found = discovered(answering_with(["1.0.0"], {"mediaType": MANIFEST, "config": config}))
    assert [one["tag"] for one in found.result["references"]] == ["1.0.0"]
    assert "createdAt" not in found.result["references"][0]


def test_the_digest_is_of_what_came_whatever_the_registry_says() -> None:
    """A HEAD may name any digest; what is discovered is what was hashed."""

    async def lying(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("tags/list"):
            return web.json_response({"tags": ["1.0.0"]})
        headers = {"Docker-Content-Digest": f"sha256:{'f' * 64}"}
        return web.json_response({"mediaType": MANIFEST}, headers=headers, content_type=MANIFEST)

    found = discovered(lying)
    assert found.result["references"][0]["digest"] != f"sha256:{'f' * 64}"


def test_a_registry_that_does_not_answer_holds_up_no_other(tmp_path: Path) -> None:
    good = MemoryRegistry()
    good.push_image("shop", "1.0.0")

    async def look(bad: str, well: str) -> None:
        clock, rng = RealClock(), SystemRng()
        egress = Egress(EgressPolicy(allow_loopback=True))
        mirrors = GitMirrors(tmp_path / "mirrors", clock, GitSettings())
        made = answering(Settings(), clock, rng, tmp_path / "work", mirrors, egress)
        answered = asyncio.Event()
        questions = Questions(made.answerers, clock, rng, lambda work: answered.set())
        running = asyncio.get_running_loop().create_task(questions.run())
        try:
            for number in range(600):
                questions.settle(bad_work(number), [question(bad, semverConstraint=f"{number}.x")])
            wanted = question(well)
            questions.settle(Work("good", Key("demo", "good")), [wanted])
            async with asyncio.timeout(30):
                await answered.wait()
            assert questions.ask(wanted).result["references"][0]["tag"] == "1.0.0"
            assert questions.ask(question(bad, semverConstraint="0.x")) is PENDING
        finally:
            for number in reversed(range(600)):
                questions.settle(bad_work(number), ())
            await asyncio.to_thread(lambda: None)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await egress.close()
            mirrors.close()
            made.close()

    with Serving([good.application()]) as (port,), socket.create_server(("127.0.0.1", 0), backlog=600) as silent:
        asyncio.run(look(f"127.0.0.1:{silent.getsockname()[1]}", f"127.0.0.1:{port}"))
