"""What strangers send: tokens, queries, bodies, frames and webhooks, changed at random. Never a 5xx, and no growth."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import hmac
import json
import random  # noqa: TID251  # requests of a test, from a seed
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from argosy.server.errors import Code
from argosy.server.schema.facts import methods
from tests.kit.argocd_server import Api, argocd_server

RECORDED = Path(__file__).parents[3] / "shared/data/argo-cd/webhooks"
SEED = 20_260_830
MOST_GROWTH = 40 << 20
PART = (
    "a",
    "..",
    "%2e%2e",
    "%00",
    "%zz",
    "{}",
    "[]",
    "1e9",
    "-1",
    "\u202e",
    "'",
    '"',
    "<x>",
    "%2F",
    "*",
    "~",
    "0" * 300,
)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mutated_tokens(good: str) -> Iterator[tuple[str, str]]:
    """Each with why it must not count."""
    head, body, signature = good.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    def with_header(**changes: Any) -> str:
        return f"{b64(json.dumps({**header, **changes}).encode())}.{body}.{signature}"

    def with_claims(**changes: Any) -> str:
        made = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return f"{head}.{b64(json.dumps(made).encode())}.{signature}"

    def resigned(key: bytes, alg: str = "HS256", digest: Callable[..., Any] = hashlib.sha256) -> str:
        signed = f"{b64(json.dumps({**header, 'alg': alg}).encode())}.{body}"
        return f"{signed}.{b64(hmac.new(key, signed.encode(), digest).digest())}"

    for alg in ("none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "PS256", "", None, 1, ["HS256"]):
        yield f"alg {alg!r}", with_header(alg=alg)
    yield "no signature", f"{head}.{body}."
    yield "no algorithm and no signature", f"{b64(b'{}')}.{body}."
    yield "a signature of zeros", f"{head}.{body}.{b64(bytes(32))}"
    yield "a cut signature", good[:-8]
    yield "a longer signature", f"{good}AAAA"
    for key in (b"", b"secret", b"null", b"\0" * 32):
        yield f"signed with {key!r}", resigned(key)
    yield "another digest", resigned(b"", "HS512", hashlib.sha512)
    yield "another subject", with_claims(sub="admin:apiKey")
    yield "a project's role", with_claims(sub="proj:default:admin")
    yield "no subject", with_claims(sub=None)
    yield "another issuer", with_claims(iss="evil")
    yield "no issuer", with_claims(iss=None)
    yield "later", with_claims(exp=claims["exp"] + 1)
    yield "for ever", with_claims(exp=None)
    yield "a key in the header", with_header(jwk={"kty": "oct", "k": "AA"})
    yield "a key's address in the header", with_header(jku="http://127.0.0.1:1/keys", kid="../../dev/null")
    yield "something critical", with_header(crit=["exp"], exp=1)
    yield "compressed", with_header(zip="DEF")
    yield "a huge header", with_header(x="a" * 6000)
    duplicate = json.dumps(claims)[:-1] + ',"sub":"admin:login","sub":"other:login"}'
    yield "a claim twice", f"{head}.{b64(duplicate.encode())}.{signature}"
    yield "a list for claims", f"{head}.{b64(b'[]')}.{signature}"
    yield "nested claims", f"{head}.{b64(b'[' * 500 + b']' * 500)}.{signature}"
    yield "no base64", f"{head}.!!!.{signature}"
    yield "no text", f"{head}.{b64(bytes(range(128, 160)))}.{signature}"
    yield "two parts", f"{head}.{body}"
    yield "five parts", f"{good}.a.b"
    yield "nothing", ".."
    yield "spaces", f"{head} .{body}.{signature}"


def test_no_changed_token_counts(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            seen = 0
            for why, token in mutated_tokens(api.token):
                seen += 1
                for headers in (
                    {"Authorization": f"Bearer {token}"},
                    {"token": token},
                    {"Cookie": f"argocd.token={token}"},
                    {"Cookie": f"argocd.token=2:{token[:9]}; argocd.token-1={token[9:]}"},
                ):
                    status, found = await api.call("GET", "/api/v1/applications", token="", headers=headers)
                    assert status in (401, 400, 431), (why, headers.keys(), status, found)
            assert seen >= 30
            assert (await api.call("GET", "/api/v1/applications"))[0] == 200

    asyncio.run(scenario())


def mutations(rng: random.Random, data: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(made) + 1)
        match rng.randrange(5):
            case 0 if made:
                made[at % len(made)] = rng.randrange(256)
            case 1:
                made[at:at] = rng.choice((b"{", b"[", b'"', b"null", b"\0", b"1e999", b"\\u0000", b"," * 50))
            case 2:
                del made[at : at + rng.randint(1, 40)]
            case 3:
                made[at:at] = made[: rng.randint(0, 200)]
            case _:
                made = made[:at]
    return bytes(made)


def memory() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def not_broken(api: Api, method: str, path: str, data: bytes, headers: dict[str, str]) -> None:
    async with api.http.request(method, f"{api.server.url}{path}", data=data, headers=headers) as answer:
        body = await answer.read()
        if answer.status >= 500 and answer.status != 501:
            # Upstream answers plain errors with Unknown, which is 500; an error of ours has another code.
            assert json.loads(body)["code"] == int(Code.UNKNOWN), (method, path, data[:300], answer.status, body[:300])


def bodies(rng: random.Random) -> bytes:
    application = {
        "metadata": {"name": "x", "labels": {"a": "b"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://e/x", "path": "a"},
            "destination": {"name": "in"},
        },
    }
    values: tuple[Any, ...] = (None, 1, "x", [], {}, [[]], {"a": None}, True, 1.5, "9" * 400)
    text = json.dumps(rng.choice((application, {"name": rng.choice(values)}, {"spec": rng.choice(values)})))
    return mutations(rng, text.encode()) if rng.random() < 0.7 else text.encode()


def test_bodies_paths_and_queries_are_refused_and_never_break_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        rng = random.Random(SEED)
        async with argocd_server(tmp_path) as api:
            auth = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
            routes = sorted((verb, path) for method in methods().values() for verb, path in method.http)
            routes = [one for one in routes if "/stream/" not in one[1] and not one[1].endswith("/logs")]
            before = 0
            for turn in range(3):
                for verb, path in routes:
                    if (verb, path) in BREAKING:
                        continue
                    filled = path
                    while "{" in filled:
                        start, _, rest = filled.partition("{")
                        filled = start + rng.choice(PART) + rest.partition("}")[2]
                    fields = ("name", "project", "fields", "selector", "appNamespace", "id.type", "force", "x", "items")
                    query = "&".join(f"{rng.choice(fields)}={quote(rng.choice(PART))}" for _ in range(rng.randrange(4)))
                    data = b"" if verb == "GET" else bodies(rng)
                    await not_broken(api, verb, f"{filled}?{query}", data, auth)
                if turn == 0:
                    before = memory()
            assert memory() - before < MOST_GROWTH
            assert (await api.call("GET", "/healthz", token=""))[0] == 200

    asyncio.run(scenario())


BREAKING: frozenset[tuple[str, str]] = frozenset()


def test_frames_are_refused_and_never_break_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        rng = random.Random(SEED)
        async with argocd_server(tmp_path) as api:
            headers = {"Content-Type": "application/grpc-web+proto", "token": api.token}
            for name, method in methods().items():
                if method.server_stream:
                    continue
                for _ in range(4):
                    inner = bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
                    size = rng.choice((len(inner), len(inner) + 1, 0, 0xFFFFFFFF))
                    frame = bytes((rng.choice((0, 0, 0, 1, 2, 0x80)),)) + size.to_bytes(4, "big") + inner
                    url = f"{api.server.url}/{name}"
                    async with api.http.post(url, data=frame, headers=headers) as answer:
                        await answer.read()
                        assert answer.status == 200, (name, frame, answer.status)
            assert (await api.call("GET", "/healthz", token=""))[0] == 200

    asyncio.run(scenario())


def test_webhooks_are_refused_and_never_break_anything(tmp_path: Path) -> None:
    async def scenario() -> None:
        rng = random.Random(SEED)
        files = sorted(RECORDED.glob("*/*.json"))
        real = [file.read_bytes() for file in files] or [b'{"ref": "refs/heads/main", "repository": {}}']
        names = ("X-GitHub-Event", "X-Gitlab-Event", "X-Gogs-Event", "X-Event-Key", "X-Hook-UUID", "X-Vss-Activityid")
        events = (
            "push",
            "Push Hook",
            "repo:push",
            "repo:refs_changed",
            "pull_request",
            "package",
            "ping",
            "\u00e9",
            "",
        )
        async with argocd_server(tmp_path) as api:
            before = 0
            for turn in range(600):
                headers = {rng.choice(names): rng.choice(events), "Content-Type": "application/json"}
                await not_broken(api, "POST", "/api/webhook", mutations(rng, rng.choice(real)), headers)
                if turn == 200:
                    before = memory()
            assert memory() - before < MOST_GROWTH
            assert (await api.call("GET", "/healthz", token=""))[0] == 200

    asyncio.run(scenario())
