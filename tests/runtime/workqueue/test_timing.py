"""How long keys wait and are worked on, under client-go's names."""

from __future__ import annotations

from argosy.machinery.objects import Key
from argosy.observe.metrics import Registry
from argosy.runtime.virtual import VirtualProcess
from argosy.runtime.workqueue.metrics import register_queues
from argosy.runtime.workqueue.queue import WorkQueue

KEY = Key("a", "b")


def test_the_way_of_a_key_is_timed_from_ready_to_done() -> None:
    process = VirtualProcess(7)
    registry, queue = Registry(), WorkQueue(process.clock, process.rng)
    register_queues(lambda: [("work", queue)], registry)

    async def story() -> None:
        queue.add(KEY)
        await process.clock.sleep(2)
        assert await queue.get() == KEY
        await process.clock.sleep(3)
        text = registry.text()
        assert 'workqueue_unfinished_work_seconds{name="work"} 3' in text
        assert 'workqueue_longest_running_processor_seconds{name="work"} 3' in text
        queue.done(KEY)

    process.run(story())
    text = registry.text()
    assert 'workqueue_queue_duration_seconds_sum{name="work"} 2' in text
    assert 'workqueue_work_duration_seconds_sum{name="work"} 3' in text
    assert 'workqueue_longest_running_processor_seconds{name="work"} 0' in text
    process.close()


def test_a_key_whose_time_came_waits_from_then_on() -> None:
    process = VirtualProcess(7)
    registry, queue = Registry(), WorkQueue(process.clock, process.rng)
    register_queues(lambda: [("work", queue)], registry)

    async def story() -> None:
        queue.add_after(KEY, 10)
        await process.clock.sleep(12)
        await queue.get()
        queue.done(KEY)

    process.run(story())
    assert 'workqueue_queue_duration_seconds_sum{name="work"} 2' in registry.text()
    process.close()
