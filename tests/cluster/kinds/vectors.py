"""Recorded exchanges and fixtures, and how a strategy is driven without a server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from argosy.cluster.kind import Kind, Operation, User, WriteContext
from argosy.cluster.kinds import builtin_kinds
from argosy.machinery.objects import JsonObject, Key, key_of

ROOT = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[4] / "shared") / "data/kubernetes"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UID = "00000000-0000-4000-8000-000000000001"
IGNORED_METADATA = ("uid", "resourceVersion", "creationTimestamp", "managedFields")

needs_vectors = pytest.mark.skipif(not ROOT.exists(), reason="recorded exchanges are not present")


@cache
def exchange(name: str) -> JsonObject:
    document: JsonObject = json.loads((ROOT / "exchanges" / f"{name}.json").read_text())
    return document


def steps(name: str) -> Iterator[JsonObject]:
    if (ROOT / "exchanges").exists():
        yield from (step for step in exchange(name)["steps"] if "response" in step)


@cache
def kinds() -> tuple[Kind, ...]:
    return tuple(builtin_kinds())


def kind_of(obj: JsonObject) -> Kind:
    return next(
        kind for kind in kinds() if (kind.resource.api_version, kind.resource.kind) == (obj["apiVersion"], obj["kind"])
    )


class NoChance:
    """Strategies draw nothing: the door is there because the context has it."""

    def uuid(self) -> str:
        raise AssertionError("a strategy drew a uuid")

    def uniform(self, low: float, high: float) -> float:
        raise AssertionError("a strategy drew a number")

    def suffix(self, length: int) -> str:
        raise AssertionError("a strategy drew a suffix")

    def token_bytes(self, length: int) -> bytes:
        raise AssertionError("a strategy drew bytes")


class Objects:
    """A reader over given objects."""

    def __init__(self, *objects: tuple[str, str, JsonObject]) -> None:
        self.rows: dict[tuple[str, str, Key], JsonObject] = {}
        for group, plural, obj in objects:
            self.add(group, plural, obj)

    def add(self, group: str, plural: str, obj: JsonObject) -> None:
        self.rows[group, plural, key_of(obj)] = obj

    def get(self, group: str, plural: str, namespace: str, name: str) -> JsonObject | None:
        return self.rows.get((group, plural, Key(namespace, name)))

    def list(self, group: str, plural: str, namespace: str = "") -> Sequence[JsonObject]:
        return [
            obj
            for (own_group, own_plural, key), obj in sorted(self.rows.items(), key=lambda row: row[0])
            if (own_group, own_plural) == (group, plural) and namespace in ("", key.namespace)
        ]


def context(operation: Operation = "CREATE", **more: Any) -> WriteContext:
    given: dict[str, Any] = {"now": NOW, "rng": NoChance(), "reader": Objects(), "user": User("recorder")}
    return WriteContext(operation=operation, **{**given, **more})


def created(body: JsonObject, ctx: WriteContext | None = None, *, uid: str = UID) -> tuple[JsonObject, list[str]]:
    """The object as it would be stored, without what the handlers add; and all causes as `field: message`."""
    ctx = ctx or context()
    strategy = kind_of(body).strategy
    obj = strategy.decode(body).obj
    obj["metadata"]["uid"] = uid
    strategy.default(obj)
    strategy.prepare_create(ctx, obj)
    causes = strategy.validate(ctx, obj, None)
    strategy.canonicalize(obj)
    return obj, [f"{cause.field}: {cause.message}" for cause in causes]


def updated(old: JsonObject, body: JsonObject, subresource: str = "", **more: Any) -> tuple[JsonObject, list[str]]:
    """As `created`, for a replacement of a stored object."""
    ctx = context("UPDATE", subresource=subresource, **more)
    strategy = kind_of(body).strategy
    obj = strategy.decode(body).obj
    strategy.default(obj)
    strategy.prepare_update(ctx, obj, old)
    causes = strategy.validate(ctx, obj, old)
    strategy.canonicalize(obj)
    return obj, [f"{cause.field}: {cause.message}" for cause in causes]
