"""What is the same repository, what is refused, and what goes by a proxy."""

from __future__ import annotations

import pytest

from argosy.sources.port import Credentials
from argosy.sources.scrub import scrub
from argosy.sources.urls import host_of, normalise_url, proxy_for


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h/a/b.git", "HTTPS://H/a/B"), ("git@h:a/b.git", "ssh://git@h/a/b"), ("https://h/a/", " https://h/a "),
        ("https://u:p@h/a", "https://h/a"), ("git@h:/a/b", "ssh://git@h/a/b"), ("https://h/a.git/", "https://h/a"),
    ],
)  # fmt: skip
def test_spellings_of_one_repository_are_equal(one: str, other: str) -> None:
    assert normalise_url(one) == normalise_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h/a", "https://h/b"), ("https://h/a", "http://h/a"), ("https://h/a", "https://h:8443/a"),
        ("ssh://git@h/a", "ssh://other@h/a"), ("https://h/a?x=1", "https://h/a?x=2"), ("file:///a", "file:///b"),
    ],
)  # fmt: skip
def test_different_repositories_stay_different(one: str, other: str) -> None:
    assert normalise_url(one) != normalise_url(other)


@pytest.mark.parametrize(
    ("no_proxy", "proxied"),
    [
        ("", True), ("example.com", False), (".example.com", False), ("*.example.com", False), ("other.com", True),
        ("a.com, git.example.com", False), ("*", False), ("ample.com", True), ("git.example.com:443", True),
    ],
)  # fmt: skip
def test_which_hosts_go_by_the_proxy(no_proxy: str, proxied: bool) -> None:
    for url in ("https://git.example.com/r", "https://u@git.example.com:8443/r"):
        assert proxy_for(url, "http://proxy:1", no_proxy) == ("http://proxy:1" if proxied else "")


@pytest.mark.parametrize(
    ("url", "host"),
    [("https://U@H.com:1/x", "h.com"), ("git@h.com:x", "h.com"), ("ssh://[::1]:22/x", "::1"), ("/srv/r", "")],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "text",
    [
        "fatal: https://user:canary@h/r", "https://canary@h/r", "get https://h/x?token=canary&a=1",
        "password canary-pw",
        "Authorization: Bearer canary", "authorization: basic canary", "https://h/?access_token=canary",
        "https://h/?X-Amz-Signature=canary", "https://h/?client_secret=canary", "-----BEGIN KEY canary-----",
    ],
)  # fmt: skip
def test_no_secret_passes_the_scrubber(text: str) -> None:
    known = Credentials(password="canary-pw", ssh_private_key="-----BEGIN KEY canary-----")
    assert "canary" not in scrub(text, known)
