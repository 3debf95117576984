"""Looks for the values of Secrets in all other output of a measured process: its objects, metrics and log."""

from __future__ import annotations

import base64
import io
import logging
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Final

import orjson

from argosy.apis.kubernetes.views.core import Event, Secret
from argosy.machinery.objects import JsonObject, Kind, resource_of
from argosy.machinery.requests import List
from argosy.observe.metrics import REGISTRY
from argosy.runtime.client import Client

PAGE = 500
_WORD: Final = re.compile(rb"[A-Za-z0-9+/=_-]{20,}")
"""What keys and passwords are made of, a line each; shorter ones stand anywhere by chance."""
_PUBLIC: Final = ".crt"


class Canary:
    """Listens to the log from the start; `sung` are the words of Secrets that were found where they must not be."""

    def __init__(self) -> None:
        self._log = io.StringIO()
        self._handler = logging.StreamHandler(self._log)
        logging.getLogger().addHandler(self._handler)

    async def sung(self, client: Client, kinds: Iterable[Kind]) -> tuple[int, set[bytes]]:
        """How many words there are to find, and which were: in objects of `kinds`, Events, metrics and the log."""
        logging.getLogger().removeHandler(self._handler)
        planted = {word async for obj in _all(client, Secret) for word in _secret_words(obj)}
        found: set[bytes] = set()
        for kind in (*kinds, Event):
            async for obj in _all(client, kind):
                found.update(planted.intersection(_WORD.findall(orjson.dumps(obj))))
        for text in (REGISTRY.text(), self._log.getvalue()):
            found.update(planted.intersection(_WORD.findall(text.encode())))
        return len(planted), found


async def _all(client: Client, kind: Kind) -> AsyncIterator[JsonObject]:
    token = ""
    while True:
        page = await client.page(List(resource=resource_of(kind), limit=PAGE, continue_token=token))
        for obj in page.items:
            yield obj
        if not (token := page.continue_token):
            return


def _secret_words(obj: JsonObject) -> Iterator[bytes]:
    """Plain, by lines, and as Secrets hold them."""
    for key, value in (obj.get("data") or {}).items():
        if not key.endswith(_PUBLIC):
            yield value.encode()
            yield from _WORD.findall(base64.b64decode(value))
