"""Kargo's job: discover new artefacts, create Freight from them, and promote it from stage to stage.

Owns the kinds of kargo.akuity.io. `warehouses` discovers artefacts and creates Freight; `stages` records what a Stage
holds, verifies and auto-promotes; `promotions` runs steps; `projects` manages namespaces, permissions, configuration
and copies; `garbage` deletes old objects. Reads Applications and AnalysisRuns, patches the former, creates the latter,
and calls no other room. `admission` defaults and validates objects before they are stored; `webhooks` receives
deliveries of Git hosts and registries. Wakes on changes, soak times, polls and discovery intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.machinery.controller import Controller, Question
from argosy.promotion.garbage import Collecting
from argosy.promotion.projects.configuring import cluster_configs, project_configs
from argosy.promotion.projects.copying import Copying
from argosy.promotion.projects.managing import Managing
from argosy.promotion.promotions import running
from argosy.promotion.promotions.requests import requests
from argosy.promotion.settings import Settings
from argosy.promotion.stages import chain
from argosy.promotion.warehouses import discovery

__all__ = ["Settings", "controllers"]


def controllers(settings: Settings | None = None) -> tuple[Controller[Any], ...]:
    given = settings or Settings()
    return (
        discovery.controller(given),
        chain.controller(given),
        running.controller(given),
        Managing(given).controller(),
        project_configs(given),
        cluster_configs(given),
        Copying(given).controller(),
        requests(),
        Collecting(given).controller(),
    )


Answerers = Mapping[type[Question[Any]], Any]
"""See `answering`, which the process imports itself, since it brings the adapters along."""
