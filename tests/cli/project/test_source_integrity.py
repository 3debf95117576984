"""Policies of signatures are changed by flags as upstream's command has them."""

from __future__ import annotations

import argparse

import pytest

from argosy.cli.failing import CommandError
from argosy.cli.project.source_integrity import key_id, updated

KEY, OTHER = "D56C4FCA57A46444", "4AEE18F83AFDEB23"
POLICY = {"gpg": {"mode": "head", "keys": [KEY]}, "repos": [{"url": "https://a/*"}]}


def flags(**given: object) -> argparse.Namespace:
    none: dict[str, object] = {
        f"{verb}{name}": [] for verb in ("", "add_", "delete_") for name in ("repo_url", "gpg_key")
    }
    return argparse.Namespace(**{**none, "gpg_mode": "", **given})


@pytest.mark.parametrize(
    ("given", "urls", "keys", "mode"),
    [
        ({}, ["https://a/*"], [KEY], "head"),
        ({"repo_url": ["https://b/*,https://c/*"]}, ["https://b/*", "https://c/*"], [KEY], "head"),
        ({"add_repo_url": ["https://b/*", "https://a/*"]}, ["https://a/*", "https://b/*"], [KEY], "head"),
        ({"delete_repo_url": ["https://a/*"]}, [], [KEY], "head"),
        ({"gpg_mode": "strict", "add_gpg_key": [f"{'0' * 24}{OTHER}"]}, ["https://a/*"], [KEY, OTHER], "strict"),
        ({"delete_gpg_key": [KEY], "add_gpg_key": [OTHER]}, ["https://a/*"], [OTHER], "head"),
    ],
)
def test_flags_replace_add_and_take_away(given: dict[str, object], urls: list[str], keys: list[str], mode: str) -> None:
    found = updated(POLICY, flags(**given))
    assert [one["url"] for one in found["repos"]] == urls
    assert found["gpg"] == {"mode": mode, "keys": keys}


@pytest.mark.parametrize("text", ["", "D56C", f"{KEY}0", "G" * 16, "0" * 39])
def test_a_key_is_16_or_40_digits(text: str) -> None:
    with pytest.raises(CommandError, match="invalid GPG key ID"):
        key_id(text)


def test_a_mode_is_one_of_three_and_must_be_there() -> None:
    with pytest.raises(CommandError, match="must be one of: strict, head, none"):
        updated(POLICY, flags(gpg_mode="loose"))
    with pytest.raises(CommandError, match="must be set"):
        updated({"repos": []}, flags())
