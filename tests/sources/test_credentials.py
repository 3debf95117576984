"""Which Secret's credentials a repository is read with."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.sources.credentials import CredentialBook, decoded
from argosy.sources.port import Credentials


def secret(name: str, kind: str, /, **data: str) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": {"name": name, "labels": {"argocd.argoproj.io/secret-type": kind}}, "data": encoded}


def password(*secrets: dict[str, Any], url: str, project: str = "") -> str:
    return CredentialBook(secrets).credentials(url, project).password


@pytest.mark.parametrize(
    "spelling",
    ["https://git.example.com/Team/App", "https://git.example.com/team/app.git", " HTTPS://GIT.example.com/team/app/ "],
)
def test_a_repository_is_found_by_any_spelling_of_its_url(spelling: str) -> None:
    known = secret("a", "repository", url="https://git.example.com/team/app.git", password="p")
    assert password(known, url=spelling) == "p"


def test_ssh_urls_and_the_scp_form_are_the_same_repository() -> None:
    known = secret("a", "repository", url="git@git.example.com:team/app.git", sshPrivateKey="key")
    assert CredentialBook([known]).credentials("ssh://git@git.example.com/team/app").ssh_private_key == "key"


def test_the_projects_own_repository_comes_before_the_shared_one_and_strangers_get_the_shared_one() -> None:
    url = "https://git.example.com/r"
    shared, own = (
        secret("a", "repository", url=url, password="shared"),
        secret("b", "repository", url=url, password="own", project="web"),
    )
    assert password(shared, own, url=url, project="web") == "own"
    assert password(shared, own, url=url, project="other") == "shared"
    assert password(own, url=url, project="other") == ""
    assert password(own, url=url) == ""


def test_the_longest_matching_template_wins() -> None:
    short = secret("a", "repo-creds", url="https://git.example.com", password="short")
    long = secret("b", "repo-creds", url="https://git.example.com/team", password="long")
    assert password(short, long, url="https://git.example.com/team/app") == "long"
    assert password(short, long, url="https://git.example.com/else") == "short"
    assert password(short, long, url="https://other.example.com/team/app") == ""


def test_a_repository_without_credentials_inherits_the_templates_and_keeps_its_options() -> None:
    template = secret("a", "repo-creds", url="https://git.example.com", username="u", password="p")
    own = secret("b", "repository", url="https://git.example.com/r", insecure="true", proxy="http://proxy:1")
    found = CredentialBook([template, own]).credentials("https://git.example.com/r")
    assert (found.username, found.password, found.insecure, found.proxy) == ("u", "p", True, "http://proxy:1")


def test_own_credentials_are_not_mixed_with_the_templates() -> None:
    template = secret("a", "repo-creds", url="https://git.example.com", username="u", password="p")
    own = secret("b", "repository", url="https://git.example.com/r", bearerToken="t")
    found = CredentialBook([template, own]).credentials("https://git.example.com/r")
    assert (found.bearer_token, found.password) == ("t", "")


def test_certificates_go_by_host_and_known_hosts_are_for_all() -> None:
    tls = {"metadata": {"name": "argocd-tls-certs-cm"}, "data": {"git.example.com": "PEM"}}
    hosts = {"metadata": {"name": "argocd-ssh-known-hosts-cm"}, "data": {"ssh_known_hosts": "lines"}}
    book = CredentialBook([], [tls, hosts])
    assert book.credentials("https://git.example.com:8443/r").ca_pem == "PEM"
    assert book.credentials("https://else.example.com/r").ca_pem == ""
    assert book.credentials("git@git.example.com:r").known_hosts == "lines"


def test_a_malformed_secret_spoils_no_other() -> None:
    good = secret("z", "repository", url="https://git.example.com/r", password="p")
    bad: list[dict[str, Any]] = [
        {"metadata": {"name": "a", "labels": {"argocd.argoproj.io/secret-type": "repository"}}, "data": {"url": "%%%"}},
        {"metadata": {"name": "b", "labels": None}, "data": None},
        {"metadata": {"name": "c", "labels": {"argocd.argoproj.io/secret-type": "repository"}}, "data": {"url": None}},
        {},
    ]
    assert password(*bad, good, url="https://git.example.com/r") == "p"
    assert decoded({"data": {"a": "/w==", "b": "aGk="}}) == {"b": "hi"}


def test_what_may_write_is_never_used_to_read_nor_the_other_way() -> None:
    url = "https://git.example.com/team/app"
    book = CredentialBook(
        [
            secret("a", "repository", url=url, password="reads"),
            secret("b", "repository-write", url=url, username="w"),
            secret("c", "repo-write-creds", url="https://git.example.com/else", password="template"),
            secret("d", "repo-creds", url="https://git.example.com", password="read-template"),
            secret("e", "repository-write", url=url, password="own", project="web"),
        ]
    )
    assert book.credentials(url).password == "reads"
    assert (book.writing(url).username, book.writing(url).password) == ("w", "")
    assert book.writing(url, "web").password == "own"
    assert book.writing("https://git.example.com/else/x").password == "template"
    assert book.credentials("https://git.example.com/else/x").password == "read-template"
    assert [repository.secret_name for repository in book.repositories] == ["a"]


def test_no_secret_shows_in_the_text_of_what_holds_it() -> None:
    names = ("username", "password", "bearerToken", "sshPrivateKey", "tlsClientCertData", "tlsClientCertKey", "proxy")
    book = CredentialBook([secret("a", "repository", url="https://h/r", **dict.fromkeys(names, "canary"))])
    assert "canary" not in repr(book.repositories) + repr(book.credentials("https://h/r")) + repr(Credentials())


@pytest.mark.parametrize(
    ("prefix", "url", "covers"),
    [
        ("https://git.example", "https://git.example/a", True),
        ("https://git.example", "https://git.example:8443/a", True),
        ("https://git.example", "https://git.example.evil/a", False),
        ("https://git.ex", "https://git.example/a", False),
        ("https://git.example/team", "https://git.example/team-b/a", True),
        ("git@git.example", "git@git.example:a/b", True),
        ("git@git.example:team/", "git@git.example:team/b.git", True),
        ("git@git.example", "git@git.example.evil:a", False),
    ],
)
def test_a_template_for_a_host_is_for_the_whole_host(prefix: str, url: str, covers: bool) -> None:
    book = CredentialBook([secret("t", "repo-creds", url=prefix, password="p")])
    assert (book.credentials(url).password == "p") == covers


def test_a_chart_repository_is_found_by_its_name_in_the_project_before_elsewhere() -> None:
    book = CredentialBook(
        [
            secret("a", "repository", url="https://a.example", type="helm", name="shared"),
            secret("b", "repository", url="https://b.example", type="helm", name="shared", project="team"),
            secret("c", "repository", url="https://c.example", type="git", name="plain"),
        ]
    )
    assert [book.url_of("shared", project) for project in ("team", "else")] == [
        "https://b.example",
        "https://a.example",
    ]
    assert book.url_of("plain") == ""


def test_depth_is_a_number_of_the_repository_itself() -> None:
    book = CredentialBook([secret("a", "repository", url="https://a.example/x", depth="3")])
    assert book.credentials("https://a.example/x").depth == 3
    wrong = CredentialBook([secret("a", "repository", url="https://a.example/x", depth="-1")])
    assert wrong.credentials("https://a.example/x").depth == 0
