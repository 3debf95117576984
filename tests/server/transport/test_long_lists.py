"""Long lists are written in pieces, and read as if they were not."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.server.schema.decoding import decode
from argosy.server.schema.encoding import encode
from argosy.server.schema.facts import methods
from argosy.server.schema.go_json import shaped
from argosy.server.transport.fields import Selection, selection
from argosy.server.transport.long_lists import is_long, json_pieces, protobuf

METHOD = methods()["application.ApplicationService/List"]


def application(number: int, **spec: Any) -> JsonObject:
    metadata = {"name": f"app-{number:03d}", "namespace": "argocd", "resourceVersion": str(number)}
    return {"metadata": metadata, "spec": {"project": "p", **spec}, "status": {"health": {"status": "Healthy"}}}


def listed(count: int) -> JsonObject:
    return {"metadata": {"resourceVersion": "7"}, "items": [application(number) for number in range(count)]}


def written(result: JsonObject, chosen: Selection | None = None) -> tuple[Any, int, int]:
    """The document, its pieces, and how often others had their turn."""
    turns = 0

    async def give_way() -> None:
        nonlocal turns
        turns += 1

    async def scenario() -> list[bytes]:
        return [piece async for piece in json_pieces(METHOD, result, chosen, give_way)]

    pieces = asyncio.run(scenario())
    return json.loads(b"".join(pieces)), len(pieces), turns


def test_short_lists_are_written_at_once() -> None:
    assert not is_long(METHOD, listed(100))
    assert is_long(METHOD, listed(101))
    assert not is_long(METHOD, {"items": None})
    assert not is_long(methods()["project.ProjectService/List"], listed(101))


@pytest.mark.parametrize("count", [101, 250, 1000])
def test_the_pieces_are_the_whole(count: int) -> None:
    result = listed(count)
    document, pieces, turns = written(result)
    assert document == shaped(METHOD.response, result)
    assert pieces > turns >= count // 100


@pytest.mark.parametrize("text", ["items.metadata.name", "items.metadata.name,metadata", "-items.status", "metadata"])
def test_chosen_fields_are_those_of_a_short_list(text: str) -> None:
    result, chosen = listed(150), selection(text)
    assert chosen is not None
    whole = shaped(METHOD.response, result)
    wanted = chosen.apply(whole)
    if chosen.keeps:
        wanted["metadata"] = whole["metadata"]
    assert written(result, chosen)[0] == wanted


def test_one_that_is_malformed_keeps_no_other_from_being_seen(caplog: pytest.LogCaptureFixture) -> None:
    result = listed(150)
    for at in (0, 99, 100, 149):
        result["items"][at] = application(at, source="no object")
    found = written(result)[0]["items"]
    assert len(found) == 146
    assert "argocd/app-099 is left out of a list" in caplog.text
    everything = {**result, "items": [application(at, source="no object") for at in range(101)]}
    assert written(everything)[0]["items"] == []


def test_messages_written_one_after_the_other_are_one() -> None:
    result = listed(150)

    async def give_way() -> None:
        return

    data = asyncio.run(protobuf(METHOD, result, give_way))
    assert decode(METHOD.response, data) == decode(METHOD.response, encode(METHOD.response, result))
