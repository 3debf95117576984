"""What a page's list costs with 10,000 Applications: a window with its counts, which holds the event loop.

Run: python -m bench.lists. Processor time; rows are made once for each version of an object, and not again.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

from argosy.machinery.objects import JsonObject
from argosy.server.api.applications.rows import TABLE, row_of
from argosy.server.api.listing import Wanted
from argosy.server.context import ServerContext

COUNT = 10_000
QUESTIONS = {
    "all, by name": Wanted(),
    "all, the worst first": Wanted(sort="-severity"),
    "a search": Wanted(search="app-01 team-5"),
    "a filter": Wanted(filters={"sync": frozenset({"OutOfSync"})}),
}


def application(number: int) -> JsonObject:
    labels = {"team": f"team-{number % 50}", "env": f"env-{number % 3}"}
    source = {"repoURL": f"https://git.example/team-{number % 100}/repo.git", "path": "."}
    status = {
        "sync": {"status": "Synced" if number % 7 else "OutOfSync", "revision": "a" * 40},
        "health": {"status": "Healthy"},
        "summary": {"images": ["registry.example/web:1", "registry.example/proxy:2"]},
        "resources": [{"kind": "Deployment", "name": "web", "status": "Synced"}] * 10,
    }
    return {
        "metadata": {"name": f"app-{number:05}", "namespace": "argocd", "labels": labels},
        "spec": {
            "project": f"project-{number % 20}",
            "source": source,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": f"ns-{number % 500}"},
        },
        "status": status,
    }


def main() -> None:
    world: Any = SimpleNamespace(gitops=SimpleNamespace(name_of=lambda server: "in-cluster"))
    began = time.process_time()
    made = [
        TABLE.prepared(row_of(application(number), "https://kubernetes.default.svc", cast(ServerContext, world)))
        for number in range(COUNT)
    ]
    print(f"{COUNT} rows made: {(time.process_time() - began) / COUNT * 1e6:.0f} us each")
    for name, wanted in QUESTIONS.items():
        best = min(_seconds(made, wanted) for _ in range(5))
        print(f"{name}: {best * 1000:.1f} ms")


def _seconds(made: list[Any], wanted: Wanted) -> float:
    began = time.process_time()
    TABLE.window(made, wanted)
    return time.process_time() - began


if __name__ == "__main__":
    main()
