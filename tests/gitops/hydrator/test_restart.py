"""A process that dies at any write, to the API server or to Git, loses nothing and commits nothing twice."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from argosy.machinery.requests import Write
from argosy.runtime.clients.faults import Death, Door
from argosy.sources.git.writing import WritingMirrors
from argosy.sources.port import Credentials
from tests.kit.gitops import Bench

if TYPE_CHECKING:
    from tests.gitops.hydrator.conftest import Place

WRITES, PUSHES = 4, 3
WRITING, PUSHING = ("write",), ("push", "annotate")


def is_ours(write: Write) -> bool:
    """A write of the hydrator's status."""
    return isinstance(write.body, dict) and "sourceHydrator" in (write.body.get("status") or {})


def is_done(place: Place) -> bool:
    return place.is_synced("one", "a") and place.is_synced("two", "b")


def check(place: Place, dry: str) -> None:
    head, first = place.commits()
    assert place.repository.git("show", "-s", "--format=%B", first) == "Initial commit for env"
    assert place.noted() == dry
    for name in ("a", "b"):
        status = place.hydrator(name)
        shas = {key: status["currentOperation"][key] for key in ("phase", "drySHA", "hydratedSHA")}
        assert shas == {"phase": "Hydrated", "drySHA": dry, "hydratedSHA": head}
        assert status["lastSuccessfulOperation"]["hydratedSHA"] == head
    place.repository.git("fsck", "--strict")


def begun(place: Place) -> str:
    """Two applications, and no process yet."""
    place.bench.kill()
    dry = place.commit(a="one", b="two")
    place.create("a")
    place.create("b")
    return dry


def follow(place: Place, death: Death) -> None:
    place.bench.start()
    place.bench.world.run_until(lambda: death.happened or is_done(place))
    if not death.happened:
        return
    place.bench.kill()
    place.bench.client = place.bench.world.client
    place.bench.writer = lambda: place.bench.pushing
    place.bench.start()
    place.bench.world.run_until(lambda: is_done(place), within=timedelta(minutes=10))


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("number", range(1, WRITES + 1))
def test_death_at_a_write_of_status(place: Place, number: int, *, before: bool) -> None:
    dry = begun(place)
    death = Death(number, before=before)
    place.bench.client = Door(place.bench.world.client, death, WRITING, is_ours)
    follow(place, death)
    place.bench.world.pass_time(300)
    check(place, dry)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("number", range(1, PUSHES + 1))
def test_death_at_a_push(place: Place, number: int, *, before: bool) -> None:
    dry = begun(place)
    death = Death(number, before=before)
    place.bench.writer = lambda: Door(place.bench.pushing, death, PUSHING)
    follow(place, death)
    place.bench.world.pass_time(300)
    check(place, dry)


def test_an_undisturbed_hydration_makes_as_many_writes_as_are_died_at(place: Place) -> None:
    dry = begun(place)
    client, git = Death(), Death()
    place.bench.client = Door(place.bench.world.client, client, WRITING, is_ours)
    place.bench.writer = lambda: Door(place.bench.pushing, git, PUSHING)
    place.bench.start()
    place.bench.world.run_until(lambda: place.phase("a") == place.phase("b") == "Hydrated")
    check(place, dry)
    assert client.writes_count == WRITES
    assert git.writes_count == PUSHES


def test_an_operation_under_way_is_taken_up_again_when_its_time_has_passed(place: Place) -> None:
    begun(place)
    death = Death(1, before=True)
    place.bench.writer = lambda: Door(place.bench.pushing, death, PUSHING)
    place.bench.start()
    place.bench.world.run_until(lambda: death.happened)
    place.bench.kill()
    assert place.phase("a") == place.phase("b") == "Hydrating"
    began = place.bench.world.clock.now()
    place.bench.writer = lambda: place.bench.pushing
    place.bench.start()
    at = place.bench.world.run_until(lambda: place.phase("a") == "Hydrated")
    assert timedelta(seconds=118) <= at - began <= timedelta(seconds=122)


def test_of_two_replicas_one_hydrates_and_the_other_continues_when_it_is_gone(place: Place) -> None:
    dry = begun(place)
    replicas = [Bench(place.bench.world, place.bench.remote, replica=name) for name in ("one", "two")]
    pushed: list[str] = []
    for replica in replicas:
        replica.writer = partial(Pushes, replica.pushing, pushed, replica.replica)
        replica.start()
    place.bench.gitops = replicas[0].gitops
    place.bench.world.run_until(lambda: is_done(place))
    check(place, dry)
    assert len(set(pushed)) == 1
    owner = next(replica for replica in replicas if replica.replica == pushed[0])
    other = next(replica for replica in replicas if replica is not owner)
    owner.kill()
    place.bench.gitops = other.gitops
    place.commit(a="three", b="two")
    place.bench.world.run_until(lambda: place.is_synced("three", "a"), within=timedelta(minutes=10))
    assert set(pushed) == {"one", "two"}
    assert len(place.commits()) == 3
    for replica in replicas:
        replica.kill()
        replica.pool.close()


class Pushes:
    """Writes down who pushed."""

    def __init__(self, inner: WritingMirrors, pushed: list[str], name: str) -> None:
        self._inner, self._pushed, self._name = inner, pushed, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def push(self, url: str, branch: str, commit: str, credentials: Credentials) -> None:
        self._pushed.append(self._name)
        await self._inner.push(url, branch, commit, credentials)


def test_a_lost_race_is_begun_again_from_what_is_there(place: Place) -> None:
    dry = begun(place)

    class Outrunner:
        """Somebody pushes to the branch right before our first push of content."""

        def __init__(self) -> None:
            self.pushes = 0

        def __getattr__(self, name: str) -> object:
            return getattr(place.bench.pushing, name)

        async def push(self, url: str, branch: str, commit: str, credentials: object) -> None:
            self.pushes += 1
            if self.pushes == 2:
                other = place.repository.git("commit-tree", "-m", "other", "-p", "env", "env^{tree}")
                place.repository.git("update-ref", "refs/heads/env", other)
            await place.bench.pushing.push(url, branch, commit, credentials)  # type: ignore[arg-type]

    outrunner = Outrunner()
    place.bench.writer = lambda: outrunner  # type: ignore[assignment]
    place.bench.start()
    place.bench.world.run_until(lambda: is_done(place))
    assert outrunner.pushes == 3
    subjects = place.repository.git("log", "--format=%s", "env").splitlines()
    assert subjects == [f"{dry[:7]}: next", "other", "Initial commit for env"]
