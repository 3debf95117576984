"""A push finds the Applications of its repository however each writes the URL, and as they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.server.webhooks.by_repository import ByRepository
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

    def on_change(self, told: Change) -> None:
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
    assert bool(ByRepository(applications).of((web_url,))) is is_same_repository(web_url, given)


def test_it_follows_what_changes() -> None:
    applications = Applications()
    applications.put("a", "https://git.example.com/one")
    index = ByRepository(applications)
    one, two = ("https://git.example.com/one",), ("https://git.example.com/two",)
    applications.put("b", "git@git.example.com:one.git", "https://git.example.com/two")
    assert (names(index.of(one)), names(index.of(two))) == (["a", "b"], ["b"])
    assert names(index.of((*one, *two))) == ["a", "b"], "each once"
    applications.put("a", "https://git.example.com/two")
    assert (names(index.of(one)), names(index.of(two))) == (["b"], ["b", "a"])
    applications.drop("b")
    applications.drop("a")
    assert not index.of((*one, *two))
