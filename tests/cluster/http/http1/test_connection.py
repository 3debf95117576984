"""Real sockets on loopback: framing, limits, keep-alive, streams, TLS and the end of the server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from argosy.cluster.http import tls
from argosy.cluster.http.exchange import BODY_LIMIT, Request, Response
from argosy.cluster.http.http1.connection import Connection
from argosy.cluster.http.http1.request_parser import HEADER_LIMIT
from argosy.cluster.http.http1.response_writer import PIECE
from argosy.cluster.http.server import HttpServer, QuietAccepting, serve
from argosy.machinery.api import WatchEvent
from tests.cluster.http.world import NOON, CountingRng, SmallWorld, TestClock

Conversation = Callable[[HttpServer, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GET = b"GET /api/v1/namespaces/default/configmaps/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n\r\n"
WATCH = GET.replace(b"/a HTTP", b"?watch=true HTTP")


def converse(world: SmallWorld, conversation: Conversation) -> None:
    async def main() -> None:
        async with serve(world.front.handle, clock=world.clock, rng=world.rng, tls=None, drain_seconds=1) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                await asyncio.wait_for(conversation(server, reader, writer), 10)
            finally:
                writer.close()

    asyncio.run(main())


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    status, headers = await head(reader)
    return status, headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in raw[1:] if line)
    return int(raw[0].split()[1]), {name.lower(): value for name, value in headers.items()}


async def chunk(reader: asyncio.StreamReader) -> bytes:
    size = int((await reader.readline()).strip(), 16)
    content = await reader.readexactly(size)
    assert await reader.readexactly(2) == b"\r\n"
    return content


def test_a_connection_answers_many_requests_and_errors_do_not_close_it() -> None:
    world = SmallWorld()
    world.configmap()

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for request, code in ((GET, 200), (GET.replace(b"/a ", b"/none "), 404), (GET, 200)):
            writer.write(request)
            status, headers, body = await answer(reader)
            assert status == code
            assert headers["content-type"] == "application/json"
            assert headers["cache-control"] == "no-cache, private"
            assert headers["date"] == "Thu, 01 Jan 2026 12:00:00 GMT"
            assert orjson.loads(body)["kind"] == ("ConfigMap" if code == 200 else "Status")

    converse(world, talk)


def test_every_answer_has_an_audit_id_of_its_own() -> None:
    world = SmallWorld()

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = set()
        for _number in range(3):
            writer.write(GET)
            seen.add((await answer(reader))[1]["audit-id"])
        assert len(seen) == 3

    converse(world, talk)


def test_requests_sent_at_once_are_answered_in_order() -> None:
    world = SmallWorld()
    world.configmap("a")

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GET + GET.replace(b"/a ", b"/none ") + GET)
        assert [(await answer(reader))[0] for _ in range(3)] == [200, 404, 200]

    converse(world, talk)


def test_a_request_may_arrive_byte_by_byte() -> None:
    world = SmallWorld()
    world.configmap()

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for index in range(len(GET)):
            writer.write(GET[index : index + 1])
            await writer.drain()
        assert (await answer(reader))[0] == 200

    converse(world, talk)


def _post(body: bytes, extra: str = "") -> bytes:
    head_lines = (
        "POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-token\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    )
    return head_lines.encode() + body


def _configmap_of_size(size: int) -> bytes:
    frame = b'{"metadata":{"name":"big"},"data":{"k":"%s"}}'
    return frame % (b"x" * (size - len(frame) + 2))


def test_a_body_of_exactly_the_limit_is_read() -> None:
    body = _configmap_of_size(BODY_LIMIT)
    assert len(body) == BODY_LIMIT

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_post(body))
        assert (await answer(reader))[0] == 201

    converse(SmallWorld(), talk)


@pytest.mark.parametrize("announced", [True, False])
def test_a_larger_body_is_413_whether_its_length_is_announced_or_not(*, announced: bool) -> None:
    body = _configmap_of_size(BODY_LIMIT + 1)

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if announced:
            writer.write(_post(body))
        else:
            chunked = _post(b"", "").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
            writer.write(chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        status, headers, raw = await answer(reader)
        assert status == 413
        assert orjson.loads(raw) == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Request entity too large: limit is 3145728",
            "reason": "RequestEntityTooLarge",
            "code": 413,
        }
        assert headers["connection"] == "close"

    converse(SmallWorld(), talk)


def test_headers_beyond_the_limit_are_431() -> None:
    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GET[:-2] + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 8000) for n in range(40)) + b"\r\n")
        assert (await answer(reader))[0] == 431

    assert HEADER_LIMIT < 40 * 8000
    converse(SmallWorld(), talk)


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_not_http_is_refused_and_others_do_not_notice(garbage: bytes) -> None:
    world = SmallWorld()
    world.configmap()

    async def talk(server: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        writer.write_eof()
        assert (await reader.read()).startswith((b"HTTP/1.1 400", b""))
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", server.port)
        other_writer.write(GET)
        assert (await answer(other_reader))[0] == 200
        other_writer.close()

    converse(world, talk)


def test_expect_continue_is_answered_before_the_body_is_sent() -> None:
    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b'{"metadata":{"name":"c"}}'
        request = _post(body, "Expect: 100-continue\r\n")
        writer.write(request[: -len(body)])
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await answer(reader))[0] == 201

    converse(SmallWorld(), talk)


def test_connection_close_is_honoured() -> None:
    world = SmallWorld()

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GET[:-2] + b"Connection: close\r\n\r\n")
        assert (await answer(reader))[1]["connection"] == "close"
        assert await reader.read() == b""

    converse(world, talk)


def test_an_upgrade_request_that_is_refused_is_answered_as_an_ordinary_one() -> None:
    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = b"/api/v1/namespaces/default/pods/p/exec?command=sh"
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        writer.write(GET.replace(b"/api/v1/namespaces/default/configmaps/a", path)[:-2] + upgrade)
        status, _headers, raw = await answer(reader)
        assert status == 404
        assert 'pods "p" not found' in orjson.loads(raw)["message"]

    converse(SmallWorld(), talk)


def test_a_watch_sends_its_headers_before_anything_happens_and_each_event_as_one_line() -> None:
    world = SmallWorld()
    obj = world.configmap()

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WATCH)
        status, headers = await head(reader)
        assert (status, headers["transfer-encoding"], headers["content-type"]) == (200, "chunked", "application/json")
        world.shelf.happen(WatchEvent("ADDED", obj))
        line = await chunk(reader)
        assert line.endswith(b"\n")
        assert orjson.loads(line) == {"type": "ADDED", "object": obj}
        world.shelf.events.put_nowait([])
        assert await chunk(reader) == b""
        writer.write(GET)  # the connection is free again
        assert (await answer(reader))[0] == 200

    converse(world, talk)


def test_a_watch_ends_when_its_client_disconnects() -> None:
    world = SmallWorld()

    async def talk(_: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WATCH)
        await head(reader)
        assert world.shelf.open_watches == 1
        writer.transport.abort()
        for _turn in range(1000):
            if world.shelf.open_watches == 0:
                return
            await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.005)
        raise AssertionError("the watch is still open")

    converse(world, talk)


def test_stopping_the_server_ends_a_watch_with_its_last_chunk() -> None:
    world = SmallWorld()

    async def main() -> None:
        async with serve(world.front.handle, clock=world.clock, rng=world.rng, tls=None) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(WATCH)
            await head(reader)
        assert await asyncio.wait_for(reader.read(), 5) == b"0\r\n\r\n"
        assert world.shelf.open_watches == 0
        writer.close()

    asyncio.run(main())


def test_a_running_request_is_answered_before_the_server_stops() -> None:
    async def main() -> None:
        started, go_on = asyncio.Event(), asyncio.Event()

        async def handler(_: Request) -> Response:
            started.set()
            await go_on.wait()
            return Response(200, b"{}")

        server = serve(handler, clock=TestClock(), rng=CountingRng(), tls=None)
        running = await server.__aenter__()
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(GET)
        await started.wait()
        asyncio.get_running_loop().call_later(0.02, go_on.set)
        await server.__aexit__(None, None, None)
        status, headers, body = await answer(reader)
        assert (status, headers["connection"], body) == (200, "close", b"{}")
        writer.close()

    asyncio.run(main())


def test_a_request_that_takes_too_long_is_given_up_with_504() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        started, given_up = asyncio.Event(), asyncio.Event()

        async def handler(_: Request) -> Response:
            started.set()
            try:
                await loop.create_future()
            finally:
                given_up.set()
            raise AssertionError("never answered")

        async with serve(handler, clock=TestClock(), rng=CountingRng(), tls=None) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(GET)
            await started.wait()
            server.sweep(loop.time() + 33)
            assert not given_up.is_set()
            server.sweep(loop.time() + 35)
            status, headers, raw = await answer(reader)
            assert (status, headers["connection"], orjson.loads(raw)["reason"]) == (504, "close", "Timeout")
            assert given_up.is_set()
            writer.close()

    asyncio.run(main())


def test_a_client_that_does_not_read_stops_its_own_stream_only() -> None:
    """Back-pressure: the frames of a stalled client are not taken from the Api, and nobody else waits for it."""
    world = SmallWorld()
    big = world.configmap()
    big["data"] = {"k": "x" * 500_000}

    async def talk(server: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WATCH)
        await head(reader)
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        for _number in range(60):
            world.shelf.happen(WatchEvent("ADDED", big))
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", server.port)
        other_writer.write(GET)
        assert (await answer(other_reader))[0] == 200
        assert world.shelf.events.qsize() > 0
        other_writer.close()

    converse(world, talk)


def test_the_sweep_cuts_off_slow_and_revoked_clients() -> None:
    world = SmallWorld()

    async def talk(server: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        writer.write(GET[:20])
        while not any(connection.reading for connection in server.connections):
            await asyncio.wait([loop.create_future()], timeout=0.005)
        server.sweep(loop.time() + 59)
        assert not writer.transport.is_closing()
        server.sweep(loop.time() + 61)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)

    converse(world, talk)


def test_a_watch_is_cut_off_when_its_right_is_withdrawn() -> None:
    """Security rule 11: no further byte, and at most 10 s."""
    world = SmallWorld()
    binding = {
        "metadata": {"name": "alice"},
        "roleRef": {"kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "User", "name": "alice"}],
    }
    world.rbac.observe("rbac.authorization.k8s.io", "clusterrolebindings", None, binding)

    async def talk(server: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WATCH.replace(b"admin-token", b"alice-token"))
        assert (await head(reader))[0] == 200
        server.sweep(asyncio.get_running_loop().time())
        world.rbac.observe("rbac.authorization.k8s.io", "clusterrolebindings", binding, None)
        server.sweep(asyncio.get_running_loop().time())
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)

    converse(world, talk)


# ---- TLS ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _tls_server(world: SmallWorld, now: Any) -> Any:
    authority = tls.make_authority(now)
    context = tls.server_context(tls.issue_serving(authority, now), authority.certificate)
    async with serve(world.front.handle, clock=world.clock, rng=world.rng, tls=context) as server:
        yield server, authority


def _client_context(authority: tls.KeyPair, tmp_path: Any, client: tls.KeyPair | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=authority.certificate.decode())
    if client is not None:
        path = tmp_path / "client.pem"
        path.write_bytes(client.certificate + client.key)
        context.load_cert_chain(path)
    return context


REVIEW = b"POST /apis/authentication.k8s.io/v1/selfsubjectreviews HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


def test_a_client_certificate_is_the_user_and_its_organizations_the_groups(tmp_path: Any, wall_clock: Any) -> None:
    """R03"""

    async def main() -> None:
        world = SmallWorld()
        async with _tls_server(world, wall_clock) as (server, authority):
            client = tls.issue_client(authority, wall_clock, "u", ["g1", "g2"])
            context = _client_context(authority, tmp_path, client)
            reader, writer = await asyncio.open_connection("localhost", server.port, ssl=context, family=2)
            writer.write(REVIEW)
            status, _, raw = await answer(reader)
            assert status == 201
            info = orjson.loads(raw)["status"]["userInfo"]
            credential = info.pop("extra")["authentication.kubernetes.io/credential-id"]
            assert [value.partition("=")[0] for value in credential] == ["X509SHA256"]
            assert info == {"username": "u", "groups": ["g1", "g2", "system:authenticated"]}
            writer.close()

    asyncio.run(main())


def test_a_certificate_of_another_authority_is_refused_and_none_at_all_is_401(tmp_path: Any, wall_clock: Any) -> None:
    async def main() -> None:
        world = SmallWorld()
        async with _tls_server(world, wall_clock) as (server, authority):
            stranger = tls.issue_client(tls.make_authority(wall_clock), wall_clock, "u", ["system:masters"])
            context = _client_context(authority, tmp_path, stranger)
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                reader, writer = await asyncio.open_connection("localhost", server.port, ssl=context, family=2)
                writer.write(REVIEW)
                await answer(reader)
            plain = _client_context(authority, tmp_path, None)
            reader, writer = await asyncio.open_connection("localhost", server.port, ssl=plain, family=2)
            writer.write(REVIEW)
            assert (await answer(reader))[0] == 401
            writer.close()

    asyncio.run(main())


def test_old_tls_and_wrong_names_are_refused(tmp_path: Any, wall_clock: Any) -> None:
    async def main() -> None:
        world = SmallWorld()
        async with _tls_server(world, wall_clock) as (server, authority):
            context = _client_context(authority, tmp_path, None)
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection("127.0.0.1", server.port, ssl=context, server_hostname="example.com")
            assert tls.server_context(tls.issue_serving(authority, wall_clock), None).minimum_version is (
                ssl.TLSVersion.TLSv1_2
            )

    asyncio.run(main())


def test_slow_is_judged_by_what_the_client_is_doing() -> None:
    async def main() -> None:
        class Host:
            pass

        connection = Connection(Host())  # type: ignore[arg-type]
        start = connection.progress
        assert not connection.is_overdue(start + 179)
        assert connection.is_overdue(start + 181)
        connection.answering = True
        assert not connection.is_overdue(start + 10_000)
        connection.pause_writing()
        assert connection.is_overdue(start + 31)

    asyncio.run(main())
    assert NOON.tzinfo is not None


def test_that_no_connection_can_be_accepted_is_reported_once_a_minute_and_all_else_as_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At the limit of open files asyncio reports it for every connection that waits."""

    async def main() -> list[str]:
        others: list[str] = []
        handler = QuietAccepting(lambda loop, context: others.append(context["message"]))
        loop = asyncio.get_running_loop()
        for _ in range(1000):
            handler(loop, {"message": "socket.accept() out of system resource", "exception": OSError(24, "Too many")})
        handler(loop, {"message": "something else"})
        return others

    assert asyncio.run(main()) == ["something else"]
    assert caplog.text.count("no connection can be accepted") == 1


def test_a_client_that_does_not_read_holds_no_second_copy_of_a_large_answer() -> None:
    world = SmallWorld()
    world.configmap()["data"] = {"big": "x" * 8_000_000}

    async def talk(server: HttpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(GET)
        await writer.drain()
        held = []
        for _ in range(40):
            await turn()
            held += [connection.transport.get_write_buffer_size() for connection in server.connections]
        assert max(held) < 2 * PIECE
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        status, _, raw = await answer(reader)
        assert status == 200
        assert len(raw) > 8_000_000

    converse(world, talk)


async def turn() -> None:
    """A little of real time passes: sockets do not live in virtual time."""
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    loop.call_later(0.01, passed.set_result, None)
    await passed
