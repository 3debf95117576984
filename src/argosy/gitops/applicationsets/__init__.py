"""ApplicationSets: many Applications from one template (spec argo-cd-engine-2.md 15).

Owns the Applications that it generates, and the status of argoproj.io/v1alpha1 ApplicationSet. Reads AppProjects,
settings, and the Secrets of clusters and repositories. Wakes when any of them changes, when generators are to be
asked again, and when the generators' answer has come.

- `controller.py`: the declaration.  `look.py`: what is seen.  `decide.py`: what is written.
- `generation.py`: asks `generators/` (one file each), which make sets of parameters; `desired_applications` and
  `template` make Applications of them.  `hosting/`: clients of hosts.
- `reconcile.py`: what is created, changed and deleted.  `rolling_sync.py`: in which order it is synced.
- `status.py`, `set_status.py`: what is told.  `deletion.py`: the end of a set.  `dry_run.py`: what would happen.

A generator that fails changes nothing: no Application is created, updated or deleted from half an answer.
"""

from __future__ import annotations

from argosy.gitops.applicationsets.controller import answerers, controllers
from argosy.gitops.applicationsets.generation import Generators
from argosy.gitops.applicationsets.jq_questions import JqRunner

__all__ = ["Generators", "JqRunner", "answerers", "controllers"]
