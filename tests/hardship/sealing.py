"""The stories of sealed secrets: they open, change, break, are replaced and fixed; keys are created once each."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial

from argosy.apis import crds
from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject, resource_of
from argosy.runtime.engine import Engine
from argosy.sealing import answerers, controllers
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.ports import MakeKey
from argosy.sealing.renewal import key_secret
from argosy.sealing.scope import KEY_LABEL
from argosy.sealing.settings import Settings
from argosy.sealing.templates import Templates
from tests.kit.hardship import Committed, Part, Process, Step, Story
from tests.kit.sealing import SYSTEM, ScriptedKeys, item, made_for_tests, sealed, secret
from tests.kit.world import World

SEALED, SECRETS = resource_of(SealedSecret), resource_of(Secret)


class SharedEngine(Engine):
    def replicas_changed(self) -> None:
        self.wake_all()


class SealingStory(Story):
    settings = Settings(renew_period=timedelta())

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.maker = ScriptedKeys()
        self.taken_away: set[str] = set()
        """Secrets that the story deleted: a status may still tell of them, as they were seen before."""

    @classmethod
    def definitions(cls) -> Sequence[JsonObject]:
        return crds("sealed-secrets")

    def prepare(self) -> None:
        self.create(SECRETS, self.a_key(0))

    def a_key(self, number: int) -> JsonObject:
        since = self.world.clock.now()
        question = MakeKey(2048, "", since, since + timedelta(days=3650))
        return key_secret(self.settings, made_for_tests(number, question))

    def start(self, process: Process) -> Part:
        opener = Opener(Templates(process.clock.now, bytes).render, threads=0)
        return SharedEngine(
            process.client,
            process.caches,
            process.clock,
            process.rng,
            controllers(self.settings),
            answerers(opener, self.maker),
            owns=lambda controller, key: process.owns(key),
        )

    def values(self, name: str) -> dict[str, str] | None:
        found = self.get(SECRETS, name)
        if found is None:
            return None
        return {key: b64decode(value).decode() for key, value in (found.get("data") or {}).items()}

    def told(self, name: str) -> tuple[str, str]:
        found = self.get(SEALED, name) or {}
        condition: JsonObject = next(iter((found.get("status") or {}).get("conditions") or ()), {})
        return str(condition.get("status")), str(condition.get("message") or "")

    def wrong(self, write: Committed) -> Iterable[str]:
        """A condition is correct: True only when the Secret is as the SealedSecret says."""
        if write.write.resource != SEALED or write.after is None or not write.became("status", "conditions"):
            return
        name = write.after["metadata"]["name"]
        condition = write.after["status"]["conditions"][0]
        kept = self.world.cluster.reader.get("", "secrets", write.after["metadata"]["namespace"], name)
        if condition["status"] == "True" and kept is None and name not in self.taken_away:
            yield f"{name} is told to be synced, and has no Secret"


class Unsealing(SealingStory):
    """Items that open, change, do not open, and open again; a Secret of others; a Secret that is deleted."""

    name = "unsealing"

    def steps(self) -> Iterable[Step]:
        yield partial(self.create, SECRETS, secret({"old": "x"}, name="taken"))
        for name in ("a", "b"):
            yield partial(self.create, SEALED, sealed({"v": "one"}, name=name))
        yield partial(self.create, SEALED, sealed({"v": "mine"}, name="taken"))
        yield lambda: self.values("a") == self.values("b") == {"v": "one"} and self.told("taken")[0] == "False"
        yield partial(self.patch, SEALED, "a", {"spec": {"encryptedData": {"v": item("two", name="a")}}})
        yield partial(self.patch, SEALED, "b", {"spec": {"encryptedData": {"v": "AAAA"}}})
        yield lambda: self.values("a") == {"v": "two"} and self.told("b")[0] == "False"
        yield partial(self.take_away, "a")
        yield partial(self.take_away, "taken")
        yield lambda: self.values("a") == {"v": "two"} and self.values("taken") == {"v": "mine"}
        yield lambda: [self.told(name)[0] for name in ("a", "b", "taken")] == ["True", "False", "True"]

    def take_away(self, name: str) -> None:
        self.taken_away.add(name)
        self.delete(SECRETS, name)

    def outcome(self) -> object:
        names = ("a", "b", "taken")
        return {name: (self.values(name), self.told(name)) for name in names}


class Replaced(SealingStory):
    """A SealedSecret is deleted and re-created at once: the garbage collector deletes no Secret for good."""

    name = "replaced"

    def steps(self) -> Iterable[Step]:
        yield partial(self.create, SEALED, sealed({"v": "one"}, name="a"))
        yield lambda: self.values("a") == {"v": "one"}
        yield partial(self.delete, SEALED, "a")
        yield partial(self.create, SEALED, sealed({"v": "two"}, name="a"))
        yield lambda: self.outcome() == ({"v": "two"}, ("True", ""), True)

    def outcome(self) -> object:
        owner = ((self.get(SECRETS, "a") or {}).get("metadata") or {}).get("ownerReferences") or [{}]
        mine = ((self.get(SEALED, "a") or {}).get("metadata") or {}).get("uid")
        return self.values("a"), self.told("a"), owner[0].get("uid") == mine


class Renewing(SealingStory):
    """A key is made at the start and one at each period, however often the process dies in between."""

    name = "renewing"
    settings = Settings(renew_period=timedelta(hours=48))

    def prepare(self) -> None:
        """No key is there."""

    def steps(self) -> Iterable[Step]:
        yield lambda: len(self.keys()) == 1

    def keys(self) -> list[str]:
        held = (found["metadata"] for found in self.list(SECRETS, SYSTEM))
        return [metadata["name"] for metadata in held if KEY_LABEL in (metadata.get("labels") or {})]

    def outcome(self) -> object:
        return {"some key": bool(self.keys())}

    def wrong_at_the_end(self) -> Iterable[str]:
        if len(self.keys()) > 2:
            yield f"{len(self.keys())} keys where one was due"


STORIES: tuple[type[Story], ...] = (Unsealing, Replaced, Renewing)
