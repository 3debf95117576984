"""An index of Applications by repository, kept up to date, so that a push need not be compared with each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final, Protocol

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.server.webhooks.concerned import is_same_repository, urls_of

FILLED_AT_ONCE: Final = 500
"""Applications indexed before other tasks run."""


class Applications(Protocol):
    """A cache of them."""

    def list(self, namespace: str) -> Iterable[JsonObject]: ...

    def get(self, key: Key) -> JsonObject | None: ...

    def on_change(self, told: Callable[[JsonObject | None, JsonObject | None], None], /, *, replay: bool) -> object: ...


class ByRepository:
    def __init__(self, applications: Applications) -> None:
        self._applications = applications
        self._by_name: dict[str, dict[str, dict[Key, None]]] = {}
        """By the last part of the URL, then by the URL: few of many repositories share a name."""
        applications.on_change(self._changed, replay=False)

    async def fill(self, give_way: Callable[[], Awaitable[None]]) -> None:
        """Adds existing ones before the first query; changes meanwhile are already received."""
        for count, listed in enumerate(tuple(self._applications.list("")), 1):
            if (app := self._applications.get(key_of(listed))) is not None:
                self._changed(None, app)
            if count % FILLED_AT_ONCE == 0:
                await give_way()

    def of(self, web_urls: Iterable[str]) -> Sequence[JsonObject]:
        """Applications with the repository of one of these pages, without duplicates."""
        keys = dict.fromkeys(key for web_url in web_urls for key in self._of(web_url))
        found = (self._applications.get(key) for key in keys)
        return [item for item in found if item is not None]

    def _of(self, web_url: str) -> Iterator[Key]:
        name = name_of(web_url)
        for known in dict.fromkeys((name, name.removesuffix(".git"))):
            for url, keys in self._by_name.get(known, {}).items():
                if is_same_repository(web_url, url):
                    yield from keys

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        before = urls_of(old) if old is not None else frozenset()
        after = urls_of(new) if new is not None else frozenset()
        for url in before - after:
            assert old is not None
            self._forget(url, key_of(old))
        for url in after - before:
            assert new is not None
            self._by_name.setdefault(name_of(url), {}).setdefault(url, {})[key_of(new)] = None

    def _forget(self, url: str, key: Key) -> None:
        name = name_of(url)
        urls = self._by_name.get(name, {})
        urls.get(url, {}).pop(key, None)
        if not urls.get(url):
            urls.pop(url, None)
        if not urls:
            self._by_name.pop(name, None)


def name_of(url: str) -> str:
    """The last part of its path, in any spelling of the URL."""
    return url.replace(":", "/").rsplit("/", 1)[-1].casefold().removesuffix(".git")
