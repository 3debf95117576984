"""A push finds the Applications of its repository however each writes the URL, and as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import pytest

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.server.webhooks.by_repository import FILLED_AT_ONCE, ByRepository
from argosy.server.webhooks.concerned import is_same_repository

Change = Callable[[JsonObject | None, JsonObject | None], None]


class Applications:
    """What a cache shows."""

    def __init__(self) -> None:
        self.present: dict[Key, JsonObject] = {}
        self._told = set[Change]()

    def list(self, namespace: str) -> Iterable[JsonObject]:
        return self.present.values()

    def get(self, key: Key) -> JsonObject | None:
        return self.present.get(key)

    def on_change(self, told: Change, *, replay: bool = True) -> None:
        assert not replay, "10,000 at one go: `fill` takes them in slices"
        self._told.add(told)

    def put(self, name: str, *urls: str) -> None:
        new = {
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": {"sources": [{"repoURL": url, "path": "."} for url in urls]},
        }
        old, self.present[key_of(new)] = self.present.get(key_of(new)), new
        for told in self._told:
            told(old, new)

    def drop(self, name: str) -> None:
        old = self.present.pop(Key("argocd", name))
        for told in self._told:
            told(old, None)


async def nothing_else() -> None:
    """Nobody else has anything to do."""


def names(found: Iterable[JsonObject]) -> list[str]:
    return [str(app["metadata"]["name"]) for app in found]


@pytest.mark.parametrize(
    "given",
    [
        "https://git.example.com/Team/Shop.git",
        "https://git.example.com/team/shop",
        "git@git.example.com:team/shop.git",
        "ssh://git@git.example.com:2222/team/shop",
        "git.example.com/team/shop",
        "https://git.example.com/team/shop.git.git",
        "https://git.example.com/team/shop/",
        "https://git.example.com/team/shopping",
        "https://other.example.com/team/shop",
        "https://git.example.com/shop",
        "",
    ],
)
@pytest.mark.parametrize(
    "web_url",
    [
        "https://git.example.com/team/shop",
        "https://git.example.com/team/shop.git.git",
        "https://git.example.com/",
        "no",
    ],
)
def test_the_index_finds_just_what_the_comparison_says(given: str, web_url: str) -> None:
    applications = Applications()
    applications.put("a", given)
    index = ByRepository(applications)
    asyncio.run(index.fill(nothing_else))
    assert bool(index.of((web_url,))) is is_same_repository(web_url, given)


def test_it_follows_what_changes() -> None:
    applications = Applications()
    applications.put("a", "https://git.example.com/one")
    index = ByRepository(applications)
    asyncio.run(index.fill(nothing_else))
    one, two = ("https://git.example.com/one",), ("https://git.example.com/two",)
    applications.put("b", "git@git.example.com:one.git", "https://git.example.com/two")
    assert (names(index.of(one)), names(index.of(two))) == (["a", "b"], ["b"])
    assert names(index.of((*one, *two))) == ["a", "b"], "each once"
    applications.put("a", "https://git.example.com/two")
    assert (names(index.of(one)), names(index.of(two))) == (["b"], ["b", "a"])
    applications.drop("b")
    applications.drop("a")
    assert not index.of((*one, *two))


def test_what_changes_while_it_is_filled_is_found_and_what_went_is_not() -> None:
    applications = Applications()
    for number in range(2 * FILLED_AT_ONCE):
        applications.put(f"a{number:05}", "https://git.example.com/one")
    index = ByRepository(applications)
    turns = 0

    async def others() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            applications.put("a00000", "https://git.example.com/two")
            applications.put(f"a{FILLED_AT_ONCE:05}", "https://git.example.com/two")
            applications.drop(f"a{FILLED_AT_ONCE + 1:05}")
            applications.put("new", "https://git.example.com/two")

    asyncio.run(index.fill(others))
    assert turns == 2
    assert sorted(names(index.of(("https://git.example.com/two",)))) == ["a00000", f"a{FILLED_AT_ONCE:05}", "new"]
    assert len(index.of(("https://git.example.com/one",))) == 2 * FILLED_AT_ONCE - 3
