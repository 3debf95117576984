"""Keys are made: the first, the next, after a cut-off; never two for one, and never one too early."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.apis.kubernetes.views.core import Namespace, Secret
from argosy.apis.schema import read
from argosy.machinery.controller import KEEP
from argosy.machinery.objects import Key
from argosy.machinery.timestamps import parse
from argosy.sealing.keyring import KeyRing, RegisteredKey
from argosy.sealing.ports import MadeKey
from argosy.sealing.renewal import Course, Seen, decide, next_key_at, warning_at
from argosy.sealing.scope import KEY_LABEL
from argosy.sealing.settings import Settings
from tests.kit.sealing import NOON, SYSTEM, SealingWorld, key_pair, sealed

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEY = key_pair()
NAMESPACE = read(Namespace, {"metadata": {"name": SYSTEM}})


def keys(world: SealingWorld) -> list[str]:
    return [
        found["metadata"]["name"]
        for found in world.list(Secret, SYSTEM)
        if KEY_LABEL in found["metadata"].get("labels", {})
    ]


def test_the_first_key_is_made_at_once_even_with_renewal_off() -> None:
    with SealingWorld(keys=0) as world:
        world.pass_time(1)
        assert len(keys(world)) == 1
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.values() == {"a": "1"})
        world.pass_time(7200)
        assert len(keys(world)) == 1


def test_a_key_secret_looks_as_upstream_makes_it() -> None:
    settings = Settings(renew_period=timedelta(), key_labels={"team": "web"}, key_annotations={"note": "x"})
    with SealingWorld(settings, keys=0) as world:
        world.pass_time(1)
        (name,) = keys(world)
        found = world.get(Secret, Key(SYSTEM, name))
        assert found is not None
        metadata = found["metadata"]
        assert name.startswith("sealed-secrets-key")
        assert metadata["generateName"] == "sealed-secrets-key"
        assert metadata["labels"] == {KEY_LABEL: "active", "team": "web"}
        assert metadata["annotations"] == {"note": "x"}
        assert found["type"] == "kubernetes.io/tls"
        assert sorted(found["data"]) == ["tls.crt", "tls.key"]


def test_renewals_come_every_period_to_the_second() -> None:
    with SealingWorld(Settings(renew_period=HOUR), keys=0) as world:
        world.pass_time(5 * 3600 + 60)
        made = sorted(parse(found["metadata"]["creationTimestamp"]) for found in world.list(Secret, SYSTEM))
        assert [at - made[0] for at in made] == [number * HOUR for number in range(6)]


def test_a_year_has_thirteen_keys_and_a_look_at_each_only_when_it_is_due() -> None:
    settings, now, looks = Settings(), NOON, 0
    ring, course = KeyRing(), Course()
    while now < NOON + timedelta(days=365):
        looks += 1
        made = MadeKey("f", b"", b"") if course.making else None
        decision = decide(settings, Seen(namespace=NAMESPACE, ring=ring, course=course, made=made), now)
        if decision.steps:
            ring = KeyRing((*ring.keys, RegisteredKey(f"k{looks}", KEY, now)))
        course = course if decision.memory is KEEP else decision.memory
        now = decision.wake_at or now
    assert len(ring.keys) == 13
    assert looks < 60


def test_what_was_sealed_with_an_old_key_still_opens_after_renewals() -> None:
    with SealingWorld(Settings(renew_period=HOUR), keys=1) as world:
        world.pass_time(3 * 3600)
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.values() == {"a": "1"})


@pytest.mark.parametrize(("cutoff", "made"), [(-DAY, 1), (timedelta(), 1), (timedelta(seconds=1), 2), (DAY, 2)])
def test_a_key_older_than_the_cutoff_is_followed_by_one_new_key_and_no_more(cutoff: timedelta, made: int) -> None:
    with SealingWorld(Settings(renew_period=timedelta(), cutoff=NOON + cutoff)) as world:
        world.pass_time(3600)
        assert len(keys(world)) == made


def test_an_overdue_renewal_comes_at_once_and_the_next_a_period_later() -> None:
    old = KeyRing((RegisteredKey("a", KEY, NOON - 40 * DAY),))
    assert next_key_at(Settings(), old, NOON, began=True) == NOON
    assert (
        next_key_at(Settings(), KeyRing((*old.keys, RegisteredKey("b", KEY, NOON))), NOON, began=True)
        == NOON + 30 * DAY
    )


def test_no_clock_step_makes_a_key_early() -> None:
    ring = KeyRing((RegisteredKey("a", KEY, NOON),))
    assert next_key_at(Settings(), ring, NOON - DAY, began=True) == NOON + 30 * DAY


def test_a_key_secret_without_a_readable_key_is_reported_once_and_skipped() -> None:
    with SealingWorld() as world:
        metadata = {"name": "sealed-secrets-keybad", "namespace": SYSTEM, "labels": {KEY_LABEL: "active"}}
        world.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"tls.key": "AAAA"}})
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.values() == {"a": "1"})
        world.pass_time(600)
        told = [message for reason, message in world.events("default") if reason == "UnreadableKey"]
        assert len(told) == 1
        assert "sealed-secrets-keybad" in told[0]


def test_the_end_of_the_key_that_seals_is_reported_in_time_and_once_where_no_other_one_follows() -> None:
    with SealingWorld(Settings(renew_period=timedelta(), key_ttl=6 * HOUR), keys=0) as world:
        world.pass_time(5 * 3600 - 60)
        assert not [message for reason, message in world.events("default") if reason == "KeyExpiring"]
        world.pass_time(120)
        (name,) = keys(world)
        (told,) = [message for reason, message in world.events("default") if reason == "KeyExpiring"]
        assert name in told


def test_no_end_of_a_key_is_reported_that_is_replaced_before_it() -> None:
    assert warning_at(KeyRing((RegisteredKey("a", KEY, NOON),)), NOON + 30 * DAY) is None
    assert warning_at(KeyRing(), None) is None


def test_a_relabelled_key_opens_nothing_any_more() -> None:
    with SealingWorld(keys=2) as world:
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        for name in keys(world):
            world.patch(Secret, name, {"metadata": {"labels": {KEY_LABEL: "compromised"}}}, SYSTEM)
        world.create(sealed({"a": "1"}, name="later"))
        world.run_until(lambda: world.synced(Key("default", "later")) == "False")
        assert world.values() == {"a": "1"}


def test_a_restart_makes_no_further_key() -> None:
    with SealingWorld(Settings(), keys=0) as world:
        world.pass_time(1)
        for _ in range(3):
            world.restart()
            world.pass_time(60)
        assert len(keys(world)) == 1
