"""A scrape of 10,000 Applications: how long it takes, and the longest piece of it, which is what others wait for.

Run: python -m bench.metrics. Processor time; what a scraper needs to read the text is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from argosy.gitops.keys import APPLICATIONS, IN_CLUSTER
from argosy.gitops.metrics import CONDITIONS, LABELS, ApplicationMetrics
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.observe.metrics import Registry

COUNT = 10_000
PHASES = ("Succeeded", "Failed")


class Held:
    """A cache that holds what it was given."""

    def __init__(self, objects: Iterable[JsonObject]) -> None:
        self._objects = {key_of(obj): obj for obj in objects}
        self.resource: Resource = APPLICATIONS
        self.synced = True
        self.seen_up_to = 0

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: Key) -> JsonObject | None:
        return self._objects.get(key)

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        return list(self._objects.values())

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        return ()

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None: ...

    def on_change(
        self, handler: Callable[[JsonObject | None, JsonObject | None], None], *, replay: bool = True
    ) -> Callable[[], None]:
        for obj in self._objects.values():
            handler(None, obj)
        return lambda: None

    async def wait_synced(self) -> None: ...


def application(number: int) -> JsonObject:
    metadata = {"name": f"app-{number:05}", "namespace": "argocd", "labels": {"team": f"team-{number % 50}"}}
    source = {"repoURL": f"https://git.example/team-{number % 100}/repo.git", "path": "."}
    spec = {"project": "default", "source": source, "destination": {"server": IN_CLUSTER, "namespace": "default"}}
    operation = {"operation": {"sync": {}}, "phase": PHASES[number % 2], "startedAt": "2026-01-01T00:00:00Z"}
    status = {
        "sync": {"status": "Synced"},
        "health": {"status": "Healthy"},
        "operationState": {**operation, "finishedAt": "2026-01-01T00:00:05Z"},
        "conditions": [{"type": "ComparisonError", "message": "m"}] if number % 10 == 0 else [],
    }
    return {"metadata": metadata, "spec": spec, "status": status}


def main() -> None:
    registry = Registry()
    apps = [application(number) for number in range(COUNT)]
    environ = {LABELS: "team", CONDITIONS: "ComparisonError"}
    held = Held(apps)
    metrics = ApplicationMetrics(held, lambda key: True, lambda app: IN_CLUSTER, environ, registry)
    for app in apps:
        for verb in ("Get", "Patch"):
            metrics.requested(IN_CLUSTER, verb, APPLICATIONS, "argocd", "200", False, key_of(app))
    for turn in ("first", "second"):
        began = at = time.process_time()
        longest, size = 0.0, 0
        for piece in registry.pieces():
            now = time.process_time()
            longest, at = max(longest, now - at), now
            size += len(piece)
        print(
            f"{turn} scrape of {COUNT} applications: {time.process_time() - began:.3f} s, {size / 1e6:.1f} MB, "
            f"longest piece {longest * 1000:.1f} ms"
        )


if __name__ == "__main__":
    main()
