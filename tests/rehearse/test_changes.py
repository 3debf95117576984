"""Changes as they are given on a command line."""

from __future__ import annotations

import pytest

from argosy.rehearse.changes import ChangeError, NewImage, Push, image_of, push_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://git.example.com/a#main=v2", Push("https://git.example.com/a", "main", "v2")),
        ("git@git.example.com:acme/a.git=feature/x", Push("git@git.example.com:acme/a.git", "", "feature/x")),
        ("https://git.example.com/a?x=1#env/prod=HEAD", Push("https://git.example.com/a?x=1", "env/prod", "HEAD")),
    ],
)
def test_a_push_names_a_repository_a_branch_and_a_revision(text: str, found: Push) -> None:
    assert push_of(text) == found


@pytest.mark.parametrize("text", ["https://git.example.com/a", "=v1", "#main=v1", "https://git.example.com/a#main="])
def test_a_push_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(ChangeError, match="give URL#BRANCH=REVISION"):
        push_of(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("registry.example/shop:1.1.0", NewImage("registry.example/shop", "1.1.0")),
        ("127.0.0.1:5000/shop:1@sha256:ab", NewImage("127.0.0.1:5000/shop", "1", "sha256:ab")),
    ],
)
def test_an_image_has_a_tag_and_may_have_a_digest(text: str, found: NewImage) -> None:
    assert image_of(text) == found


@pytest.mark.parametrize("text", ["registry.example/shop", "127.0.0.1:5000/shop", "shop:", "shop:1@md5:ab"])
def test_an_image_without_a_tag_or_with_another_digest_is_refused(text: str) -> None:
    with pytest.raises(ChangeError):
        image_of(text)
