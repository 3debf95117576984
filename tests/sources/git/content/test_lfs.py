"""Git LFS against a server that speaks the batch API and serves the repository itself."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.git.content.lfs import endpoint, parse_pointer
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, Rejected, SourceError, Tree

CONTENT = b"apiVersion: v1\nkind: ConfigMap\n"
OID = hashlib.sha256(CONTENT).hexdigest()
AUTHORIZATION = "Basic " + base64.b64encode(b"u:canary-pw").decode()


def pointer(content: bytes = CONTENT) -> str:
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"


class Lfs:
    """`/r.git` is a git repository by plain HTTP; `answer` is what an object's download gives."""

    def __init__(self, repository: Any) -> None:
        self.answer, self.other, self.seen = CONTENT, "", []  # type: tuple[bytes, str, list[tuple[str, str]]]
        lfs = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments: object) -> None:
                pass

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                lfs.seen.append((self.path, self.headers.get("Authorization", "")))
                if self.path.startswith("/objects/"):
                    return self._send(200, lfs.answer)
                file = repository.path / ".git" / self.path.removeprefix("/r.git/").partition("?")[0]
                return self._send(200, file.read_bytes()) if file.is_file() else self._send(404, b"")

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                lfs.seen.append((self.path, self.headers.get("Authorization", "")))
                href = f"{lfs.other or lfs.url}/objects/"
                objects = [{**item, "actions": {"download": {"href": href + item["oid"]}}} for item in asked["objects"]]
                self._send(200, json.dumps({"objects": objects}).encode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def lfs(repository: Any) -> Iterator[Lfs]:
    made = Lfs(repository)
    yield made
    made.close()


def fetched(lfs: Lfs, repository: Any, directory: Path, clock: Any, head: str, **more: Any) -> Tree:
    repository.git("update-server-info")

    async def run() -> Tree:
        egress = Egress(EgressPolicy(allow_loopback=True))
        mirrors = GitMirrors(directory / "cache", clock, GitSettings(), egress)
        credentials = Credentials(username="u", password="canary-pw", **{"enable_lfs": True, **more})
        try:
            return await mirrors.tree(f"{lfs.url}/r.git", head, credentials)
        finally:
            await egress.close()
            mirrors.close()

    return asyncio.run(run())


FILES = {"a.yaml": pointer(), "plain.yaml": "plain", ".gitattributes": "a.yaml filter=lfs -text\n"}


def test_a_pointer_is_answered_with_its_content(lfs: Lfs, repository: Any, tmp_path: Path, clock: Any) -> None:
    tree = fetched(lfs, repository, tmp_path, clock, repository.commit(FILES))
    assert tree.read("a.yaml") == CONTENT
    assert tree.read("plain.yaml") == b"plain"
    assert ("/r.git/info/lfs/objects/batch", AUTHORIZATION) in lfs.seen
    with pytest.raises(Rejected, match="limit of 5 bytes"):
        tree.read("a.yaml", limit=5)
    before = len(lfs.seen)
    fetched(lfs, repository, tmp_path, clock, repository.commit({"b": "1"}))
    assert not [path for path, _ in lfs.seen[before:] if "batch" in path or "/objects/" + OID in path]


@pytest.mark.parametrize("enable", [True, False])
def test_pointers_stay_pointers_unless_switched_on_and_attributed(
    lfs: Lfs, repository: Any, tmp_path: Path, clock: Any, enable: bool
) -> None:
    files = {name: text for name, text in FILES.items() if name != ".gitattributes" or not enable}
    tree = fetched(lfs, repository, tmp_path, clock, repository.commit(files), enable_lfs=enable)
    assert tree.read("a.yaml") == pointer().encode()


def test_another_content_than_promised_is_refused_and_not_kept(
    lfs: Lfs, repository: Any, tmp_path: Path, clock: Any
) -> None:
    lfs.answer = b"x" * len(CONTENT)
    with pytest.raises(Rejected, match="another content"):
        fetched(lfs, repository, tmp_path, clock, repository.commit(FILES))
    assert not list((tmp_path / "cache").rglob(OID))


def test_credentials_do_not_go_to_the_host_of_the_objects(
    lfs: Lfs, repository: Any, tmp_path: Path, clock: Any
) -> None:
    other = Lfs(repository)
    try:
        lfs.other = other.url
        tree = fetched(lfs, repository, tmp_path, clock, repository.commit(FILES))
        assert tree.read("a.yaml") == CONTENT
        assert other.seen == [(f"/objects/{OID}", "")]
    finally:
        other.close()


def test_an_object_larger_than_the_limit_is_not_asked_for(
    lfs: Lfs, repository: Any, tmp_path: Path, clock: Any
) -> None:
    large = pointer().replace(f"size {len(CONTENT)}", "size 99999999")
    with pytest.raises(SourceError, match="larger than the limit"):
        fetched(lfs, repository, tmp_path, clock, repository.commit(FILES | {"a.yaml": large}))
    assert not [path for path, _ in lfs.seen if "batch" in path]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/a/b", "https://h/a/b.git/info/lfs"), ("https://h/a/b.git/", "https://h/a/b.git/info/lfs"),
        ("git@h:a/b.git", "https://h/a/b.git/info/lfs"), ("ssh://git@h:22/a/b", "https://h/a/b.git/info/lfs"),
    ],
)  # fmt: skip
def test_the_server_is_found_by_convention(url: str, expected: str) -> None:
    assert endpoint(url) == expected


@pytest.mark.parametrize("text", ["", "plain", pointer() + "more\n", pointer().replace("sha256:", "sha256:zz")])
def test_what_is_no_pointer_is_a_file(text: str) -> None:
    assert parse_pointer(text.encode()) is None
