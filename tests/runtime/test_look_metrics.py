"""Looks and Events by object: counted while it is there, and for a minute after it went."""

from __future__ import annotations

import re

from argosy.machinery.objects import Key
from argosy.observe.metrics import Registry
from argosy.rollouts.settings import RolloutSettings
from argosy.runtime.look_metrics import STAY_SECONDS, LookMetrics
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

ROLLOUT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": TEMPLATE,
        "strategy": {"canary": {}},
    },
}


class Counted(RolloutStory):
    """A story whose controller of Rollouts is counted."""

    def start(self) -> None:
        self.registry = Registry()
        metrics = LookMetrics("rollout", self.caches.cache(ROLLOUTS), self.clock, self.registry)
        self._controllers = tuple(metrics.of(one) if one.name == "rollout" else one for one in self._controllers)
        super().start()


def test_looks_and_events_are_counted_by_object_until_a_minute_after_it_went() -> None:
    with Counted(settings=RolloutSettings()) as world:
        world.given([ROLLOUT])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        labels = f'namespace="{NAMESPACE}",name="web"'
        text = world.registry.text()
        assert f'rollout_events_total{{{labels},type="Normal",reason="RolloutCompleted"}} 1' in text
        (looks,) = re.findall(rf"rollout_reconcile_count{{{labels}}} (\d+)", text)
        assert 0 < int(looks) <= world.turns("rollout")  # one that waits for a cache to fill is none
        assert "rollout_reconcile_error{" not in text
        world.delete(ROLLOUTS, "web", NAMESPACE)
        world.pass_time(STAY_SECONDS / 2)
        assert labels in world.registry.text()
        world.pass_time(STAY_SECONDS)
        assert labels not in world.registry.text()


def test_a_look_that_fails_is_counted_as_an_error() -> None:
    with Counted() as world:
        world.given([ROLLOUT])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.engine._runners["rollout"]._controller.timed(Key(NAMESPACE, "web"), 0.1, True)  # type: ignore[misc]
        assert f'rollout_reconcile_error{{namespace="{NAMESPACE}",name="web"}} 1' in world.registry.text()
