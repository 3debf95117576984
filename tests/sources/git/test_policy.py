"""Git under the egress policy: what it may connect to, what goes along with a redirect, whose mirror is whose."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.gateway import Gateway, Refused, Target
from argosy.sources.git.failures import failure, push_failure
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import AccessDenied, Credentials, NotFound, Rejected, SourceError
from argosy.sources.urls import exact_url

CANARY = "canary-44d0"
NOBODY = Credentials()


class ButNot(EgressPolicy):
    """Loopback, but for one address of it."""

    def refusal(self, address: str) -> str:
        return "is refused by this test" if address == "127.0.0.2" else ""


@pytest.fixture
def make_mirrors(tmp_path: Path, clock: Any) -> Iterator[Callable[..., GitMirrors]]:
    made: list[GitMirrors] = []

    def make(policy: EgressPolicy | None = None, **settings: Any) -> GitMirrors:
        egress = Egress(policy) if policy else None
        made.append(GitMirrors(tmp_path / f"cache{len(made)}", clock, GitSettings(**settings), egress))
        return made[-1]

    yield make
    for each in made:
        each.close()


async def resolved(mirrors: GitMirrors, url: str, given: Credentials = NOBODY) -> str:
    try:
        return await mirrors.resolve(url, "main", given)
    finally:
        if mirrors._egress:
            await mirrors._egress.close()


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "017700000001", "127.1", "[::1]", "[::ffff:127.0.0.1]",
     "0.0.0.0", "[::]", "[::ffff:7f00:1]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https", "ssh"])
def test_git_does_not_reach_this_machine_in_whatever_spelling(
    make_mirrors: Callable[..., GitMirrors], host: str, scheme: str
) -> None:
    came: list[socket.socket] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.01)
        url = f"{scheme}://{host}:{listening.getsockname()[1]}/r.git"
        with pytest.raises(SourceError, match=r"this machine's own|not the address of a host|could not"):
            asyncio.run(resolved(make_mirrors(EgressPolicy()), url, NOBODY))
        with pytest.raises(TimeoutError):
            came.append(listening.accept()[0])
    assert not came


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200", "2852039166"])
def test_git_does_not_reach_a_clouds_metadata(make_mirrors: Callable[..., GitMirrors], host: str) -> None:
    with pytest.raises(Rejected, match=r"metadata|link-local"):
        asyncio.run(resolved(make_mirrors(EgressPolicy()), f"http://{host}/r.git", NOBODY))


def test_a_name_is_resolved_once_and_each_of_its_addresses_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))
        return [good, (*good[:4], ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(Refused, match=r"127\.0\.0\.1 is this machine's own"):
        Gateway(Target("rebinds.example", 443), EgressPolicy())._connected(Target("rebinds.example", 443))
    assert asked == ["rebinds.example"]


def test_a_program_reaches_no_host_but_the_one_that_was_meant() -> None:
    opened = Gateway(Target("git.example.com", 443), EgressPolicy(allow_loopback=True))
    for other in (Target("git.example.com", 80), Target("127.0.0.1", 443), Target("git.example.com.evil", 443)):
        with pytest.raises(Refused, match="another host"):
            opened._connected(other)


def test_a_redirect_to_what_the_policy_refuses_is_not_followed(
    make_mirrors: Callable[..., GitMirrors], make_site: Any
) -> None:
    site = make_site()
    query = "/r.git/info/refs?service=git-upload-pack"
    site.answers[query] = (302, {"Location": f"http://127.0.0.2:1{query}"}, b"")
    with pytest.raises(SourceError, match="refused by this test"):
        asyncio.run(resolved(make_mirrors(ButNot()), f"{site.url}/r.git", NOBODY))


@pytest.mark.parametrize(
    "given",
    [
        Credentials(bearer_token=CANARY), Credentials(username="u", password=CANARY),
        Credentials(username="u", password=CANARY, force_http_basic_auth=True), None,
    ],
)  # fmt: skip
def test_no_form_of_credentials_follows_a_redirect_to_another_host(
    make_mirrors: Callable[..., GitMirrors], make_site: Any, given: Credentials | None
) -> None:
    site, other = make_site(), make_site()
    query = "/r.git/info/refs?service=git-upload-pack"
    site.answers[query] = (302, {"Location": f"{other.url}{query}"}, b"")
    other.answers[query] = (401, {"WWW-Authenticate": "Basic realm=x"}, b"")
    url = f"{site.url}/r.git" if given else f"http://u:{CANARY}@{site.url.removeprefix('http://')}/r.git"
    with pytest.raises(SourceError) as refused:
        asyncio.run(resolved(make_mirrors(), url, given or NOBODY))
    assert other.seen
    assert not [headers for _, headers in other.seen if "authorization" in headers]
    assert CANARY not in str(refused.value)


def test_two_repositories_whose_names_differ_in_case_are_two(
    tmp_path: Path, repository: Any, make_mirrors: Callable[..., GitMirrors]
) -> None:
    mine, theirs = repository.path.with_name("Team"), repository.path.with_name("team")
    head = repository.commit({"secret": CANARY})
    repository.git("clone", "--quiet", "--bare", ".", str(mine))
    repository.git("init", "--quiet", "--bare", str(theirs))
    mirrors = make_mirrors(allow_local=True)
    assert asyncio.run(mirrors.tree(f"file://{mine}", head, NOBODY)).read("secret") == CANARY.encode()
    with pytest.raises(NotFound):
        asyncio.run(mirrors.tree(f"file://{theirs}", head, NOBODY))


def test_what_one_identity_fetched_is_not_anothers(repository: Any, make_mirrors: Callable[..., GitMirrors]) -> None:
    hidden = repository.commit({"secret": CANARY})
    mirrors = make_mirrors(allow_local=True)
    asyncio.run(mirrors.tree(repository.url, hidden, Credentials(username="admin")))
    repository.git("checkout", "--quiet", "--orphan", "public")
    repository.commit({"a": "1"})
    repository.git("branch", "--quiet", "-D", "main")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    with pytest.raises(SourceError):
        asyncio.run(mirrors.tree(repository.url, hidden, Credentials(username="guest")))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/Team/r", "https://h/team/r", False), ("https://a@h/r", "https://b@h/r", False),
        ("https://a@h/r", "https://h/r", False), ("a@h:r", "b@h:r", False), ("ssh://a@h/r", "ssh://b@h/r", False),
        ("https://h/r", "http://h/r", False), ("https://h/r?x", "https://h/r", False),
        ("https://H/r", "https://h/r", True),
        (" https://h/r ", "HTTPS://h/r", True), ("git@H:r", "git@h:r", True), ("git@h:R", "git@h:r", False),
    ],
)  # fmt: skip
def test_only_a_hosts_case_makes_no_difference(one: str, other: str, same: bool) -> None:
    assert (exact_url(one) == exact_url(other)) is same


@pytest.mark.parametrize(
    "printed",
    [
        f"remote: {CANARY}\nfatal: unable to access 'https://h/r/': The requested URL returned error: 500",
        f"fatal: remote error: {CANARY}", f"{CANARY}\nPermission denied (publickey).", f"ERROR: {CANARY}",
        f"error: RPC failed; HTTP 500 {CANARY}", f"fatal: protocol error: bad line length character: {CANARY[:4]}",
        f" ! [remote rejected] a -> b ({CANARY})",
    ],
)  # fmt: skip
def test_what_the_other_host_wrote_is_not_shown(printed: str) -> None:
    for error in (
        failure("failed to fetch", "https://h/r", printed, NOBODY),
        push_failure("https://h/r", printed, NOBODY),
    ):
        assert "canar" not in str(error)


def test_the_programs_own_words_are_kept() -> None:
    printed = "remote: x\nfatal: unable to access 'https://h/r/': Could not resolve host: h\n"
    assert str(failure("failed to fetch", "https://h/r", printed, NOBODY)).endswith("Could not resolve host")


def test_a_submodule_that_the_project_does_not_permit_is_not_read(
    tmp_path: Path, repository: Any, make_mirrors: Callable[..., GitMirrors]
) -> None:
    inner = repository.__class__(tmp_path / "inner")
    inner.commit({"secret": CANARY})
    repository.commit({"a": "1"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", inner.url, "sub")
    head = repository.commit({})
    asked: list[str] = []

    def denied(url: str) -> Credentials:
        asked.append(url)
        raise AccessDenied("repository is not permitted in project 'b'")

    def own(url: str) -> Credentials:
        return Credentials(username="of-project")

    with closing(make_mirrors(allow_local=True)) as mirrors:
        with pytest.raises(AccessDenied, match="submodule sub: repository is not permitted"):
            asyncio.run(mirrors.tree(repository.url, head, Credentials(username="admin"), further=denied))
        assert asked == [inner.url]
        tree = asyncio.run(mirrors.tree(repository.url, head, Credentials(username="admin"), further=own))
        assert tree.read("sub/secret") == CANARY.encode()
        assert mirrors.mirror(inner.url, own("")).exists()
        assert not mirrors.mirror(inner.url, Credentials(username="admin")).exists()
