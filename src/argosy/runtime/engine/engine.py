"""The engine: declared controllers over one cluster, and the parts that they share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from argosy.machinery.controller import Controller, Question
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine.listers import Listers
from argosy.runtime.engine.questions import Answerer, Questions
from argosy.runtime.engine.runner import Failing, Runner, Shared
from argosy.runtime.engine.served import ServedKinds
from argosy.runtime.engine.subscriptions import Subscriptions, Work, served_note
from argosy.runtime.engine.writer import Writer
from argosy.runtime.informers import InformerCaches


class Engine:
    """`run` until cancelled; `stop` takes no more work and waits for what has begun."""

    def __init__(
        self,
        client: Client,
        caches: InformerCaches,
        clock: Clock,
        rng: Rng,
        controllers: Iterable[Controller[Any]],
        answerers: Mapping[type[Question[Any]], Answerer] | None = None,
        *,
        owns: Callable[[str, Key], bool] | None = None,
        registry: Registry = REGISTRY,
    ) -> None:
        """`owns`: whether a key of a controller is this replica's; asked when its turn comes."""
        rng = rng.fork("engine")
        self._subscriptions = Subscriptions(self.wake)
        self._listers = Listers(caches, self._subscriptions, self._changed, self.wake)
        self._served = ServedKinds(client, caches, clock, rng, self._served_changed)
        self._questions = Questions(answerers or {}, clock, rng, self.wake, registry)
        self._writer = Writer(client, self._listers, clock)
        shared = Shared(
            clock=clock,
            listers=self._listers,
            served=self._served,
            questions=self._questions,
            subscriptions=self._subscriptions,
            writer=self._writer,
            owns=owns or (lambda controller, key: True),
        )
        self._runners = {one.name: Runner(one, shared, rng, registry) for one in controllers}
        self._of_kind: dict[Resource, list[Runner]] = {}
        for runner in self._runners.values():
            self._of_kind.setdefault(runner.resource, []).append(runner)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._served.run(), name="served kinds")
            tasks.create_task(self._listers.run(), name="listers")
            tasks.create_task(self._questions.run(), name="questions")
            tasks.create_task(self._writer.run(), name="events")
            for runner in self._runners.values():
                tasks.create_task(runner.run(), name=runner.name)

    async def stop(self) -> None:
        for runner in self._runners.values():
            runner.queue.shut_down()
        for runner in self._runners.values():
            await runner.queue.wait_idle()
        await self._writer.flush()

    @property
    def is_idle(self) -> bool:
        """Whether no key is ready or at work; keys that wait for their time do not count."""
        return all(runner.queue.is_idle for runner in self._runners.values())

    @property
    def is_filled(self) -> bool:
        """Whether every controller whose kind is served has what it needs to work."""
        return self._served.is_known and all(
            runner.is_started or runner.resource not in self._served for runner in self._runners.values()
        )

    @property
    def failing(self) -> dict[Work, Failing]:
        """The keys whose last turn did not end well."""
        return {work: failing for runner in self._runners.values() for work, failing in runner.failing.items()}

    @property
    def writes_count(self) -> int:
        return self._writer.writes_count

    def turns(self, controller: str) -> int:
        """How many turns a controller has had."""
        return self._runners[controller].turns_count

    def wake(self, work: Work) -> None:
        self._runners[work.controller].queue.add(work.key)

    def wake_all(self) -> None:
        """Keys moved between replicas: whoever owns them now looks at them."""
        for runner in self._runners.values():
            if runner.is_started:
                for obj in self._listers.lister(runner.resource).list():
                    runner.queue.add(key_of(obj), resync=True)

    def _changed(self, resource: Resource, old: JsonObject | None, new: JsonObject | None, is_first: bool) -> None:
        obj = new or old
        if obj is not None:
            for runner in self._of_kind.get(resource, ()):
                runner.queue.add(key_of(obj), resync=is_first)

    def _served_changed(self, resources: Iterable[Resource]) -> None:
        self._subscriptions.tell(served_note(resource) for resource in resources)
