"""Keys that are made once, objects sealed with them, and a world in virtual time that opens them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.apis import crds
from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject, Key, Kind, resource_of
from argosy.runtime.client import Client
from argosy.sealing import answerers, controllers
from argosy.sealing.adapters.keymaking import made_key
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.item import seal
from argosy.sealing.keyring import SealingKey, sealing_key
from argosy.sealing.ports import MadeKey, MakeKey
from argosy.sealing.renewal import key_secret
from argosy.sealing.scope import Scope, label_of, scope_annotations
from argosy.sealing.settings import Settings
from argosy.sealing.templates import Templates
from tests.kit.engine import EngineWorld
from tests.kit.world import EVENTS

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SYSTEM = "kube-system"
NAME = Key("default", "app")


@cache
def private(number: int) -> rsa.RSAPrivateKey:
    """The same small key for the same number."""
    return rsa.generate_private_key(65537, 2048)


class ScriptedKeys:
    """Creates keys from a fixed list, so that a process costs no time and every run of a seed is the same.

    `taken`: how many of the row are there already.
    """

    def __init__(self, taken: int = 0) -> None:
        self.count = 0
        self._taken = taken

    async def make(self, question: MakeKey) -> MadeKey:
        self.count += 1
        return made_key(private(self._taken + self.count - 1), question, self.count.to_bytes(16, "big"))


def made_for_tests(number: int, question: MakeKey) -> MadeKey:
    return made_key(private(number), question, (number + 1).to_bytes(16, "big"))


def key_pair(number: int = 0, since: datetime = NOON) -> SealingKey:
    made = made_key(private(number), MakeKey(2048, "", since, since + timedelta(days=3650)), number.to_bytes(16, "big"))
    return sealing_key(made.private_pem, made.certificate_pem)


def item(
    value: str | bytes,
    *,
    scope: Scope = Scope.STRICT,
    namespace: str = NAME.namespace,
    name: str = NAME.name,
    key: int = 0,
) -> str:
    """Sealed with key `key`; deterministic session keys are for tests alone."""
    content = value.encode() if isinstance(value, str) else value
    return seal(private(key).public_key(), label_of(scope, namespace, name), content, (content * 32 + bytes(32))[:32])


def sealed(
    items: Mapping[str, str],
    *,
    name: str = NAME.name,
    namespace: str = NAME.namespace,
    scope: Scope = Scope.STRICT,
    template: JsonObject | None = None,
    key: int = 0,
    raw: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> JsonObject:
    """A SealedSecret of these values; `raw` are items as they are."""
    made = {one: item(value, scope=scope, namespace=namespace, name=name, key=key) for one, value in items.items()}
    metadata: JsonObject = {"name": name, "namespace": namespace}
    if marks := {**scope_annotations(scope), **(annotations or {})}:
        metadata["annotations"] = marks
    spec: JsonObject = {"encryptedData": {**made, **(raw or {})}}
    if template is not None:
        spec["template"] = template
    return {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata, "spec": spec}


def secret(
    data: Mapping[str, str], *, name: str = NAME.name, annotations: Mapping[str, str] | None = None, **more: Any
) -> JsonObject:
    """A Secret of other people; values as text."""
    metadata = {"name": name, "namespace": NAME.namespace, "annotations": dict(annotations or {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(data), **more}


class SealingWorld(EngineWorld):
    """Has the key number 0 from the start, unless `keys` says otherwise."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        keys: int = 1,
        seed: int = 7,
        start: datetime = NOON,
        wrap: Callable[[Client], Client] = lambda client: client,
        namespaces: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings or Settings(renew_period=timedelta())
        self.maker = ScriptedKeys(taken=keys)
        self.opener = Opener(Templates(lambda: self.clock.now(), bytes).render, threads=0)
        super().__init__(
            controllers(self.settings),
            answerers(self.opener, self.maker),
            crds=crds("sealed-secrets"),
            seed=seed,
            start=start,
            wrap=wrap,
            namespaces=namespaces,
        )
        self._first = keys

    def start(self) -> None:
        for number in range(self._first):
            self.add_key(number)
        self._first = 0
        super().start()

    def add_key(self, number: int, **settings: Any) -> JsonObject:
        """A key Secret of key `number`, as restored from a backup."""
        since = self.clock.now()
        question = MakeKey(2048, "", since, since + timedelta(days=3650))
        made = made_key(private(number), question, number.to_bytes(16, "big"))
        return self.create(key_secret(replace(self.settings, **settings), made))

    def see(self, kind: Kind, key: Key) -> JsonObject | None:
        """As `get`, within a goal."""
        place = resource_of(kind)
        return self.cluster.reader.get(place.group, place.plural, key.namespace, key.name)

    def values(self, key: Key = NAME) -> dict[str, str] | None:
        """Of the Secret, as text."""
        found = self.see(Secret, key)
        data = None if found is None else found.get("data") or {}
        return None if data is None else {name: b64decode(value).decode() for name, value in data.items()}

    def condition(self, key: Key = NAME) -> JsonObject:
        found = self.see(SealedSecret, key) or {}
        return next(iter((found.get("status") or {}).get("conditions") or ()), {})

    def synced(self, key: Key = NAME) -> str:
        return str(self.condition(key).get("status") or "")

    def events(self, namespace: str = NAME.namespace) -> list[tuple[str, str]]:
        return [(str(event["reason"]), str(event["message"])) for event in self.list(EVENTS, namespace)]
