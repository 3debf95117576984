"""Copies of Secrets in other namespaces: granted by both sides, kept equal, and removed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject, Key
from argosy.sealing import copies
from tests.kit.engine import EngineWorld
from tests.kit.world import EVENTS

TO, OF = copies.COPIED_TO, copies.COPY_OF


def world() -> EngineWorld:
    return EngineWorld((copies.controller(),), namespaces=["a", "b"])


def secret(namespace: str, name: str, *, type_: str = "Opaque", data: Any = None, **annotations: str) -> JsonObject:
    metadata = {"name": name, "namespace": namespace, "annotations": annotations.pop("annotations", None)}
    values = {key: base64.b64encode(value.encode()).decode() for key, value in (data or {}).items()}
    return {"apiVersion": "v1", "kind": "Secret", "type": type_, "metadata": metadata, "data": values}


def given(running: EngineWorld, *, to: str = "b", of: str = "a/source", **more: Any) -> None:
    running.create(
        {
            **secret("a", "source", data={"password": "one"}, **more),
        }
    )
    running.patch(Secret, "source", {"metadata": {"annotations": {TO: to}}}, "a")
    running.create(secret("b", "copy", **more))
    running.patch(Secret, "copy", {"metadata": {"annotations": {OF: of}}}, "b")


def values(running: EngineWorld, name: str = "copy", namespace: str = "b") -> dict[str, str]:
    found = running.get(Secret, Key(namespace, name)) or {}
    return {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}


def told(running: EngineWorld, reason: str) -> list[str]:
    return [one["message"] for one in running.list(EVENTS) if one["reason"] == reason]


@pytest.mark.parametrize("to", ["b", "b/copy", "c, b", " b/copy ,x"])
def test_a_secret_is_copied_when_both_sides_say_so_and_follows_its_source(to: str) -> None:
    with world() as running:
        given(running, to=to)
        running.pass_time(1)
        assert values(running) == {"password": "one"}
        more = {"data": {"password": base64.b64encode(b"two").decode(), "user": base64.b64encode(b"u").decode()}}
        running.patch(Secret, "source", more, "a")
        running.pass_time(1)
        assert values(running) == {"password": "two", "user": "u"}
        running.patch(Secret, "source", {"data": {"user": None}}, "a")
        running.pass_time(1)
        assert values(running) == {"password": "two"}


@pytest.mark.parametrize("to", ["", "c", "b/other", "*", "b/*", "bb"])
def test_without_the_sources_grant_nothing_comes_and_absent_sources_read_alike(to: str) -> None:
    with world() as running:
        given(running, to=to)
        running.create(secret("b", "other"))
        running.patch(Secret, "other", {"metadata": {"annotations": {OF: "a/absent"}}}, "b")
        running.pass_time(60)
        assert values(running) == values(running, "other") == {}
        first, second = sorted(told(running, "CopyRefused"))
        assert first.replace("absent", "source") == second


@pytest.mark.parametrize("side", ["source", "copy"])
def test_either_side_takes_it_back_and_the_receivers_own_keys_stay(side: str) -> None:
    with world() as running:
        given(running)
        running.patch(Secret, "copy", {"data": {"mine": base64.b64encode(b"m").decode()}}, "b")
        running.pass_time(1)
        assert values(running) == {"password": "one", "mine": "m"}
        annotation, namespace = (TO, "a") if side == "source" else (OF, "b")
        running.patch(Secret, side, {"metadata": {"annotations": {annotation: None}}}, namespace)
        running.pass_time(1)
        assert values(running) == {"mine": "m"}


def test_a_source_that_is_deleted_takes_its_copies_along() -> None:
    with world() as running:
        given(running)
        running.pass_time(1)
        running.delete(Secret, "source", "a")
        running.pass_time(1)
        assert values(running) == {}


def test_a_certificates_secret_keeps_the_keys_that_its_type_needs() -> None:
    with world() as running:
        pair = {"tls.crt": "CRT", "tls.key": "KEY"}
        running.create(secret("a", "source", type_="kubernetes.io/tls", data=pair))
        running.patch(Secret, "source", {"metadata": {"annotations": {TO: "b"}}}, "a")
        running.create(secret("b", "copy", type_="kubernetes.io/tls", data={"tls.crt": "", "tls.key": ""}))
        running.patch(Secret, "copy", {"metadata": {"annotations": {OF: "a/source"}}}, "b")
        running.pass_time(1)
        assert values(running) == pair
        running.patch(Secret, "source", {"metadata": {"annotations": {TO: None}}}, "a")
        running.pass_time(1)
        assert values(running) == {"tls.crt": "", "tls.key": ""}


def test_neither_copies_of_copies_nor_sealing_keys_nor_other_types_are_given() -> None:
    with world() as running:
        given(running)
        running.patch(Secret, "copy", {"metadata": {"annotations": {TO: "a"}}}, "b")
        running.create(secret("a", "again"))
        running.patch(Secret, "again", {"metadata": {"annotations": {OF: "b/copy"}}}, "a")
        running.create(secret("a", "key", data={"tls.key": "K"}))
        running.patch(
            Secret, "key", {"metadata": {"annotations": {TO: "b"}, "labels": {copies.KEY_LABEL: "active"}}}, "a"
        )
        running.create(secret("b", "thief"))
        running.patch(Secret, "thief", {"metadata": {"annotations": {OF: "a/key"}}}, "b")
        running.create(secret("b", "typed", type_="example.org/x"))
        running.patch(Secret, "typed", {"metadata": {"annotations": {OF: "a/source"}}}, "b")
        running.pass_time(5)
        assert values(running, "again", "a") == values(running, "thief") == values(running, "typed") == {}
        said = " ".join(told(running, "CopyRefused"))
        assert "is a copy itself" in said and "is a sealing key" in said and "is of type Opaque" in said


def test_nothing_is_written_once_a_copy_is_as_it_should_be() -> None:
    with world() as running:
        given(running)
        running.pass_time(5)
        before = running.engine.writes_count
        running.pass_time(3600)
        assert running.engine.writes_count == before
