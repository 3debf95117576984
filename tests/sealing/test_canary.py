"""No value and no private key gets out: planted ones are looked for in everything the room wrote and said."""

from __future__ import annotations

import base64
import json
import logging

import pytest

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import Key
from argosy.sealing.ports import Opened
from tests.kit.sealing import NAME, SYSTEM, SealingWorld, item, sealed, secret
from tests.kit.world import EVENTS

CANARY = "canary-5f0c9b7e2d41"
TEMPLATES = (
    "{{ fail .v }}",
    '{{ mustToDate "2006" .v }}',
    '{{ regexFind .v "a" }}',
    "{{ .v | mustFromJson }}",
    "{{ index .v 99 }}",
    "{{ .v.x }}",
    "{{ semver .v }}",
    '{{ template "x" .v }}',
    '{{ range until 1000000 }}{{ print $.v }}{{ end }}',
)  # fmt: skip


def spellings(value: str) -> tuple[str, ...]:
    raw = value.encode()
    return value, base64.b64encode(raw).decode().rstrip("=")[:-1], raw.hex()


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_that_fails_on_a_value_does_not_show_it(template: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), SealingWorld() as world:
        world.create(sealed({"v": f"({CANARY}"}, template={"data": {"x": template}}))
        world.run_until(lambda: world.synced() != "")
        world.pass_time(5)
        told = json.dumps([world.get(SealedSecret, NAME), list(world.list(EVENTS))]) + caplog.text
        assert not [found for found in spellings(CANARY) if found in told]


def test_values_and_keys_are_in_secrets_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), SealingWorld() as world:
        world.create(secret({"v": CANARY}, name="taken"))
        world.create(sealed({"v": CANARY}))
        world.create(sealed({"v": CANARY}, name="taken"))
        world.create(sealed({"v": CANARY}, name="broken", raw={"w": item(CANARY, name="elsewhere")}))
        world.create(sealed({"v": CANARY}, name="fixed", template={"immutable": True}))
        world.run_until(lambda: all(world.synced(Key("default", n)) for n in ("app", "taken", "broken", "fixed")))
        world.patch(SealedSecret, "fixed", {"spec": {"encryptedData": {"v": item(CANARY + "2", name="fixed")}}})
        world.run_until(lambda: world.synced(Key("default", "fixed")) == "False")
        world.pass_time(600)
        keys = [obj["data"]["tls.key"] for obj in world.list(Secret, SYSTEM) if "tls.key" in (obj.get("data") or {})]
        assert keys
        told = json.dumps([*world.list(SealedSecret), *world.list(EVENTS)]) + caplog.text
        told += repr(list(world.engine.failing.values()))
        planted = [*spellings(CANARY), *(key[200:260] for key in keys)]
        assert not [found for found in planted if found in told]


def test_what_was_opened_is_in_no_repr() -> None:
    assert CANARY not in repr(Opened({"data": {"v": CANARY}}))
