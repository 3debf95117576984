"""Where a URL that a user gave may lead (spec/security.md rule 13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from argosy.sources.egress import Answer, Egress, EgressPolicy, complaint
from argosy.sources.port import AccessDenied, Credentials, Rejected, Unavailable

NOBODY = Credentials()
HERE = EgressPolicy(allow_loopback=True)


def fetch(url: str, policy: EgressPolicy = HERE, **more: Any) -> Answer:
    async def once() -> Answer:
        egress = Egress(policy)
        try:
            return await egress.get(url, more.pop("credentials", NOBODY), limit=more.pop("limit", 1000), **more)
        finally:
            await egress.close()

    return asyncio.run(once())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "localhost",
        "169.254.169.254", "169.254.1.1", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "2852039166",
        "100.100.100.200", "224.0.0.1", "[ff02::1]", "255.255.255.255", "168.63.129.16", "[64:ff9b::a9fe:a9fe]",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_of_clouds_are_refused(address: str) -> None:
    with pytest.raises(Rejected):
        fetch(f"http://{address}:9/x", EgressPolicy())


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "http://169.254.169.254", "http://[::1]:9", "http://2130706433:9"]
)
def test_a_proxy_is_judged_like_any_other_host(proxy: str) -> None:
    with pytest.raises(Rejected):
        fetch("http://192.0.2.1/x", EgressPolicy(), credentials=Credentials(proxy=proxy))


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "[fd12::1]", "100.64.0.1"])
def test_private_networks_are_a_matter_of_policy(address: str) -> None:
    with pytest.raises(Rejected, match="private"):
        fetch(f"http://{address}:9/x", EgressPolicy(allow_private=False))
    assert not EgressPolicy().refusal(address.strip("[]"))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://h/", "ftp://h/x", "//h/x", "http://", "h/x", "http://[x"]
)
def test_only_http_is_fetched(url: str) -> None:
    with pytest.raises(Rejected):
        fetch(url)


def test_a_redirect_is_judged_like_the_first_request(site: Any) -> None:
    site.answers["/a"] = (302, {"Location": "http://169.254.169.254/latest"}, b"")
    with pytest.raises(Rejected, match="metadata"):
        fetch(f"{site.url}/a")
    site.answers["/b"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(Rejected, match="https URLs"):
        fetch(f"{site.url}/b")


def test_redirects_end(site: Any) -> None:
    site.answers["/a"] = (302, {"Location": "/a"}, b"")
    with pytest.raises(Rejected, match="more than 5 redirects"):
        fetch(f"{site.url}/a")
    assert len(site.seen) == 6


def test_credentials_stay_with_their_host(site: Any, make_site: Callable[[], Any]) -> None:
    second = make_site()
    site.answers["/a"] = (302, {"Location": "/b"}, b"")
    site.answers["/b"] = (302, {"Location": f"{second.url}/c"}, b"")
    second.answers["/c"] = (302, {"Location": f"{site.url}/d"}, b"")
    site.answers["/d"] = (200, {}, b"end")
    assert fetch(f"{site.url}/a", authorization="Basic canary").body == b"end"
    assert [("authorization" in headers) for _, headers in site.seen] == [True, True, True]
    assert "canary" not in str(second.seen)


def test_a_body_is_limited_whether_its_length_is_given_or_not(site: Any) -> None:
    site.answers["/told"] = (200, {}, b"x" * 1001)
    site.answers["/untold"] = (200, {"Content-Length": ""}, b"x" * 1001)
    site.answers["/fits"] = (200, {}, b"x" * 1000)
    for path in ("/told", "/untold"):
        with pytest.raises(Rejected, match="larger than the limit of 1000 bytes"):
            fetch(f"{site.url}{path}")
    assert len(fetch(f"{site.url}/fits").body) == 1000


def test_an_encoding_that_was_not_asked_for_is_refused(site: Any) -> None:
    site.answers["/a"] = (200, {"Content-Encoding": "gzip"}, b"x")
    with pytest.raises(Rejected, match="encoding"):
        fetch(f"{site.url}/a")


def test_a_dead_host_is_unavailable_and_secrets_in_its_url_are_not_shown() -> None:
    with pytest.raises(Unavailable) as refused:
        fetch("http://user:canary@127.0.0.1:1/x?token=canary&a=1")
    assert "canary" not in str(refused.value)


def test_a_name_is_resolved_once_and_connected_to_where_it_was_judged(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers differently the second time gains nothing."""
    port = int(site.url.rpartition(":")[2])
    site.answers["/a"] = (200, {}, b"reached")
    answers = [["10.9.9.9"], ["127.0.0.1"]]
    asked: list[str] = []

    async def rebinding(self: Any, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            {"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0} for address in found
        ]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", rebinding)
    url = f"http://rebind.example.com:{port}/a"
    with pytest.raises(Rejected, match=r"10\.9\.9\.9 is in a private network"):
        fetch(url, EgressPolicy(allow_private=False))
    with pytest.raises(Rejected, match=r"127\.0\.0\.1 is this machine's own"):
        fetch(url, EgressPolicy())
    assert (len(asked), site.seen) == (2, [])
    answers[1] = ["127.0.0.1", "169.254.169.254"]
    with pytest.raises(Rejected, match="metadata"):
        fetch(url)


def test_tls_is_verified_and_trust_is_per_repository() -> None:
    with pytest.raises(AccessDenied, match="x509: a TLS certificate or key cannot be read"):
        fetch("https://127.0.0.1:1/", credentials=Credentials(ca_pem="nonsense", password="canary"))


def test_every_form_of_credentials_stays_with_its_host(
    make_site: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its form: a header of another name, the client's certificate."""
    site, other = make_site(), make_site()
    site.answers["/x"] = (302, {"Location": f"{other.url}/y"}, b"")
    other.answers["/y"] = (200, {}, b"there")
    used: list[tuple[str, bool]] = []
    plain = Egress._once

    async def once(self: Egress, url: str, credentials: Credentials, *more: Any, **others: Any) -> Answer:
        used.append((url.rpartition("/")[2], bool(credentials.tls_client_key or credentials.password)))
        without = Credentials()
        return await plain(self, url, without, *more, **others)

    monkeypatch.setattr(Egress, "_once", once)
    given = Credentials(tls_client_cert="c", tls_client_key="k", password="p")
    headers = {"PRIVATE-TOKEN": "canary", "X-Api-Key": "canary", "Cookie": "canary", "Accept": "text/plain"}
    assert fetch(f"{site.url}/x", credentials=given, headers=headers, authorization="Basic canary").body == b"there"
    assert used == [("x", True), ("y", False)]
    assert site.seen[0][1]["private-token"] == "canary"
    assert "canary" not in str(other.seen)
    assert other.seen[0][1]["accept"] == "text/plain"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"message": "Not allowed"}', "Not allowed"), (b'{"error": {"message": "no"}}', "no"), (b"canary", ""),
        (b"<html>canary</html>", ""), (b'["canary"]', ""), (b'{"secret": "canary"}', ""), (b'{"message": 5}', ""),
    ],
)  # fmt: skip
def test_of_a_foreign_body_only_an_interfaces_complaint_is_reported(body: bytes, told: str) -> None:
    assert complaint(body) == told


def test_a_silent_host_is_waited_for_no_longer_than_anybody_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argosy.sources.egress.client.LONGEST_SECONDS", 0.05)

    async def once() -> None:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        egress = Egress(HERE)
        try:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            with pytest.raises(Unavailable, match="no answer in time"):
                await egress.request("GET", url, NOBODY, limit=10, seconds=1e9)
        finally:
            await egress.close()
            server.close()

    asyncio.run(once())


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_where_only_reading_is_allowed_nothing_else_is_sent(method: str) -> None:
    """Rule of rehearsals: nothing is listening, so that whatever is tried at all is Unavailable."""
    policy = EgressPolicy(allow_loopback=True, read_only=True)

    async def sent(verb: str) -> Answer:
        egress = Egress(policy)
        try:
            return await egress.request(verb, "http://127.0.0.1:9/x", NOBODY, limit=1000, body=b"x")
        finally:
            await egress.close()

    with pytest.raises(Rejected, match=f"a {method} is not sent"):
        asyncio.run(sent(method))
    with pytest.raises(Unavailable):
        asyncio.run(sent("GET"))
