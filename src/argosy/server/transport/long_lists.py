"""Encodes potentially long lists in pieces: they do not block other work, and are never in memory as a whole.

An item that does not match its type is omitted and logged: it must not hide all others.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.server.schema.encoding import Unencodable, encode
from argosy.server.schema.facts import Method
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.transport.fields import Selection

log = logging.getLogger(__name__)
ITEMS: Final = {"application.ApplicationService/List": "v1alpha1.Application"}
"""Methods, and the type of their `items`."""
SHORT: Final = 100
"""Items encoded at once."""
GiveWay = Callable[[], Awaitable[None]]


def is_long(method: Method, result: JsonObject) -> bool:
    return method.full_name in ITEMS and len(result.get("items") or ()) > SHORT


async def json_pieces(
    method: Method, result: JsonObject, chosen: Selection | None, give_way: GiveWay
) -> AsyncGenerator[bytes, None]:
    """The complete document, some items at a time."""
    items = result["items"]
    head = shaped(method.response, {**result, "items": []})
    metadata = head["metadata"]
    head = head if chosen is None else chosen.apply(head)
    if chosen is not None and chosen.keeps:
        head["metadata"] = metadata  # clients start a watch from its version
    has_items = chosen is None or "items" in chosen.apply({"items": []})
    head.pop("items", None)
    start = orjson.dumps(head)[:-1]
    if not has_items:
        yield start + b"}"
        return
    before = start + (b"," if head else b"") + b'"items":['
    for at in range(0, len(items), SHORT):
        texts = _texts(items[at : at + SHORT], ITEMS[method.full_name], chosen)
        if texts:
            yield before + b",".join(texts)
            before = b","
        await give_way()
    yield (b"" if before == b"," else before) + b"]}"


def _texts(items: list[JsonObject], kind: str, chosen: Selection | None) -> list[bytes]:
    found = []
    for item in items:
        try:
            made: Any = shaped(kind, item)
        except Misshapen as error:
            _left_out(item, error)
            continue
        if chosen is not None:
            made = chosen.apply({"items": [made]})["items"][0]
        found.append(orjson.dumps(made, option=orjson.OPT_NON_STR_KEYS))
    return found


async def protobuf(method: Method, result: JsonObject, give_way: GiveWay) -> bytes:
    """Repeated fields may be encoded one after the other: concatenated pieces are one message."""
    items = result["items"]
    parts = [encode(method.response, {**result, "items": []})]
    for at in range(0, len(items), SHORT):
        parts += filter(None, map(partial(_message, method.response), items[at : at + SHORT]))
        await give_way()
    return b"".join(parts)


def _message(response: str, item: JsonObject) -> bytes:
    try:
        return encode(response, {"items": [item]})
    except Unencodable as error:
        _left_out(item, error)
        return b""


def _left_out(item: JsonObject, error: Exception) -> None:
    metadata = item.get("metadata") or {}
    log.warning("%s/%s is left out of a list: %s", metadata.get("namespace"), metadata.get("name"), error)
