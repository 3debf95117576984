"""The engine: what a look read wakes it, own writes are visible, refusals are reported, and nothing spins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from argosy.machinery import requests
from argosy.machinery.controller import (
    NOTHING,
    PENDING,
    Apart,
    Controller,
    Decision,
    Event,
    Failed,
    Index,
    Pending,
    Question,
    Refusal,
    Snapshot,
)
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.backoff import Backoff
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.engine import Answerer
from argosy.runtime.engine.livelock import BURST
from argosy.runtime.engine.questions import SLOW_SECONDS
from argosy.runtime.waiting import waiting
from tests.kit.engine import EngineWorld
from tests.kit.world import CONFIG_MAPS, EVENTS, SECRETS, config_map, ours

A = Key("default", "a")


@dataclass(frozen=True)
class Seen:
    config: JsonObject
    other: JsonObject | None = None
    copy: JsonObject | None = None
    memory: Any = None
    refusal: Refusal | None = None
    answer: Any = None


def secret(name: str, **labels: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
    }


def look_at_both(snapshot: Snapshot, key: Key) -> Seen | None:
    config = snapshot.object(CONFIG_MAPS, key)
    if config is None or key.name.startswith("kube-root") or key.namespace != "default":
        return None
    return Seen(
        config,
        other=snapshot.object(SECRETS, key),
        copy=snapshot.object(CONFIG_MAPS, Key("copies", key.name)),
        memory=snapshot.memory,
        refusal=snapshot.refusal,
    )


def controller(decide: Callable[[Any, datetime], Decision], look: Any = look_at_both, **more: Any) -> Controller[Any]:
    return Controller(name="test", kind=CONFIG_MAPS, look=look, decide=decide, **more)


class Recorded:
    """Every (seconds, seen) that `decide` was given."""

    def __init__(self, decide: Callable[[Any, datetime], Decision] = lambda seen, now: NOTHING) -> None:
        self.seen: list[tuple[datetime, Seen]] = []
        self._decide = decide

    def __call__(self, seen: Seen, now: datetime) -> Decision:
        self.seen.append((now, seen))
        return self._decide(seen, now)


def test_a_key_is_woken_by_whatever_its_look_has_read_also_when_it_was_absent() -> None:
    decide = Recorded()
    with EngineWorld([controller(decide)]) as world:
        world.create(config_map("a"))
        world.settle()
        count = len(decide.seen)
        world.create(secret("a"))
        world.settle()
        assert len(decide.seen) == count + 1
        assert decide.seen[-1][1].other is not None
        world.create(secret("b"))
        world.settle()
        assert len(decide.seen) == count + 1


def copying(seen: Seen, now: datetime) -> Decision:
    if seen.copy is None:
        copy = config_map(seen.config["metadata"]["name"], "copies", **seen.config.get("data", {}))
        return Decision((requests.create(CONFIG_MAPS, copy),))
    if seen.copy.get("data") != seen.config.get("data"):
        patch = {"data": seen.config.get("data")}
        return Decision((requests.merge(CONFIG_MAPS, seen.copy, patch),))
    return NOTHING


def test_what_was_written_is_seen_by_the_next_look_and_nothing_more_is_written() -> None:
    with EngineWorld([controller(copying)], namespaces=["copies"]) as world:
        world.create(config_map("a", v="1"))
        world.settle()
        world.patch(CONFIG_MAPS, "a", {"data": {"v": "2"}})
        world.settle()
        assert (world.get(CONFIG_MAPS, Key("copies", "a")) or {})["data"] == {"v": "2"}
        assert world.engine.writes_count == 2
        world.delete(CONFIG_MAPS, "a", "copies")
        world.settle()
        assert (world.get(CONFIG_MAPS, Key("copies", "a")) or {})["data"] == {"v": "2"}
        assert world.engine.writes_count == 3


class Refusing(WrappingClient):
    """Refuses the first writes of `decide`, each in its own way."""

    def __init__(self, inner: Client, errors: list[Exception], *, after: bool = False) -> None:
        super().__init__(inner)
        self.errors, self.after = errors, after

    async def write(self, request: Write) -> JsonObject:
        if self.errors and request.resource != EVENTS:
            error = self.errors.pop(0)
            if self.after:
                await super().write(request)
            raise error
        return await super().write(request)


CONFLICT = StatusError(409, "Conflict", "the object has been modified")
FORBIDDEN = StatusError(403, "Forbidden", "you may not")


def test_a_conflict_is_followed_by_another_look_and_not_reported() -> None:
    decide = Recorded(copying)
    errors: list[Exception] = [CONFLICT, CONFLICT]
    wrap = lambda client: Refusing(client, errors)  # noqa: E731
    with EngineWorld([controller(decide)], namespaces=["copies"], wrap=wrap) as world:
        world.create(config_map("a"))
        world.run_until(lambda: world.engine.failing == {} and not errors)
        world.settle()
        assert world.get(CONFIG_MAPS, Key("copies", "a"))
        assert all(seen.refusal is None for _, seen in decide.seen)


def test_a_lost_answer_is_followed_by_a_look_that_finds_what_was_done() -> None:
    errors: list[Exception] = [TimeoutError()]
    wrap = lambda client: Refusing(client, errors, after=True)  # noqa: E731
    with EngineWorld([controller(copying)], namespaces=["copies"], wrap=wrap) as world:
        world.create(config_map("a", v="1"))
        world.settle()
        assert (world.get(CONFIG_MAPS, Key("copies", "a")) or {})["data"] == {"v": "1"}
        assert world.engine.failing == {}
        assert world.engine.writes_count == 1


def test_a_refusal_is_shown_to_the_next_look_until_the_write_succeeds() -> None:
    decide = Recorded(copying)
    errors: list[Exception] = [FORBIDDEN, FORBIDDEN]
    wrap = lambda client: Refusing(client, errors)  # noqa: E731
    with EngineWorld([controller(decide)], namespaces=["copies"], wrap=wrap) as world:
        world.create(config_map("a"))
        world.settle()
        refusals = [seen.refusal for _, seen in decide.seen]
        assert [(one.code, one.reason, one.count) if one else None for one in refusals[:3]] == [
            None,
            (403, "Forbidden", 1),
            (403, "Forbidden", 2),
        ]
        assert refusals[-1] is None
        assert world.get(CONFIG_MAPS, Key("copies", "a"))


def test_memory_counts_only_when_every_step_succeeded() -> None:
    def decide(seen: Seen, now: datetime) -> Decision:
        return replace(copying(seen, now), memory=seen.config["metadata"]["resourceVersion"])

    recorded = Recorded(decide)
    errors: list[Exception] = [CONFLICT]
    wrap = lambda client: Refusing(client, errors)  # noqa: E731
    with EngineWorld([controller(recorded)], namespaces=["copies"], wrap=wrap) as world:
        made = world.create(config_map("a"))
        world.settle()
        memories = [seen.memory for _, seen in recorded.seen]
        assert memories[:2] == [None, None]
        assert memories[-1] == made["metadata"]["resourceVersion"]


def test_a_wake_time_is_met_exactly_and_forgotten_with_the_object() -> None:
    def decide(seen: Seen, now: datetime) -> Decision:
        return (
            Decision(wake_at=seen.memory + timedelta(minutes=10))
            if seen.memory and now < seen.memory + timedelta(minutes=10)
            else Decision(memory=now, wake_at=now + timedelta(minutes=10))
        )

    recorded = Recorded(decide)
    with EngineWorld([controller(recorded)]) as world:
        world.create(config_map("a"))
        world.pass_time(1)
        first = recorded.seen[0][0]
        world.pass_time(1300)
        assert [at - first for at, _ in recorded.seen] == [timedelta(minutes=10 * n) for n in range(3)]
        world.delete(CONFIG_MAPS, "a")
        world.pass_time(3600)
        assert len(recorded.seen) == 3


def test_a_decision_that_would_spin_is_refused_aloud_and_backed_off() -> None:
    recorded = Recorded(lambda seen, now: Decision(wake_at=now))
    with EngineWorld([controller(recorded)]) as world:
        world.create(config_map("a"))
        world.pass_time(60)
        assert {failing.error.split()[0] for failing in world.engine.failing.values()} == {"SleeplessError"}
        assert len(recorded.seen) < 12


def test_one_key_that_raises_never_stops_another_and_its_text_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    def decide(seen: Seen, now: datetime) -> Decision:
        if seen.config["metadata"]["name"] == "bad":
            raise ValueError("canary")
        return copying(seen, now)

    with EngineWorld([controller(decide, workers=1)], namespaces=["copies"]) as world:
        world.create(config_map("bad"))
        world.create(config_map("a"))
        world.pass_time(5)
        assert [obj["metadata"]["name"] for obj in ours(world.list(CONFIG_MAPS, "copies"))] == ["a"]
        (failing,) = world.engine.failing.values()
        assert failing.error.startswith("ValueError in ")
    assert "ValueError in " in caplog.text
    assert "canary" not in caplog.text


def test_two_that_undo_each_other_are_slowed_down() -> None:
    def flip(seen: Seen, now: datetime) -> Decision:
        number = int(seen.config["data"]["v"]) + 1
        return Decision((requests.merge(CONFIG_MAPS, seen.config, {"data": {"v": str(number)}}),))

    with EngineWorld([controller(flip)]) as world:
        world.create(config_map("a", v="0"))
        world.pass_time(100)
        assert BURST < world.engine.writes_count < BURST + 110


def test_keys_that_are_slowed_down_hold_up_no_other_key() -> None:
    def decide(seen: Seen, now: datetime) -> Decision:
        number = int(seen.config["data"]["v"]) + 1
        spins = seen.config["metadata"]["name"].startswith("spins") or number == 1
        data = {"data": {"v": str(number)}}
        return Decision((requests.merge(CONFIG_MAPS, seen.config, data),) if spins else ())

    with EngineWorld([controller(decide, workers=2)]) as world:
        for number in range(4):
            world.create(config_map(f"spins-{number}", v="0"))
        world.pass_time(60)
        world.create(config_map("a", v="0"))
        world.pass_time(0.1)
        assert (world.get(CONFIG_MAPS, A) or {})["data"] == {"v": "1"}


@pytest.mark.parametrize(("finishes_first", "order"), [(True, "aaabbbccc"), (False, "abcabcabc")])
def test_a_controller_that_finishes_first_ends_one_key_before_it_begins_the_next(
    finishes_first: bool, order: str
) -> None:
    looked: list[str] = []

    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        seen = look_at_both(snapshot, key)
        return seen if snapshot.object(SECRETS, Key("default", "go")) is not None else None

    def decide(seen: Seen, now: datetime) -> Decision:
        number = (seen.memory or 0) + 1
        if number > 3:
            return NOTHING
        looked.append(seen.config["metadata"]["name"])
        return Decision((requests.merge(CONFIG_MAPS, seen.config, {"data": {"v": str(number)}}),), memory=number)

    with EngineWorld([controller(decide, look, workers=1, finishes_first=finishes_first)]) as world:
        for name in "abc":
            world.create(config_map(name))
        world.settle()
        world.create(secret("go"))
        world.settle()
    assert "".join(looked) == order


def test_an_event_is_recorded_after_the_writes_before_it() -> None:
    def decide(seen: Seen, now: datetime) -> Decision:
        if seen.copy is not None:
            return NOTHING
        event = Event(seen.config, "Copied", "made a copy", annotations={"x": "y"})
        return Decision((*copying(seen, now).steps, event))

    errors: list[Exception] = [FORBIDDEN]
    wrap = lambda client: Refusing(client, errors)  # noqa: E731
    with EngineWorld([controller(decide, reporter="copier")], namespaces=["copies"], wrap=wrap) as world:
        world.create(config_map("a"))
        world.pass_time(5)
        (event,) = [obj for obj in world.list(EVENTS, "default") if obj["reason"] == "Copied"]
        assert event["source"]["component"] == "copier"
        assert event["metadata"]["annotations"] == {"x": "y"}
        assert event["count" if "count" in event else "message"] in (1, "made a copy")


def test_a_process_that_starts_again_continues_from_what_is_stored() -> None:
    with EngineWorld([controller(copying)], namespaces=["copies"]) as world:
        world.create(config_map("a", v="1"))
        world.settle()
        world.kill()
        world.patch(CONFIG_MAPS, "a", {"data": {"v": "2"}})
        world.start()
        world.settle()
        assert (world.get(CONFIG_MAPS, Key("copies", "a")) or {})["data"] == {"v": "2"}


GATES = Resource("example.org", "v1", "gates", "Gate")
GATE_CRD: JsonObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gates.example.org"},
    "spec": {
        "group": "example.org",
        "scope": "Namespaced",
        "names": {"plural": "gates", "singular": "gate", "kind": "Gate", "listKind": "GateList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def test_a_kind_that_is_not_served_yet_is_read_as_soon_as_it_is() -> None:
    def look(snapshot: Snapshot, key: Key) -> Seen | None:
        config = snapshot.object(CONFIG_MAPS, key)
        return Seen(config, other=snapshot.object(GATES, key)) if config and key == A else None

    recorded = Recorded()
    with EngineWorld([controller(recorded, look)]) as world:
        world.create(config_map("a"))
        world.pass_time(2)
        assert recorded.seen[-1][1].other is None
        world.create(GATE_CRD)
        world.pass_time(5)
        world.create(
            {"apiVersion": "example.org/v1", "kind": "Gate", "metadata": {"name": "a", "namespace": "default"}}
        )
        world.pass_time(5)
        assert recorded.seen[-1][1].other is not None


def test_the_controller_of_a_kind_that_is_not_served_holds_up_nobody() -> None:
    gate = Controller[Seen](name="gates", kind=GATES, look=lambda snapshot, key: None, decide=lambda seen, now: NOTHING)
    with EngineWorld([gate, controller(copying)], namespaces=["copies"]) as world:
        world.create(config_map("a"))
        world.settle()
        assert world.get(CONFIG_MAPS, Key("copies", "a"))


@dataclass(frozen=True, slots=True)
class Weather(Question[str]):
    place: str


def asking(snapshot: Snapshot, key: Key) -> Seen | None:
    config = snapshot.object(CONFIG_MAPS, key)
    if config is None or "data" not in config or "place" not in config["data"]:
        return None
    return Seen(config, answer=snapshot.ask(Weather(config["data"]["place"])))


def test_an_answer_wakes_all_who_asked_and_is_asked_once() -> None:
    asked: list[str] = []

    async def answer(question: Weather) -> str:
        asked.append(question.place)
        return f"sunny in {question.place}"

    recorded = Recorded()
    with EngineWorld([controller(recorded, asking)], {Weather: Answerer(answer=answer)}) as world:
        for name in "ab":
            world.create(config_map(name, place="Paris"))
        world.pass_time(5)
        assert asked == ["Paris"]
        answers: dict[str, list[str | Pending]] = {}
        for _, seen in recorded.seen:
            answers.setdefault(seen.config["metadata"]["name"], []).append(seen.answer)
        assert {name: found[-1] for name, found in answers.items()} == dict.fromkeys("ab", "sunny in Paris")
        assert answers["a"][0] is PENDING
        for name in "ab":
            world.patch(CONFIG_MAPS, name, {"data": {"place": "Rome"}})
        world.pass_time(5)
        world.patch(CONFIG_MAPS, "a", {"data": {"place": "Paris"}})
        world.pass_time(5)
        assert asked == ["Paris", "Rome", "Paris"], "an answer that nobody wants is forgotten"


def test_a_question_that_fails_says_so_and_is_asked_again() -> None:
    tries: list[int] = []

    async def answer(question: Weather) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionError("canary")
        return "sunny"

    recorded = Recorded()
    answerer = Answerer(answer=answer, backoff=Backoff(first=1.0, jitter=0.0))
    with EngineWorld([controller(recorded, asking)], {Weather: answerer}) as world:
        world.create(config_map("a", place="Paris"))
        world.pass_time(60)
        answers = [seen.answer for _, seen in recorded.seen]
        assert [one.reason if isinstance(one, Failed) else one for one in answers] == [
            PENDING,
            "ConnectionError",
            "ConnectionError",
            "sunny",
        ]


def test_a_question_without_end_is_timed_out_and_holds_up_no_other_lane() -> None:
    async def answer(question: Weather) -> str:
        if question.place == "nowhere":
            await world.clock.sleep(10_000)
        return "sunny"

    recorded = Recorded()
    answerer = Answerer(answer=answer, timeout=30, limit=4, per_lane=1, lane=lambda question: question.place[:2])
    with EngineWorld([controller(recorded, asking)], {Weather: answerer}) as world:
        for number in range(6):
            world.create(config_map(f"slow-{number}", place="nowhere"))
        world.create(config_map("a", place="Paris"))
        world.pass_time(1)
        assert [seen.answer for _, seen in recorded.seen if seen.config["metadata"]["name"] == "a"][-1] == "sunny"
        world.pass_time(40)
        failed = [seen.answer for _, seen in recorded.seen if isinstance(seen.answer, Failed)]
        assert {one.reason for one in failed} == {"Timeout"}


def test_a_write_names_no_body_in_its_refusal() -> None:
    refusal = Refusal(Write(verb="create", resource=SECRETS, key=A, body={"data": "canary"}), 403, "x", "y", 1, None)  # type: ignore[arg-type]
    assert "canary" not in repr(refusal)


def test_a_controller_that_is_added_later_looks_at_what_is_there() -> None:
    recorded = Recorded()
    with EngineWorld([controller(copying)], namespaces=["copies"]) as world:
        world.create(config_map("a"))
        world.settle()
        later = Controller(name="later", kind=CONFIG_MAPS, look=look_at_both, decide=recorded)
        world.engine.add([later])
        world.settle()
        assert [seen.config["metadata"]["name"] for _, seen in recorded.seen] == ["a"]
        with pytest.raises(ValueError, match="'later' is there already"):
            world.engine.add([later])


def test_steps_apart_are_each_tried_and_every_refusal_is_reported() -> None:
    refused: list[tuple[Refusal, ...]] = []

    def look(snapshot: Snapshot, key: Key) -> Any:
        refused.append(snapshot.refusals)
        return look_at_both(snapshot, key)

    def decide(seen: Seen, now: datetime) -> Decision:
        copies = [config_map(name, "copies") for name in ("x", "y", "z")]
        told = tuple(requests.create(SECRETS, {**secret(f"told-{obj['metadata']['name']}")}) for obj in copies)
        chains = tuple((requests.create(CONFIG_MAPS, obj), after) for obj, after in zip(copies, told, strict=True))
        return Decision((Apart(chains), requests.create(SECRETS, secret("after-all"))))

    def wrap(client: Client) -> Client:
        return Denying(client, lambda write: write.verb == "create" and write.key.name in ("x", "z"))

    with EngineWorld([controller(decide, look)], namespaces=["copies"], wrap=wrap) as world:
        world.create(config_map("a"))
        world.pass_time(0.05)
        assert world.get(CONFIG_MAPS, Key("copies", "y")) is not None
        assert world.get(SECRETS, Key("default", "told-y")) is not None
        assert world.get(SECRETS, Key("default", "told-x")) is None, "the rest of its chain waits"
        assert world.get(SECRETS, Key("default", "after-all")) is None
        world.pass_time(1)
        assert [one.write.key.name for one in refused[-1]] == ["x", "z"]


class Denying(WrappingClient):
    def __init__(self, inner: Client, refuses: Callable[[Write], bool]) -> None:
        super().__init__(inner)
        self._refuses = refuses

    async def write(self, request: Write) -> JsonObject:
        if self._refuses(request):
            raise StatusError(403, "Forbidden", "not this one")
        return await super().write(request)


def test_a_memory_that_changed_brings_the_next_look_at_once_and_one_that_did_not_brings_none() -> None:
    decide = Recorded(lambda seen, now: Decision(memory=min((seen.memory or 0) + 1, 3)))
    with EngineWorld([controller(decide)]) as world:
        world.create(config_map("a"))
        world.settle()
        assert [seen.memory for _, seen in decide.seen] == [None, 1, 2, 3]
        assert len({now for now, _ in decide.seen}) == 1


def test_a_memory_that_never_settles_is_slowed_down() -> None:
    decide = Recorded(lambda seen, now: Decision(memory=(seen.memory or 0) + 1))
    with EngineWorld([controller(decide)]) as world:
        world.create(config_map("a"))
        world.pass_time(60)
        assert BURST < len(decide.seen) < BURST + 70


def test_a_kind_that_is_read_by_namespace_is_cached_for_those_namespaces_alone() -> None:
    decide = Recorded()
    with EngineWorld([controller(decide, by_namespace=(SECRETS,))], namespaces=["other"]) as world:
        world.create({**secret("a"), "metadata": {"name": "a", "namespace": "other"}})
        world.create(config_map("a"))
        world.create(secret("a"))
        world.settle()
        assert decide.seen[-1][1].other is not None
        cached = [one for one in world.controller_caches.all if one.resource == SECRETS]
        assert [[obj["metadata"]["namespace"] for obj in one.list()] for one in cached] == [["default"]]


def test_a_kind_of_which_only_metadata_counts_is_cached_without_content() -> None:
    decide = Recorded()
    with EngineWorld([controller(decide, metadata_only=(SECRETS,))]) as world:
        world.create(config_map("a"))
        world.create({**secret("a"), "stringData": {"password": "hunter2"}})
        world.settle()
        other = decide.seen[-1][1].other
        assert other is not None
        assert (other["metadata"]["name"], "data" in other) == ("a", False)


def test_what_a_controller_owns_is_not_cached_before_a_look_reads_it() -> None:
    decide = Recorded()
    reads_nothing = lambda snapshot, key: Seen(config) if (config := snapshot.object(CONFIG_MAPS, key)) else None  # noqa: E731
    with EngineWorld([controller(decide, reads_nothing, owns=(SECRETS,))]) as world:
        world.create(config_map("a"))
        world.settle()
        assert decide.seen
        assert [one for one in world.controller_caches.all if one.resource == SECRETS] == []


def test_a_new_object_waits_for_no_answer_that_those_before_it_want() -> None:
    answered: list[str] = []

    async def answer(question: Ask) -> str:
        await world.clock.sleep(10)
        answered.append(question.name)
        return question.name

    def look(snapshot: Snapshot, key: Key) -> Any:
        config = snapshot.object(CONFIG_MAPS, key)
        if config is None or key.namespace != "default" or key.name.startswith("kube-root"):
            return None
        return Seen(config, answer=snapshot.ask(Ask(key.name)))

    one = controller(lambda seen, now: NOTHING, look)
    with EngineWorld([one], {Ask: Answerer(answer=answer, limit=1)}) as world:
        world.kill()
        for number in range(20):
            world.create(config_map(f"old-{number:02}"))
        world.start()
        world.pass_time(5)
        world.create(config_map("new"))
        world.pass_time(21)
        assert answered == ["old-00", "new"]


@dataclass(frozen=True)
class Ask(Question[str]):
    name: str


TEAMS: Index[JsonObject] = Index(
    "test/team", CONFIG_MAPS, lambda obj: [obj["data"]["team"]] if "team" in obj.get("data", {}) else []
)


def test_the_members_of_a_group_are_one_key_and_who_moves_wakes_both_groups() -> None:
    seen: list[tuple[str, tuple[str, ...]]] = []

    def look(snapshot: Snapshot, key: Key) -> None:
        found = snapshot.indexed_objects(TEAMS, key.name)
        seen.append((key.name, tuple(obj["metadata"]["name"] for obj in found)))

    teams = controller(lambda seen, now: NOTHING, look, keys=lambda obj: [Key("", team) for team in TEAMS.values(obj)])
    with EngineWorld([teams]) as world:
        for name in ("a", "b"):
            world.create(config_map(name, team="one"))
        world.settle()
        assert seen[-1] == ("one", ("a", "b"))
        seen.clear()
        world.patch(CONFIG_MAPS, "a", {"data": {"team": "two"}})
        world.settle()
        assert sorted(set(seen)) == [("one", ("b",)), ("two", ("a",))]
        seen.clear()
        world.delete(CONFIG_MAPS, "b")
        world.settle()
        assert set(seen) == {("one", ())}


def test_an_engine_that_ended_hears_the_caches_no_more() -> None:
    decide = Recorded()
    with EngineWorld([controller(decide)]) as world:
        world.create(config_map("a"))
        world.settle()
        caches = world.controller_caches
        heard = sum(len(cache._handlers) for cache in caches.all)
        world.kill()
        assert sum(len(cache._handlers) for cache in caches.all) < heard
        assert sum(len(cache._handlers) for cache in caches.all) == 0


def about_weather(stand_ins: int) -> tuple[list[str], Answerer]:
    """Answers of which those about "nowhere" wait for the world outside, as long as it takes."""
    answered: list[str] = []

    async def answer(question: Weather) -> str:
        if question.place.startswith("nowhere"):
            await waiting(asyncio.Event().wait())
        answered.append(question.place)
        return "sunny"

    return answered, Answerer(answer=answer, limit=1, timeout=1000, stand_ins=stand_ins)


@pytest.mark.parametrize(("stand_ins", "answered_count"), [(2, 3), (1, 0), (0, 0)])
def test_answers_that_wait_leave_their_places_to_as_many_others_as_may_stand_in(
    stand_ins: int, answered_count: int
) -> None:
    answered, answerer = about_weather(stand_ins)
    with EngineWorld([controller(Recorded(), asking)], {Weather: answerer}) as world:
        for number in range(2):
            world.create(config_map(f"slow-{number}", place=f"nowhere {number}"))
        world.pass_time(1)
        for number in range(3):
            world.create(config_map(f"a-{number}", place=f"Paris {number}"))
        world.pass_time(60)
        assert len(answered) == answered_count
        assert world.engine.awaited_count(Weather) == 5 - answered_count


def test_an_answer_that_takes_long_leaves_its_place_too() -> None:
    async def answer(question: Weather) -> str:
        if question.place == "nowhere":
            await world.clock.sleep(1000)
        return "sunny"

    recorded = Recorded()
    answerer = Answerer(answer=answer, limit=1, timeout=2000, stand_ins=1)
    with EngineWorld([controller(recorded, asking)], {Weather: answerer}) as world:
        world.create(config_map("slow", place="nowhere"))
        world.pass_time(1)
        world.create(config_map("a", place="Paris"))
        world.pass_time(SLOW_SECONDS - 2)
        assert "sunny" not in [seen.answer for _, seen in recorded.seen]
        world.pass_time(2)
        assert "sunny" in [seen.answer for _, seen in recorded.seen]


def test_an_answer_knows_nothing_of_the_one_that_made_room_for_it() -> None:
    known: list[str] = []

    async def answer(question: Weather) -> str:
        known.append(NOTED.get())
        NOTED.set(question.place)
        return "sunny"

    with EngineWorld([controller(Recorded(), asking)], {Weather: Answerer(answer=answer, limit=1)}) as world:
        for number in range(3):
            world.create(config_map(f"a-{number}", place=f"Paris {number}"))
        world.settle()
        assert known == ["", "", ""]


NOTED: ContextVar[str] = ContextVar("noted", default="")


def test_who_is_settled_is_not_looked_at_again_for_what_it_remembers() -> None:
    for is_settled, looks in ((True, 1), (False, 2)):
        recorded = Recorded(lambda seen, now, is_settled=is_settled: Decision(memory="all", is_settled=is_settled))  # type: ignore[misc]
        with EngineWorld([controller(recorded)]) as world:
            world.create(config_map("a"))
            world.settle()
            assert len(recorded.seen) == looks


def test_a_room_is_notified_which_key_is_gone() -> None:
    gone: list[Key] = []
    with EngineWorld([controller(Recorded(), forget=gone.append)]) as world:
        world.create(config_map("a"))
        world.settle()
        assert A not in gone
        world.delete(CONFIG_MAPS, "a")
        world.settle()
        assert A in gone
