"""HttpClient against a server that misbehaves: retries, tokens, trust, broken watches, and no secret in messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, List, Write
from argosy.machinery.status import StatusError
from argosy.observe.secret import Secret
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.runtime.http import Connection, HttpClient, Impersonation, Trust, Unreachable
from argosy.runtime.http.credentials import Proof, bearer
from argosy.runtime.supervisor import Supervisor
from tests.kit.served import TOKEN, served
from tests.kit.world import CONFIG_MAPS, config_map, ours

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class HastyClock(RealClock):
    """Notes the pauses instead of keeping them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        self.pauses.append(seconds)


@asynccontextmanager
async def talking_to(handler: Handler, clock: RealClock | None = None, **settings: object) -> AsyncIterator[HttpClient]:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    connection = Connection(server=f"http://127.0.0.1:{port}", **settings)  # type: ignore[arg-type]
    try:
        async with HttpClient(connection, clock or RealClock(), SeededRng(1)) as client:
            yield client
    finally:
        await runner.cleanup()


def status(code: int, reason: str, **details: object) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return web.json_response({**body, "message": reason, "details": details}, status=code)


def failing_first(count: int, failure: Callable[[], web.Response]) -> tuple[Handler, list[str]]:
    asked: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.append(request.method)
        return failure() if len(asked) <= count else web.json_response(config_map("a"))

    return handler, asked


@pytest.mark.parametrize(
    ("verb", "code", "retry_after", "asked"),
    [
        ("get", 429, 0, 3),
        ("get", 503, 0, 3),
        ("get", 500, 0, 3),
        ("create", 429, 0, 3),
        ("create", 503, 2, 3),
        ("create", 503, 0, 1),
        ("create", 500, 0, 1),
        ("apply", 503, 0, 3),
        ("get", 403, 0, 1),
        ("get", 409, 0, 1),
    ],
)
def test_only_what_was_not_done_or_may_be_done_twice_is_repeated(
    verb: str, code: int, retry_after: int, asked: int
) -> None:
    def failure() -> web.Response:
        headers = {"Retry-After": str(retry_after)} if retry_after else {}
        return web.Response(status=code, headers=headers, text="<html>canary-page</html>")

    async def main() -> None:
        handler, asked_for = failing_first(2, failure)
        clock = HastyClock()
        async with talking_to(handler, clock) as client:
            calls: dict[str, Callable[[], Awaitable[JsonObject]]] = {
                "get": lambda: client.get(requests.Get(CONFIG_MAPS, Key("default", "a"))),
                "create": lambda: client.write(requests.create(CONFIG_MAPS, config_map("a"))),
                "apply": lambda: client.write(requests.apply(CONFIG_MAPS, config_map("a"), manager="x", force=False)),
            }
            if asked == 1:
                with pytest.raises(StatusError) as refusal:
                    await calls[verb]()
                assert refusal.value.code == code
                assert "canary" not in str(refusal.value.status)
            else:
                assert (await calls[verb]())["data"] == {}
        assert len(asked_for) == asked
        assert all(pause >= retry_after for pause in clock.pauses)

    asyncio.run(main())


def test_retries_come_to_an_end() -> None:
    async def main() -> None:
        handler, asked_for = failing_first(99, lambda: status(429, "TooManyRequests", retryAfterSeconds=3))
        clock = HastyClock()
        async with talking_to(handler, clock) as client:
            with pytest.raises(StatusError):
                await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
        assert len(asked_for) == 5
        assert min(clock.pauses) >= 3

    asyncio.run(main())


class Renewing:
    """A credential whose first token is too old."""

    def __init__(self) -> None:
        self.number = 1

    async def proof(self) -> Proof:
        return Proof(Secret(f"Bearer token-{self.number}"))

    def refused(self) -> bool:
        self.number += 1
        return True


def test_a_refused_credential_is_renewed_once() -> None:
    async def main() -> None:
        offered: list[str] = []

        async def handler(request: web.BaseRequest) -> web.Response:
            offered.append(request.headers["Authorization"])
            return web.json_response(config_map("a")) if len(offered) == 2 else status(401, "Unauthorized")

        async with talking_to(handler, credential=Renewing()) as client:
            await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
            assert offered == ["Bearer token-1", "Bearer token-2"]
            with pytest.raises(StatusError):
                await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
            assert offered[2:] == ["Bearer token-2", "Bearer token-3"]

    asyncio.run(main())


def test_every_request_is_impersonated() -> None:
    async def main() -> None:
        seen: list[object] = []

        async def handler(request: web.BaseRequest) -> web.Response:
            seen.append(sorted((n, v) for n, v in request.headers.items() if n.startswith("Impersonate")))
            return web.json_response(config_map("a"))

        as_bob = Impersonation(user="bob", groups=("dev", "ops"), uid="7", extra=(("Example.com/Scopes", ("a", "b")),))
        async with talking_to(handler, impersonate=as_bob) as client:
            await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
        extra = "Impersonate-Extra-example.com%2Fscopes"
        assert seen == [
            [
                (extra, "a"),
                (extra, "b"),
                ("Impersonate-Group", "dev"),
                ("Impersonate-Group", "ops"),
                ("Impersonate-Uid", "7"),
                ("Impersonate-User", "bob"),
            ]
        ]

    asyncio.run(main())


def test_a_redirect_is_not_followed_so_that_no_token_leaves_for_elsewhere() -> None:
    async def main() -> None:
        paths: list[str] = []

        async def handler(request: web.BaseRequest) -> web.Response:
            paths.append(request.path)
            return web.Response(status=302, headers={"Location": "/elsewhere"})

        async with talking_to(handler, credential=bearer("t")) as client:
            with pytest.raises(StatusError):
                await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
        assert paths == ["/api/v1/namespaces/default/configmaps/a"]

    asyncio.run(main())


def watching(chunks: list[bytes], *, cut: bool = False) -> Handler:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        assert request.query["allowWatchBookmarks"] == "true"
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        if cut:
            assert request.transport is not None
            request.transport.abort()
        return response

    return handler


async def events_of(client: HttpClient) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    async for event in client.follow(requests.Watch(resource=CONFIG_MAPS, resource_version="5")):
        seen.append((event.type, event.object["metadata"]["resourceVersion"]))
    return seen


def test_frames_are_read_however_the_network_cuts_them_and_410_says_expired() -> None:
    async def main() -> None:
        whole = (
            b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"6"}}}\n'
            b'{"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"9"}}}\n'
        )
        async with talking_to(watching([whole[i : i + 7] for i in range(0, len(whole), 7)])) as client:
            assert await events_of(client) == [("ADDED", "6"), ("BOOKMARK", "9")]
        gone = b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n'
        async with talking_to(watching([gone])) as client:
            with pytest.raises(StatusError) as refusal:
                await events_of(client)
            assert refusal.value.is_expired

    asyncio.run(main())


@pytest.mark.parametrize(("chunks", "cut"), [([b'{"type":"ADDED"'], True), ([b"not json\n"], False)])
def test_a_watch_that_breaks_is_unreachable(chunks: list[bytes], cut: bool) -> None:
    async def main() -> None:
        async with talking_to(watching(chunks, cut=cut)) as client:
            with pytest.raises(Unreachable):
                await events_of(client)

    asyncio.run(main())


def test_older_servers_are_discovered_document_by_document_and_a_broken_group_hides_no_other() -> None:
    documents: dict[str, JsonObject] = {
        "/version": {"gitVersion": "v1.20.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {
            "kind": "APIGroupList",
            "groups": [
                {
                    "versions": [{"groupVersion": "apps/v1beta1"}, {"groupVersion": "apps/v1"}],
                    "preferredVersion": {"groupVersion": "apps/v1"},
                },
                {"versions": [{"groupVersion": "broken.example/v1"}]},
            ],
        },
        "/api/v1": {
            "groupVersion": "v1",
            "resources": [
                {"name": "pods", "kind": "Pod", "namespaced": True},
                {"name": "pods/log", "kind": "Pod", "namespaced": True},
            ],
        },
        "/apis/apps/v1": {"groupVersion": "apps/v1", "resources": [{"name": "a", "kind": "A", "namespaced": False}]},
        "/apis/apps/v1beta1": {"groupVersion": "apps/v1beta1", "resources": []},
    }

    async def handler(request: web.BaseRequest) -> web.Response:
        found = documents.get(request.path)
        return status(503, "ServiceUnavailable") if found is None else web.json_response(found)

    async def main() -> None:
        async with talking_to(handler, HastyClock()) as client:
            assert (await client.served()).resources == (
                Resource("", "v1", "pods", "Pod"),
                Resource("apps", "v1", "a", "A", namespaced=False),
            )

    asyncio.run(main())


def test_a_long_list_is_fetched_in_pages_and_survives_that_its_revision_expires() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        if request.query.get("continue") == "two":
            return status(410, "Expired")
        items = [{"metadata": {"name": "a"}}] * (1 if "limit" in request.query else 3)
        token = "two" if "limit" in request.query else ""
        return web.json_response({"metadata": {"resourceVersion": "7", "continue": token}, "items": items})

    async def main() -> None:
        async with talking_to(handler) as client:
            page = await client.page(requests.List(resource=CONFIG_MAPS))
            assert (len(page.items), page.continue_token) == (3, "")

    asyncio.run(main())


def test_an_untrusted_server_is_refused_by_default_and_the_message_says_so_without_the_token() -> None:
    async def main() -> None:
        async with served() as server:
            system, named = Trust(), Trust(authority=server.authority, server_name="elsewhere.example")
            for trust in (system, named):
                connection = Connection(server=server.url, trust=trust, credential=bearer(TOKEN))
                async with HttpClient(connection, HastyClock(), SeededRng(1)) as client:
                    with pytest.raises(Unreachable, match="certificate is not trusted") as refusal:
                        dict((await client.served(fresh=True)).version)
                    assert TOKEN not in str(refusal.value)
            for trust in (
                Trust(insecure=True),
                Trust(authority=server.authority),
                Trust(authority=server.authority, server_name="kubernetes"),
            ):
                connection = Connection(server=server.url, trust=trust, credential=bearer(TOKEN))
                assert TOKEN not in repr(connection)
                async with HttpClient(connection, RealClock(), SeededRng(1)) as client:
                    assert dict((await client.served(fresh=True)).version)

    asyncio.run(main())


def test_a_server_that_is_away_is_unreachable_after_some_tries() -> None:
    async def main() -> None:
        clock = HastyClock()
        connection = Connection(server="http://127.0.0.1:1")
        async with HttpClient(connection, clock, SeededRng(1)) as client:
            with pytest.raises(Unreachable, match=r"^http://127\.0\.0\.1:1: GET /version"):
                dict((await client.served(fresh=True)).version)
        assert len(clock.pauses) == 4

    asyncio.run(main())


def test_caches_are_filled_and_follow_changes_over_https() -> None:
    async def main() -> None:
        async with served() as server, asyncio.timeout(30):
            connection = Connection(
                server=server.url, trust=Trust(authority=server.authority), credential=bearer(TOKEN)
            )
            async with (
                HttpClient(connection, RealClock(), SeededRng(1)) as client,
                Supervisor(RealClock(), SeededRng(1)) as parts,
            ):
                caches = InformerCaches(client, RealClock(), SeededRng(1))
                parts.add("caches", caches.run)
                full, lean = caches.cache(CONFIG_MAPS), caches.cache(CONFIG_MAPS, metadata_only=True)
                await caches.wait_synced()
                news: asyncio.Queue[JsonObject] = asyncio.Queue()
                for cache in (full, lean):
                    cache.on_change(lambda old, new: news.put_nowait(new) if new and ours([new]) else None)
                await client.write(requests.create(CONFIG_MAPS, config_map("a", v="1")))
                objects = [await news.get(), await news.get()]
                assert sorted(obj.get("data", {}).get("v", "-") for obj in objects) == ["-", "1"]
                assert {obj["kind"] for obj in objects} == {"ConfigMap"}

    asyncio.run(main())


OUTSIDE = "/".join(("x", *[".."] * 6, "v1/namespaces/kube-system/secrets/canary"))
"""From a ConfigMap of team-a to a Secret of somebody else."""


@pytest.mark.parametrize("name", [OUTSIDE, "..", ".", "a/b", "a%2Fb", "../secrets/canary"])
@pytest.mark.parametrize("place", ["name", "namespace", "subresource"])
def test_a_name_is_never_another_path(name: str, place: str) -> None:
    asked: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.append(request.raw_path)
        return web.json_response({"kind": "Secret", "data": {"canary": "c2VjcmV0"}})

    async def main() -> None:
        key = Key(name if place == "namespace" else "team-a", name if place == "name" else "a")
        below = name if place == "subresource" else ""
        async with talking_to(handler) as client:
            for work in (
                client.get(Get(CONFIG_MAPS, key, subresource=below)),
                client.write(Write(verb="patch", resource=CONFIG_MAPS, key=key, body={"a": 1}, subresource=below)),
                client.write(Write(verb="delete", resource=CONFIG_MAPS, key=key, subresource=below)),
            ):
                with pytest.raises(StatusError) as refused:
                    await work
                assert refused.value.is_not_found
            if place == "namespace":
                with pytest.raises(StatusError):
                    await client.page(List(resource=CONFIG_MAPS, namespace=name))

    asyncio.run(main())
    assert asked == []


def test_what_a_name_may_hold_stays_in_its_place() -> None:
    asked: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.append(request.raw_path)
        return web.json_response(config_map("a"))

    async def main() -> None:
        async with talking_to(handler) as client:
            await client.get(Get(CONFIG_MAPS, Key("team-a", "system:node?watch=1#x y")))

    asyncio.run(main())
    assert asked == ["/api/v1/namespaces/team-a/configmaps/system:node%3Fwatch=1%23x%20y"]
