"""The engine: declared controllers over one cluster, and the parts that they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from argosy.machinery.controller import Controller, Question
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine.listers import Listers
from argosy.runtime.engine.questions import Answerer, Questions
from argosy.runtime.engine.runner import Failing, Runner, Shared
from argosy.runtime.engine.served import ServedKinds
from argosy.runtime.engine.subscriptions import Subscriptions, Work, served_note
from argosy.runtime.engine.writer import Writer
from argosy.runtime.events import EventRecorder
from argosy.runtime.loop_share import LoopShare
from argosy.runtime.workqueue.queue import WorkQueue


class Engine:
    """`run` until cancelled; `stop` accepts no more work and waits for what has started."""

    def __init__(
        self,
        client: Client,
        caches: InformerCaches,
        clock: Clock,
        rng: Rng,
        controllers: Iterable[Controller[Any]] = (),
        answerers: Mapping[type[Question[Any]], Answerer] | None = None,
        *,
        owns: Callable[[str, Key], bool] | None = None,
        registry: Registry = REGISTRY,
    ) -> None:
        """`owns`: whether a key of a controller belongs to this replica; checked when its turn comes."""
        self._rng, self._registry = rng.fork("engine"), registry
        self._subscriptions = Subscriptions(self.wake)
        self._listers = Listers(caches, self._subscriptions, self._changed, self.wake)
        self._served = ServedKinds(client, caches, clock, self._rng, self._served_changed)
        self._questions = Questions({}, clock, self._rng, self.wake, registry)
        self._writer = Writer(client, self._listers, clock)
        self._tasks: asyncio.TaskGroup | None = None
        self._runners: dict[str, Runner] = {}
        self._of_kind: dict[Resource, list[Runner]] = {}
        self._shared = Shared(
            clock=clock,
            listers=self._listers,
            served=self._served,
            questions=self._questions,
            subscriptions=self._subscriptions,
            writer=self._writer,
            owns=owns or (lambda controller, key: True),
            share=LoopShare(clock),
        )
        self.add(controllers, answerers or {})

    def add(
        self, controllers: Iterable[Controller[Any]], answerers: Mapping[type[Question[Any]], Answerer] | None = None
    ) -> None:
        """Adds controllers; they start at once when the engine runs. Raises ValueError for a name that is taken."""
        self._questions.add(answerers or {})
        for one in controllers:
            if one.name in self._runners:
                raise ValueError(f"controller {one.name!r} is there already: give the other one another name")
            runner = self._runners[one.name] = Runner(one, self._shared, self._rng, self._registry)
            self._of_kind.setdefault(runner.resource, []).append(runner)
            self._start(runner)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            tasks = self._tasks
            tasks.create_task(self._served.run(), name="served kinds")
            tasks.create_task(self._listers.run(), name="listers")
            tasks.create_task(self._questions.run(), name="questions")
            tasks.create_task(self._writer.run(), name="events")
            for runner in self._runners.values():
                self._start(runner)

    def _start(self, runner: Runner) -> None:
        """Existing objects are announced first: another controller may have filled the cache of the kind."""
        if self._tasks is None:
            return
        if self._listers.known(runner.resource):
            for obj in self._listers.lister(runner.extent).list():
                runner.concern(obj, resync=True)
        self._tasks.create_task(runner.run(), name=runner.name)

    def queues(self) -> Iterator[tuple[str, WorkQueue]]:
        """By controller name; for metrics."""
        for name, runner in self._runners.items():
            yield name, runner.queue

    def queue(self, controller: str) -> WorkQueue:
        """Of the named controller."""
        return self._runners[controller].queue

    async def wait_served(self, resource: Resource) -> None:
        """Until the API server serves the kind."""
        await self._served.wait_served(resource)

    async def stop(self) -> None:
        for runner in self._runners.values():
            runner.queue.shut_down()
        for runner in self._runners.values():
            await runner.queue.wait_idle()
        await self._writer.flush()

    @property
    def is_idle(self) -> bool:
        """Whether no key is ready or being processed; keys that wait for their time do not count."""
        return all(runner.queue.is_idle for runner in self._runners.values())

    def recorder(self, component: str) -> EventRecorder:
        """Records Events that do not come from a decision; `run` writes them."""
        return self._writer.recorder(component)

    def awaited_count(self, question: type[Question[Any]]) -> int:
        """How many questions of a class wait for their answer."""
        return self._questions.awaited_count(question)

    @property
    def is_filled(self) -> bool:
        """Whether every controller whose kind is served has filled its caches."""
        return self._served.is_known and all(
            runner.is_started or runner.resource not in self._served for runner in self._runners.values()
        )

    @property
    def failing(self) -> dict[Work, Failing]:
        """The keys whose last turn failed."""
        return {work: failing for runner in self._runners.values() for work, failing in runner.failing.items()}

    @property
    def writes_count(self) -> int:
        return self._writer.writes_count

    def turns(self, controller: str) -> int:
        """How many turns a controller has run."""
        return self._runners[controller].turns_count

    def wake(self, work: Work) -> None:
        self._runners[work.controller].queue.add(work.key)

    def wake_all(self) -> None:
        """Keys moved between replicas: every replica processes the keys it owns now."""
        for runner in self._runners.values():
            if runner.is_started:
                for obj in self._listers.lister(runner.extent).list():
                    runner.concern(obj, resync=True)

    def _changed(self, resource: Resource, old: JsonObject | None, new: JsonObject | None, is_first: bool) -> None:
        for runner in self._of_kind.get(resource, ()):
            if new is not None:
                runner.concern(new, resync=is_first)
            if old is not None and (new is None or runner.is_of_groups):
                runner.concern(old, resync=is_first)

    def _served_changed(self, resources: Iterable[Resource]) -> None:
        self._subscriptions.notify(served_note(resource) for resource in resources)
