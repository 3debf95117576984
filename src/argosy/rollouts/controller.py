"""The controllers of this room."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.apis.rollouts import Experiment, Rollout
from argosy.machinery.controller import Controller, Decision
from argosy.rollouts import destination_rules, services
from argosy.rollouts.experiments import decide as experiments
from argosy.rollouts.experiments import look as experiment_look
from argosy.rollouts.reconcile.decide import decide_turn
from argosy.rollouts.reconcile.look import look
from argosy.rollouts.reconcile.seen import Seen
from argosy.rollouts.reconcile.traffic.balancing import ENDPOINTS, bindings_resource
from argosy.rollouts.resources import ANALYSIS_RUNS
from argosy.rollouts.routers.istio.resources import DESTINATION_RULES
from argosy.rollouts.routers.table import routers_of
from argosy.rollouts.settings import RolloutSettings

REPORTER: Final = "rollouts-controller"


def decide(seen: Seen, now: datetime) -> Decision:
    return decide_turn(seen, now, routers_of)


def rollout(settings: RolloutSettings) -> Controller[Seen]:
    return Controller[Seen](
        name="rollout",
        kind=Rollout,
        look=partial(look, settings=settings),
        decide=decide,
        owns=(ReplicaSet, ANALYSIS_RUNS, Experiment),
        by_namespace=(ENDPOINTS, bindings_resource(settings)),
        workers=10,
        finishes_first=True,
        manager="rollouts-controller",
        reporter=REPORTER,
    )


def experiment(settings: RolloutSettings) -> Controller[experiment_look.Seen]:
    return Controller[experiment_look.Seen](
        name="experiment",
        kind=Experiment,
        look=partial(experiment_look.look, settings=settings),
        decide=experiments.decide,
        owns=(ReplicaSet, ANALYSIS_RUNS),
        workers=10,
        manager="rollouts-controller",
        reporter=REPORTER,
    )


SERVICE: Final = Controller[services.Seen](
    name="rollout-service",
    kind=Service,
    look=services.look,
    decide=services.decide,
    workers=4,
    manager="rollouts-controller",
    reporter=REPORTER,
)

DESTINATION_RULE: Final = Controller[destination_rules.Seen](
    name="rollout-destination-rule",
    kind=DESTINATION_RULES,
    look=destination_rules.look,
    decide=destination_rules.decide,
    workers=2,
    manager="rollouts-controller",
    reporter=REPORTER,
)
