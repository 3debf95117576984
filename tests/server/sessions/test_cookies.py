"""A token of any length goes through cookies of a browser's size."""

from __future__ import annotations

import pytest

from argosy.server.sessions.cookies import clear_cookies, cookies_of, set_cookies, token_of


@pytest.mark.parametrize("length", [10, 4000, 4093, 5000, 60_000])
def test_a_token_comes_back_as_it_was(length: int) -> None:
    token = "x" * length
    sent = set_cookies(token, "/", secure=True)
    assert all(len(item) <= 4096 for item in sent)
    assert token_of(cookies_of("; ".join(item.partition(";")[0] for item in sent))) == token


def test_a_token_that_no_browser_would_keep_is_refused() -> None:
    with pytest.raises(ValueError, match="20 are allowed"):
        set_cookies("x" * 90_000, "/", secure=True)


@pytest.mark.parametrize("header", ["argocd.token=2:a", "argocd.token=99:a", "argocd.token=x:a"])
def test_parts_that_do_not_fit_together_are_no_token(header: str) -> None:
    assert token_of(cookies_of(header)) == ""


def test_cookies_are_for_the_server_alone_and_over_tls_where_there_is_some() -> None:
    assert set_cookies("t", "/", secure=False) == ["argocd.token=t; path=/; SameSite=lax; httpOnly"]
    assert set_cookies("t", "/argo", secure=True) == ["argocd.token=t; path=/argo; SameSite=lax; httpOnly; Secure"]


def test_every_part_is_cleared() -> None:
    assert clear_cookies({"argocd.token": "2:a", "argocd.token-1": "b", "other": "c"}, "/") == [
        "argocd.token=; Path=/",
        "argocd.token-1=; Path=/",
    ]
