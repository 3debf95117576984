"""Notifications' job: informs people and services of changes of Applications, Rollouts, Promotions and Certificates.

Owns: two annotations of the objects, see `decide.py`. Reads: the objects and related ones, ConfigMaps and Secrets with
triggers, templates and services. Writes: those annotations, and Events about failed deliveries.
Wakes: when an object, its project or a configuration changes; when a delivery finished or is due again; every minute
while a condition depends on the time.

- `configuration.py`, `subscriptions.py`: the configuration, and the subscribers.  `settings.py`: names and namespaces.
- `triggers.py`, `templates.py`, `functions.py`: conditions, texts, and what both may call.
- `state.py`, `records.py`: the two annotations.  `subjects.py`: the kinds.  `rollout_events.py`: Rollouts, by Events.
- `look.py`, `decide.py`: the decision.  `problems.py`: reports invalid configuration.
- `ports.py`: the questions.  `adapter.py`, `services/`: deliveries, one file per type of service.
- `threads.py`: where chat threads started.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from argosy.machinery.controller import Controller
from argosy.notify.decide import decide
from argosy.notify.look import Look
from argosy.notify.metrics import Metrics
from argosy.notify.problems import problems_controller
from argosy.notify.rollout_events import CONFIG_MAP, SECRET, rollout_controller
from argosy.notify.settings import NotifySettings
from argosy.notify.subjects import OWN_CONFIG_MAP, OWN_SECRET, SUBJECTS
from argosy.notify.templates import Renderer

REPORTER = "argocd-notifications"
ROLLOUTS_REPORTER = "rollouts-controller"


def controllers(
    settings: NotifySettings,
    now: Callable[[], datetime],
    entropy: Callable[[int], bytes],
    metrics: Metrics | None = None,
) -> tuple[Controller[Any], ...]:
    """`now` and `entropy`: the time and randomness for Sprig's functions in templates."""
    renderer = Renderer.of(now, entropy)
    measure = metrics.measure if metrics is not None else None
    about = tuple(
        Controller(
            name=f"notifications-{subject.variable}",
            kind=subject.resource,
            look=Look(subject, settings, renderer),
            decide=decide,
            background=True,
            manager=REPORTER,
            reporter=REPORTER,
            measure=measure,
        )
        for subject in SUBJECTS
    )
    names = {settings.config_map: settings.secret, OWN_CONFIG_MAP: OWN_SECRET}
    return (*about, problems_controller(names, REPORTER))


def rollout_controllers(
    settings: NotifySettings, now: Callable[[], datetime], entropy: Callable[[int], bytes]
) -> tuple[Controller[Any], ...]:
    """For Rollouts: separate, since it reads every Event."""
    names = {CONFIG_MAP: SECRET}
    problems = problems_controller(names, ROLLOUTS_REPORTER, name="notifications-rollout-configuration")
    return (rollout_controller(settings, Renderer.of(now, entropy), ROLLOUTS_REPORTER), problems)
