"""Logs that are followed while Pods come and go, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from argosy.runtime.clock import Clock
from argosy.runtime.virtual import VirtualProcess
from argosy.server.services.applications.log_following import Following
from argosy.server.services.applications.log_lines import Line, Lines, notice

BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


class Cluster:
    """Pods with logs that can be closed, as by a container that ends; of old lines only the last two are asked for."""

    def __init__(self) -> None:
        self.pods: dict[str, JsonObject] | None = {}
        self.written: dict[str, list[Line]] = {}
        self.ends: dict[str, asyncio.Event] = {}
        self.opened: list[tuple[str, str]] = []
        self.faults: list[Exception] = []

    def set(self, name: str, version: str) -> None:
        assert self.pods is not None
        self.pods[name] = {"kind": "Pod", "name": name, "uid": f"uid-{name}", "resourceVersion": version}
        self.ends[name] = asyncio.Event()

    def write(self, name: str, *texts: str) -> None:
        lines = self.written.setdefault(name, [])
        for text in texts:
            moment = BEGAN + timedelta(seconds=sum(map(len, self.written.values())))
            lines.append((moment, moment.isoformat(), name, text))

    async def now(self) -> list[JsonObject] | None:
        if self.faults:
            raise self.faults.pop()
        return None if self.pods is None else list(self.pods.values())

    async def open(self, pod: JsonObject, since: str, whole: bool) -> Lines:
        name = str(pod["name"])
        self.opened.append((name, since))
        if name not in self.written:
            yield notice(f"container of {name} is waiting to start")
            return
        for line in self.written[name][0 if whole else -2 :]:
            if line[1] >= since:
                yield line
        await self.ends[name].wait()


Play = Callable[[Cluster, Following, Clock], Awaitable[None]]


def read(play: Play, most: int = 10) -> list[str]:
    """The texts that a reader gets until there are no Pods any more."""
    process = VirtualProcess(7)

    async def scenario() -> list[str]:
        cluster = Cluster()
        following = Following(process.clock, cluster.now, cluster.open, most)
        texts: list[str] = []

        async def reader() -> None:
            async for line in following.lines():
                texts.append(line[3])

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(reader())
            await play(cluster, following, process.clock)
            cluster.pods = None
            following.pods_changed()
            for end in cluster.ends.values():
                end.set()
        return texts

    with process:
        return process.run(scenario())


async def changed(following: Following, clock: Clock) -> None:
    following.pods_changed()
    await clock.sleep(2)


def test_an_empty_selection_waits_for_pods_and_later_ones_are_read_from_their_first_line() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        await clock.sleep(60)
        for name in ("web-1", "web-2"):
            cluster.write(name, f"{name} starts", f"{name} runs")
            cluster.set(name, "1")
            await changed(following, clock)

    assert read(play) == ["web-1 starts", "web-1 runs", "web-2 starts", "web-2 runs"]


def test_a_container_that_starts_again_goes_on_after_its_last_line() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        cluster.write("web", "one", "two")
        cluster.set("web", "1")
        await changed(following, clock)
        cluster.ends["web"].set()
        await clock.sleep(1)
        cluster.write("web", "three")
        cluster.set("web", "2")
        await changed(following, clock)
        assert [since for _, since in cluster.opened] == ["", "2030-01-01T00:00:01+00:00"]

    assert read(play) == ["one", "two", "three"]


def test_only_pods_of_the_first_look_leave_out_old_lines() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        cluster.write("old", "o1", "o2", "o3")
        cluster.set("old", "1")
        await clock.sleep(1)
        cluster.write("new", "n1", "n2", "n3")
        cluster.set("new", "1")
        await changed(following, clock)
        cluster.ends["old"].set()
        await clock.sleep(1)
        cluster.write("old", "o4", "o5", "o6")
        cluster.set("old", "2")
        await changed(following, clock)

    assert read(play) == ["o2", "o3", "n1", "n2", "n3", "o4", "o5", "o6"]


def test_a_pod_that_waits_to_start_says_so_once_and_is_read_when_it_runs() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        for version in ("1", "2", "3"):
            cluster.set("web", version)
            await changed(following, clock)
        cluster.write("web", "runs")
        cluster.set("web", "4")
        await changed(following, clock)

    assert read(play) == ["container of web is waiting to start", "runs"]


def test_an_open_log_is_not_opened_again_by_a_change_of_its_pod() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        cluster.write("web", "one")
        cluster.set("web", "1")
        await changed(following, clock)
        assert cluster.pods is not None
        cluster.pods["web"] = {**cluster.pods["web"], "resourceVersion": "2"}
        await changed(following, clock)
        assert len(cluster.opened) == 1

    assert read(play) == ["one"]


def test_pods_above_the_limit_are_named_once_and_read_when_others_have_ended() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        for name in ("a", "b"):
            cluster.write(name, f"{name} runs")
            cluster.set(name, "1")
        for _ in range(2):
            await changed(following, clock)
        cluster.ends["a"].set()
        await clock.sleep(1)
        await changed(following, clock)

    assert read(play, most=1) == ["the logs of b are left out: 1 Pods are read already", "a runs", "b runs"]


def test_pods_that_cannot_be_listed_are_reported_and_asked_for_again() -> None:
    async def play(cluster: Cluster, following: Following, clock: Clock) -> None:
        cluster.faults = [StatusError(503, "ServiceUnavailable", "try later")]
        cluster.write("web", "runs")
        cluster.set("web", "1")
        await clock.sleep(30)

    assert read(play) == ["the Pods cannot be listed, and are asked for again: try later", "runs"]
