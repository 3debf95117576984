"""AWS load balancers: a client of the ELBv2 API, and a simulation for clusters without AWS."""

from __future__ import annotations

from typing import Any

from argosy.machinery.controller import Question
from argosy.rollouts.ports import AskBalancer, AskTargets, LoadBalancers
from argosy.runtime.engine import Answerer

SECONDS = 120.0


def answerers(balancers: LoadBalancers) -> dict[type[Question[Any]], Answerer]:
    return {
        AskBalancer: Answerer(answer=balancers.balancer, limit=4, timeout=SECONDS),
        AskTargets: Answerer(answer=balancers.targets, limit=8, timeout=SECONDS),
    }
