"""ApplicationSets: many Applications from one template (spec argo-cd-engine-2.md 15).

Owns the Applications that it generates, and the status of argoproj.io/v1alpha1 ApplicationSet. Reads AppProjects,
settings, and the Secrets of clusters and repositories. Wakes when any of them changes, when generators are due
again, and when the generators' answer arrives.

- `controller.py`: the declaration.  `look.py`: the inputs.  `decide.py`: the writes.
- `generation.py`: runs `generators/` (one file each), which return sets of parameters; `desired_applications` and
  `template` build Applications from them.  `hosting/`: clients of Git hosts.
- `reconcile.py`: what is created, changed and deleted.  `rolling_sync.py`: in which order they are synced.
- `status.py`, `set_status.py`: the status.  `deletion.py`: deleting a set.  `dry_run.py`: what would happen.

A generator that fails changes nothing: no Application is created, updated or deleted on an incomplete answer.
"""

from __future__ import annotations

from argosy.gitops.applicationsets.controller import answerers, controllers
from argosy.gitops.applicationsets.generation import Generators
from argosy.gitops.applicationsets.jq_questions import JqRunner

__all__ = ["Generators", "JqRunner", "answerers", "controllers"]
