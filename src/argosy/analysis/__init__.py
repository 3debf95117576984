"""Argo Rollouts' analyses: measures metrics, judges them, and says in an AnalysisRun's status what they come to.

Owns: the status of AnalysisRun, and the Jobs of its `job` metrics. Reads: AnalysisRuns, the Secrets that they and the
providers name, their Jobs and Pods. AnalysisTemplates it does not read: a run is made whole by who needs it (rollouts,
promotion, experiments; `apis.rollouts` has what they share). Wakes: when a metric is due, when an answer comes, when a
Job or a Secret changes, when a finished run has outlived its time.

- `look.py`, `run.py`: look and decide.  `schedule.py`: when.  `assessment.py`: what it comes to.
- `results.py`: the status as JSON.
- `measuring.py`, `conditions.py`: from an answer to a judged measurement.  `jobs.py`: metrics that are Jobs.
- `arguments.py`, `credentials.py`: Secrets.  `ports.py`: the one question this room asks.
- `providers/`: who answers it, one file a provider, all of them through the egress policy.
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
