"""Argo CD's job: compares what Git says with what the cluster has, and syncs it.

`GitOps(access, caches, renderer, git, charts, clock, rng, known_types, namespace)` watches Applications, AppProjects,
the settings ConfigMaps and Secrets of the control plane's namespace, and every listable kind of the cluster; `run`
until cancelled, while `caches` run concurrently. `known_types` is `ports.KnownTypes`. Its controllers are declared in
`reconcile` (Applications), `projects.finalizer` and `hydrator`; `controller` puts them together. Decisions are
pure, one file each, in the folder of their job.
"""

from __future__ import annotations

from argosy.gitops.controller import GitOps

__all__ = ["GitOps"]
