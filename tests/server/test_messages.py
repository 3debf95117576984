"""What goes to many is written once; one stream's words are the same whether messages come alone or together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.server.messages import Burst, SharedMessage
from argosy.server.schema.facts import methods
from argosy.server.transport.fields import selection
from argosy.server.transport.gateway import Lines
from argosy.server.transport.grpc import Messages, on_wire

METHOD = methods()["application.ApplicationService/Watch"]


def change(name: str, version: int, **more: Any) -> SharedMessage:
    metadata = {"name": name, "namespace": "argocd", "resourceVersion": str(version)}
    return SharedMessage({"type": "MODIFIED", "application": {"metadata": metadata, "spec": {"project": "p"}, **more}})


def test_a_burst_is_written_once_for_all_its_streams() -> None:
    written = list[JsonObject]()

    def write(message: JsonObject) -> bytes:
        written.append(message)
        return str(message["application"]["metadata"]["resourceVersion"]).encode()

    burst = Burst([change("a", 1), change("b", 2)])
    assert burst.form("f", write) is burst.form("f", write) == b"12"
    assert len(written) == 2


@pytest.mark.parametrize("events", [True, False])
@pytest.mark.parametrize("fields", ["", "result.application.metadata.name", "-result.application.spec"])
def test_lines_are_the_same_alone_and_together(fields: str, events: bool) -> None:
    messages = [change("a", 1), change("b", 2), change("a", 3), change("a", 4)]
    chosen = selection(fields) if fields else None
    alone, together = (Lines(METHOD, chosen, events=events) for _ in range(2))
    assert b"".join(map(alone.of, messages)) == together.of(Burst(messages)) != b""


def test_what_says_nothing_new_of_the_chosen_fields_is_left_out_of_each_stream_by_what_it_had() -> None:
    chosen = selection("result.application.metadata.name")
    old, young = Lines(METHOD, chosen, events=False), Lines(METHOD, chosen, events=False)
    assert old.of(Burst([change("a", 1)])).count(b"\n") == 1
    second = Burst([change("a", 2), change("b", 3)])
    assert old.of(second).count(b"\n") == 1, "a is known"
    assert young.of(second).count(b"\n") == 2, "to this one it is not"


def test_one_message_that_cannot_be_written_does_not_keep_others_back(caplog: pytest.LogCaptureFixture) -> None:
    messages = [change("a", 1), change("broken", 2, status={"history": "none"}), change("c", 3)]
    lines = Lines(METHOD, None, events=False).of(Burst(messages)).splitlines()
    assert [json.loads(line)["result"]["application"]["metadata"]["name"] for line in lines] == ["a", "c"]
    assert "broken" in caplog.text
    assert len(Messages().feed(on_wire(METHOD, Burst(messages)))) == 2
