"""Copies Secrets and ConfigMaps of the shared namespace into every project that should have them.

Owns the copies, which are marked with their source, and deletes them with it. Source: spec/kargo.md 2.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argosy.machinery.controller import Controller, Decision, Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write, create, delete, merge
from argosy.promotion.kinds import CONFIG_MAPS, NAMESPACES, SECRETS
from argosy.promotion.names import CRED_TYPE, PROJECT, REPLICATE_TO, REPLICATED_FROM, REPLICATED_SHA
from argosy.promotion.settings import Settings

DIGITS = 16
_CONTENT = ("data", "binaryData", "type", "immutable")


@dataclass(frozen=True, slots=True)
class Seen:
    namespace: str
    sources: Sequence[tuple[Resource, JsonObject]]
    copies: Sequence[tuple[Resource, JsonObject]]
    present: frozenset[tuple[str, str]]
    """(plural, name) of every object of these kinds in the project."""


class Copying:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def controller(self) -> Controller[Seen]:
        return Controller(
            name="replication-controller",
            kind=NAMESPACES,
            look=self.look,
            decide=decide,
            owns=(SECRETS, CONFIG_MAPS),
            manager="kargo",
        )

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        space = snapshot.object(NAMESPACES, key)
        if space is None or space["metadata"].get("deletionTimestamp"):
            return None
        if (space["metadata"].get("labels") or {}).get(PROJECT) != "true":
            return None
        shared, kinds = self._settings.shared_namespace, (SECRETS, CONFIG_MAPS)
        sources = [(kind, one) for kind in kinds for one in snapshot.objects(kind, shared) if _is_shared(kind, one)]
        own = [(kind, one) for kind in kinds for one in snapshot.objects(kind, key.name)]
        copies = [(kind, one) for kind, one in own if REPLICATED_FROM in (one["metadata"].get("labels") or {})]
        return Seen(key.name, sources, copies, frozenset((kind.plural, one["metadata"]["name"]) for kind, one in own))


def _is_shared(kind: Resource, one: JsonObject) -> bool:
    metadata = one["metadata"]
    if (metadata.get("annotations") or {}).get(REPLICATE_TO) != "*" or metadata.get("deletionTimestamp"):
        return False
    return kind is CONFIG_MAPS or CRED_TYPE in (metadata.get("labels") or {})


def decide(seen: Seen, now: datetime) -> Decision:
    del now
    writes: list[Write] = []
    wanted = {
        (kind.plural, one["metadata"]["name"]): (kind, _copy(kind, one, seen.namespace)) for kind, one in seen.sources
    }
    present = {(kind.plural, one["metadata"]["name"]): one for kind, one in seen.copies}
    for place, (kind, copy) in wanted.items():
        if place in present:
            if _sha(present[place]) != _sha(copy):
                content = {name: copy.get(name) for name in _CONTENT if name != "type"}
                writes.append(
                    merge(kind, present[place], {**content, "metadata": {"labels": copy["metadata"]["labels"]}})
                )
        elif place not in seen.present:  # a project's own object of this name stays
            writes.append(create(kind, copy))
    for kind, one in seen.copies:
        if (kind.plural, one["metadata"]["name"]) not in wanted:
            # Exactly what was read: a copy that a user took over since stays.
            writes.append(delete(kind, one))
    return Decision(tuple(writes))


def _sha(copy: JsonObject) -> str:
    return str((copy["metadata"].get("labels") or {}).get(REPLICATED_SHA) or "")


def _copy(kind: Resource, source: JsonObject, namespace: str) -> JsonObject:
    content = {name: source[name] for name in _CONTENT if name in source}
    labels = dict(source["metadata"].get("labels") or {})
    digest = hashlib.sha256(json.dumps([content, labels], sort_keys=True).encode()).hexdigest()[:DIGITS]
    marks = {REPLICATED_FROM: source["metadata"]["name"][:63], REPLICATED_SHA: digest}
    metadata = {"name": source["metadata"]["name"], "namespace": namespace, "labels": {**labels, **marks}}
    return {"apiVersion": "v1", "kind": kind.kind, "metadata": metadata, **content}
