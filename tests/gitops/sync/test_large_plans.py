"""What grows with the number of objects grows no faster than it (security rule 2)."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from argosy.apis.argoproj.application import SyncOperation
from argosy.apis.schema import read
from argosy.gitops.keys import ResourceKey
from argosy.gitops.sync.operation_state import record_of, resources_of
from argosy.gitops.sync.options import Options
from argosy.gitops.sync.plan import Result, next_step
from argosy.gitops.sync.tasks import Pair, Task, in_order, tasks_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import finished

FEW, MANY = 1000, 8000


def obj(kind: str, namespace: str, name: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"namespace": namespace, "name": name}}


def task(kind: str, namespace: str, name: str) -> Task:
    return Task("Sync", 0, ResourceKey("", kind, namespace, name), obj(kind, namespace, name), None)


def namespaces_and_their_content(count: int) -> list[Task]:
    content = [task("ConfigMap", f"n-{number}", "c") for number in range(count // 2)]
    return content + [task("Namespace", "", f"n-{number}") for number in range(count // 2)]


def plan_a_wave(count: int) -> None:
    step = next_step([task("ConfigMap", "n", f"c-{number}") for number in range(count)], {}, {})
    assert len(step.run) == count
    assert step.is_last


def order_namespaces(count: int) -> None:
    ordered = in_order(namespaces_and_their_content(count))
    assert ordered[0].key.kind == "Namespace"


def select_all_by_name(count: int) -> None:
    pairs = [
        Pair(ResourceKey("", "ConfigMap", "n", f"c-{i}"), obj("ConfigMap", "n", f"c-{i}"), None) for i in range(count)
    ]
    chosen = [{"kind": "ConfigMap", "name": f"c-{number}", "namespace": "n"} for number in range(count)]
    assert len(tasks_of(pairs, read(SyncOperation, {"resources": chosen}), Options())) == count


def record_all(count: int) -> None:
    tasks = [task("ConfigMap", "n", f"c-{number}") for number in range(count)]
    record = {found.identity: Result("Synced", "created", "Running") for found in tasks}
    told = finished(resources_of(tasks, record, "n"))
    told = finished(resources_of(tasks, record, "n", told))
    assert len(finished(record_of({"syncResult": {"resources": told}}, tasks, "n"))) == count


def seconds(work: Callable[[int], None], count: int) -> float:
    """Of processor time, at best, without the collection of garbage."""
    found = []
    gc.disable()
    for _ in range(4):
        began = time.thread_time()
        work(count)
        found.append(time.thread_time() - began)
    gc.enable()
    return min(found)


@pytest.mark.parametrize("work", [plan_a_wave, order_namespaces, select_all_by_name, record_all])
def test_the_work_for_many_objects_is_linear(work: Callable[[int], None]) -> None:
    few = max(seconds(work, FEW), 0.001)
    assert seconds(work, MANY) < few * (MANY / FEW) * 5
