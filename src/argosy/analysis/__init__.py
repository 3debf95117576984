"""Argo Rollouts' analyses: takes measurements, assesses them, and writes the result to an AnalysisRun's status.

Owns: the status of AnalysisRun, and the Jobs of its `job` metrics. Reads: AnalysisRuns, the Secrets that they and the
providers refer to, their Jobs and Pods. It does not read AnalysisTemplates: the creator of a run copies everything into
it (rollouts, promotion, experiments; `apis.rollouts` has what they share). Wakes: when a metric is due, when an answer
arrives, when a Job or a Secret changes, when a finished run's time to live is over.

- `look.py`, `run.py`: look and decide.  `schedule.py`: when to measure.  `assessment.py`: the resulting phases.
- `results.py`: the status as JSON.
- `measuring.py`, `conditions.py`: from an answer to an assessed measurement.  `jobs.py`: metrics that are Jobs.
- `arguments.py`, `credentials.py`: Secrets.  `ports.py`: the one question this room asks.
- `providers/`: the providers that answer it, one file each, all of them through the egress policy.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from argosy.analysis import jobs
from argosy.analysis.look import look
from argosy.analysis.run import decide
from argosy.analysis.settings import AnalysisSettings
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.machinery.controller import Controller

__all__ = ["AnalysisSettings", "controllers"]


def controllers(settings: AnalysisSettings | None = None) -> tuple[Controller[Any], ...]:
    gather = partial(look, settings=settings or AnalysisSettings())
    return (
        Controller(
            name="analysis",
            kind=AnalysisRun,
            look=gather,
            decide=decide,
            owns=(jobs.JOBS,),
            workers=8,
            manager="argo-rollouts",
            reporter="rollouts-controller",
        ),
    )
