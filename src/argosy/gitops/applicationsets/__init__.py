"""ApplicationSets: many Applications from one template (spec argo-cd-engine-2.md 15).

`ApplicationSets(client, caches, git, hosting, plugins, clock, rng, namespace)` watches sets, their Applications,
AppProjects, settings, and the Secrets of clusters; `run` until cancelled. `generators/` make sets of parameters (one
file each), `render` makes Applications of them, `reconcile` decides what is created, changed and deleted,
`rolling_sync` in which order it is synced, `status` what is told. `preview` says what would happen, and does nothing.
A generator that fails changes nothing: no Application is created, updated or deleted from half an answer.
"""

from __future__ import annotations

from argosy.gitops.applicationsets.controller import ApplicationSets
from argosy.gitops.applicationsets.preview import Preview, preview

__all__ = ["ApplicationSets", "Preview", "preview"]
