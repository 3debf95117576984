"""Kargo's job: new artefacts found, made into Freight, and promoted from stage to stage.

Owns the kinds of kargo.akuity.io. `warehouses` discovers and makes Freight; `stages` keeps what each Stage holds,
verifies it and promotes by itself where that is wanted; `promotions` runs the steps; `projects` looks after namespaces,
permissions, configuration and copies; `garbage` removes what is old. Reads Applications and AnalysisRuns, patches the
former and makes the latter, and calls no other room. `admission` fills in and refuses before anything is stored;
`webhooks` takes deliveries of hosts and registries. Wakes on changes, soak times, polls and discovery intervals.
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
"""See `answering`, which is imported by who runs a process: it brings the adapters along."""
