"""Recorded time lines of the real controller, played against ours in virtual time, compared object by object.

Compared: the order of the distinct states of each object, its last state, and its Events by first appearance (upstream
tries a failing object six times, ours waits for what may mend it). Key Secrets are left to `renewal`. Where upstream
gave up for ever though the Secret in its way went, ours must have come as far, and may go on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject, Resource, resource_of
from argosy.machinery.status import StatusError
from argosy.sealing.scope import Scope
from argosy.sealing.settings import Settings
from tests.kit.sealing import SealingWorld, item

from .outcome import Outcome
from .reading import stories

KINDS = {"SealedSecret": resource_of(SealedSecret), "Secret": resource_of(Secret)}
EVENTS = Resource("", "v1", "events", "Event")
NAMESPACE = "play"
QUIET = 2.0
UNKNOWN_KEY = 9


def run(data: Path) -> Iterator[Outcome]:
    files = (data / "sealed-secrets" / "timelines").glob("*.json")
    for path, story, unread in stories("sealed-secrets/timelines", files, "given", "actions", "objects"):
        if isinstance(story, dict) and "cases" in story:
            continue  # transcripts of a command, and no story
        if unread:
            yield unread
            continue
        try:
            detail = Play(story).run()
        except Exception as error:  # a story that breaks us is one failure
            detail = f"{type(error).__name__}: {error}"
        yield Outcome("sealed-secrets/timelines", path.stem, not detail, detail)


class Play:
    """One story: what is given, what users do, and what was seen of each object."""

    def __init__(self, story: Any) -> None:
        self._story = story
        self._states: dict[str, list[JsonObject]] = {name: [] for name in story["objects"]}
        self._uids: dict[str, str] = {}
        self._keys = 1

    def run(self) -> str:
        renews = self._story["controller"] == "key-renew-period"
        settings = Settings(renew_period=timedelta(seconds=6 if renews else 0))
        with SealingWorld(settings, namespaces=(NAMESPACE,)) as world:
            self._watch(world)
            for obj in self._story["given"]:
                self._create(world, obj)
            world.pass_time(QUIET)
            for action in self._story["actions"]:
                self._do(world, action)
                world.pass_time(QUIET)
            return self._differs(world)

    def _watch(self, world: SealingWorld) -> None:
        def changed(kind: str, old: JsonObject | None, new: JsonObject | None) -> None:
            obj = new or old
            assert obj is not None
            name = f"{kind}/{obj['metadata']['name']}"
            if obj["metadata"].get("namespace") != NAMESPACE or name not in self._states:
                return
            self._uids[obj["metadata"]["uid"]] = name
            state = {"deleted": True} if new is None else self._shown(new)
            if not self._states[name] or self._states[name][-1] != state:
                self._states[name].append(state)

        for kind, resource in KINDS.items():
            world.caches.cache(resource).on_change(partial(changed, kind))
        world.pass_time(1)

    def _create(self, world: SealingWorld, obj: JsonObject) -> None:
        made = self._filled(obj)
        made["metadata"]["namespace"] = NAMESPACE
        world.create(made)

    def _do(self, world: SealingWorld, action: Any) -> None:
        match action["do"]:
            case "create":
                self._create(world, action["object"])
            case "patch":
                kind, _, name = action["target"].partition("/")
                world.patch(KINDS[kind], name, self._filled(action["patch"]), NAMESPACE)
            case "delete":
                kind, _, name = action["target"].partition("/")
                world.delete(KINDS[kind], name, NAMESPACE)
            case "sleep":
                world.pass_time(action["seconds"])
            case "wait":
                world.pass_time(action["most"])
            case other:
                raise StatusError(400, "BadRequest", f"unknown action {other}")

    def _filled(self, value: Any) -> Any:
        """With items sealed as the story says, and our namespace for its."""
        if isinstance(value, dict):
            if "$seal" in value:
                return self._sealed(value)
            return {name: self._filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        return value.replace("{ns}", NAMESPACE) if isinstance(value, str) else value

    def _sealed(self, order: Any) -> str:
        plain, scope, namespace, name = order["$seal"]
        key = UNKNOWN_KEY if order.get("key") == "unknown" else 0
        made = item(plain, scope=Scope(scope), namespace=self._filled(namespace), name=name, key=key)
        if not order.get("flip"):
            return made
        raw = bytearray(base64.b64decode(made))
        raw[-1] ^= 1
        return base64.b64encode(bytes(raw)).decode()

    def _shown(self, obj: JsonObject) -> JsonObject:
        """As the recordings show it, but for values that are text."""
        kept = ("name", "labels", "annotations", "ownerReferences", "finalizers", "generateName")
        metadata = {name: obj["metadata"][name] for name in kept if obj["metadata"].get(name)}
        rest = ("spec", "status", "type", "immutable")
        found: JsonObject = {"metadata": metadata, **{name: obj[name] for name in rest if obj.get(name)}}
        if obj["kind"] == "Secret":
            found["data"] = {key: _text(value) for key, value in (obj.get("data") or {}).items()}
        return found

    def _differs(self, world: SealingWorld) -> str:
        for name, recorded in self._story["objects"].items():
            if name.startswith("KeySecret/"):
                continue
            wanted = [self._comparable(state) for state in _whole(recorded["states"])]
            found = [self._comparable(state) for state in self._states[name]]
            if self._gave_up():
                found = found[: len(wanted)]
            if found != wanted:
                return f"{name}: {json.dumps(found)} != {json.dumps(wanted)}"
            events = self._events(world, name)
            told = [(event["type"], event["reason"], self._filled(event["message"])) for event in recorded["events"]]
            wanted_events = list(dict.fromkeys(told))
            if self._gave_up():
                events = events[: len(wanted_events)]
            if events != wanted_events:
                return f"{name}: events {events} != {told}"
        return ""

    def _gave_up(self) -> bool:
        """Upstream was left with `not managed` after the Secret of others was deleted."""
        last = [list(_whole(one["states"]))[-1] for one in self._story["objects"].values()]
        conditions = [found for state in last for found in (state.get("status") or {}).get("conditions") or ()]
        blocked = any("is not managed by SealedSecret" in (found.get("message") or "") for found in conditions)
        return blocked and any(state.get("deleted") for state in last)

    def _events(self, world: SealingWorld, name: str) -> list[tuple[str, str, str]]:
        """In the order of their first appearance."""
        kind, _, plain = name.partition("/")
        found = [
            event
            for event in world.list(EVENTS, NAMESPACE)
            if (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == (kind, plain)
        ]
        found.sort(key=lambda event: str(event["firstTimestamp"]))
        return [(event["type"], event["reason"], event["message"]) for event in found]

    def _comparable(self, state: JsonObject) -> JsonObject:
        made = json.loads(json.dumps(state))
        made.pop("step", None)
        spec = made.get("spec") or {}
        if "encryptedData" in spec:
            spec["encryptedData"] = sorted(spec["encryptedData"])
        if "data" in spec:
            spec["data"] = "{item}"
        for condition in (made.get("status") or {}).get("conditions") or ():
            condition |= dict.fromkeys(("lastUpdateTime", "lastTransitionTime"), "{time}")
        for owner in (made.get("metadata") or {}).get("ownerReferences") or ():
            owner["uid"] = owner["uid"] if owner["uid"].startswith("{") else f"{{uid:{self._uids[owner['uid']]}}}"
        if made.get("data") == {}:
            made.pop("data")
        return dict(made)


def _whole(states: Any) -> Iterator[JsonObject]:
    """With "=" replaced by its value."""
    before: JsonObject = {}
    for state in states:
        if state.get("optional"):
            continue
        before = {name: before[name] if value == "=" else value for name, value in state.items()}
        yield before


def _text(value: str) -> JsonObject:
    raw = base64.b64decode(value)
    return {"text": raw.decode(), "length": len(raw)}
