"""What clients ask over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import Any

import pytest

from argosy.apis.bitnami import SealedSecret
from argosy.apis.schema import read
from argosy.sealing import endpoints
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.assembly import sealed_label
from argosy.sealing.endpoints import BODY_LIMIT, WAITING_LIMIT, Answer, Endpoints, sealed_secret_of
from argosy.sealing.keyring import KeyRing, RegisteredKey
from argosy.sealing.ports import Opened
from argosy.sealing.rates import Rates
from argosy.sealing.scope import Scope
from argosy.sealing.templates import Templates
from tests.kit.sealing import NOON, item, key_pair, sealed

RING = KeyRing((RegisteredKey("a", key_pair(), NOON),))
FRAME = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "x"}, "spec": {}}


class Asked:
    """Endpoints at a second that the test sets."""

    def __init__(self, ring: KeyRing = RING) -> None:
        self.second = 0.0
        opener = Opener(Templates(lambda: NOON, bytes).render, threads=0)
        self._endpoints = Endpoints(opener, lambda: ring, os.urandom, lambda: self.second, Rates(2.0, 2))

    def __call__(self, path: str, body: Any = b"", client: str = "") -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(self._endpoints.answer(path, {"x-forwarded-for": client}, raw))


def test_the_certificate_is_that_of_the_newest_key_and_missing_without_one() -> None:
    assert Asked()("/v1/cert.pem").body == RING.keys[0].key.certificate_pem
    assert Asked(KeyRing())("/v1/cert.pem").status == 500


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{{{",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"a: &a [*a]",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}},
        {**FRAME, "metadata": []},
        {**FRAME, "spec": {"encryptedData": [1]}},
        {**FRAME, "spec": {"encryptedData": {"a": 1}}},
        {**FRAME, "metadata": {"annotations": {"a": 1}}},
        {**FRAME, "spec": {"template": "x"}},
        b" " * (BODY_LIMIT + 1),
    ],
)
def test_what_is_no_sealed_secret_is_500_with_no_word_of_it(body: Any) -> None:
    for path in ("/v1/verify", "/v1/rotate"):
        assert Asked()(path, body) == Answer(500)


def test_verify_answers_yes_or_no_and_nothing_more() -> None:
    asked = Asked()
    assert asked("/v1/verify", sealed({"a": "1"})) == Answer(200)
    assert asked("/v1/verify", sealed({"a": "1"}, key=3)) == Answer(409)


def test_one_client_may_verify_three_times_at_once_and_then_twice_a_second() -> None:
    asked, body = Asked(), sealed({"a": "1"})
    assert [asked("/v1/verify", body, "a").status for _ in range(4)] == [200, 200, 200, 429]
    assert asked("/v1/verify", body, "b").status == 200
    asked.second = 0.5
    assert [asked("/v1/verify", body, "a").status for _ in range(2)] == [200, 429]


def test_rotating_keeps_the_scope_and_gives_no_value_away() -> None:
    made = Asked()("/v1/rotate", sealed({"a": "plain-value"}, scope=Scope.NAMESPACE_WIDE))
    assert made.status == 200
    assert b"plain-value" not in made.body
    assert json.loads(made.body)["metadata"]["annotations"] == {"sealedsecrets.bitnami.com/namespace-wide": "true"}


def test_an_object_that_does_not_open_cannot_be_rotated() -> None:
    assert Asked()("/v1/rotate", sealed({}, raw={"a": item("1", name="elsewhere")})) == Answer(500)


def test_a_forgotten_client_has_a_whole_burst_again() -> None:
    rates = Rates(2.0, 2)
    assert [rates.allows("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [rates.allows("a", 100.0) for _ in range(4)] == [True, True, True, False]


def test_a_flood_of_clients_keeps_no_object_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Security rule 7: clients hold one thread at most and never the loop, and the controller's objects go first."""
    ring = KeyRing((RegisteredKey("a", key_pair(), NOON),))
    fat = json.dumps(sealed({f"k{at}": str(at) for at in range(200)})).encode()
    one = read(SealedSecret, sealed({"a": "1"}))
    at_once: list[int] = []
    reading: set[str] = set()
    slice_of = Opener._slice
    working, began = [0], threading.Event()

    def counted(opener: Opener, job: Any) -> None:
        working[0] += job.asked
        at_once.append(working[0])
        slice_of(opener, job)
        working[0] -= job.asked
        began.set()

    def read_in(body: bytes) -> SealedSecret | None:
        reading.add(threading.current_thread().name)
        return sealed_secret_of(body)

    monkeypatch.setattr(Opener, "_slice", counted)
    monkeypatch.setattr(endpoints, "sealed_secret_of", read_in)
    answers: list[int] = []

    async def flood(asked: Endpoints) -> None:
        answers.append((await asked.answer("/v1/rotate", {}, fat)).status)

    async def main() -> int:
        opener = Opener(Templates(lambda: NOON, bytes).render, threads=2)
        asked = Endpoints(opener, lambda: ring, os.urandom, lambda: 0.0, Rates(2.0, 2))
        async with asyncio.TaskGroup() as tasks:
            clients = [tasks.create_task(flood(asked)) for _ in range(WAITING_LIMIT + 10)]
            await asyncio.to_thread(began.wait, 60)
            found = [await opener.open(one, ring, sealed_label(one)) for _ in range(20)]
            for task in clients:
                task.cancel()
        opener.close()
        return sum(isinstance(each, Opened) for each in found)

    assert asyncio.run(main()) == 20
    assert answers[:10] == [429] * 10
    assert answers.count(200) < 2, "20 objects were opened while 12,800 items of the flood waited"
    assert max(at_once) == 1
    assert "MainThread" not in reading
