"""One change of one object with 10,000 subscriptions: the complete look and decision, which is what others wait for.

Run: python -m bench.notifications. Processor time; the configuration has been read before, as it is for all changes but
the first.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime
from typing import Any

from argosy.apis.kubernetes.views.core import ConfigMap
from argosy.apis.schema import read
from argosy.machinery.controller import PENDING
from argosy.machinery.objects import JsonObject, Key
from argosy.notify.decide import decide
from argosy.notify.look import Look
from argosy.notify.settings import NotifySettings
from argosy.notify.subjects import APPLICATION, APPLICATIONS
from argosy.notify.templates import Renderer

COUNT, CHANGES = 10_000, 200
LIMIT_MS = 5.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRIGGER = "- when: app.status.sync.status == 'OutOfSync'\n  oncePer: app.status.sync.revision\n  send: [out]\n"
BASIS = {"trigger.on-out": TRIGGER, "template.out": "message: m\n", "service.slack": "token: t\n"}


class Held:
    """A snapshot of one Application and one ConfigMap."""

    memory: Any = None
    refusal = None
    refusals = ()

    def __init__(self, config_map: ConfigMap) -> None:
        self._config_map = config_map
        self.app: JsonObject = {}

    def get(self, kind: Any, key: Key) -> Any:
        return self._config_map if kind is ConfigMap else None

    def object(self, resource: Any, key: Key) -> JsonObject | None:
        return self.app if resource is APPLICATIONS else None

    def ask(self, question: Any) -> Any:
        return PENDING


def application(number: int, recipients: int = 0) -> JsonObject:
    name = "notifications.argoproj.io/subscribe.on-out.slack"
    given = {name: ";".join(f"r{index}" for index in range(recipients))} if recipients else {}
    status = {"sync": {"status": ("Synced", "OutOfSync")[number % 2], "revision": f"{number:040d}"}}
    metadata = {
        "name": "web",
        "namespace": "argocd",
        "uid": "u",
        "resourceVersion": "1",
        "labels": {"team": "t7", "app": "web"},
        "annotations": given,
    }
    return {"metadata": metadata, "spec": {"source": {"repoURL": "https://git.example/web.git"}}, "status": status}


def subscriptions(selector: str) -> str:
    lines = [
        f"- recipients: ['slack:c{number}']\n  triggers: [on-out]\n  selector: {selector.format(number=number % 200)}\n"
        for number in range(COUNT)
    ]
    return "".join(lines)


def measured(name: str, data: dict[str, str], recipients: int = 0) -> float:
    metadata = {"name": "c", "namespace": "argocd", "resourceVersion": "1"}
    config_map = read(ConfigMap, {"metadata": metadata, "data": data})
    held, look = Held(config_map), Look(APPLICATION, NotifySettings(), Renderer.of(lambda: NOW, bytes))
    times = []
    for number in range(CHANGES):
        held.app = application(number, recipients)
        begun = time.process_time()
        seen = look(held, Key("argocd", "web"))  # type: ignore[arg-type]
        if seen is not None:
            decide(seen, NOW)
        times.append((time.process_time() - begun) * 1000)
    first, rest = times[0], statistics.quantiles(times[1:], n=100)
    print(
        f"{name:<58} p50 {rest[49]:6.2f} ms  p99 {rest[98]:6.2f} ms  (first, with reading: {first:.0f} ms)", flush=True
    )
    return rest[49]


def main() -> int:
    found = [
        measured(
            "subscriptions by team, 50 of 10,000 match", {**BASIS, "subscriptions": subscriptions("team=t{number}")}
        ),
        measured("none of which can be indexed", {**BASIS, "subscriptions": subscriptions("stage!=s{number},zone")}),
        measured("1,000 recipients in the annotation", BASIS, recipients=1000),
    ]
    return 0 if max(found[:2]) < LIMIT_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
