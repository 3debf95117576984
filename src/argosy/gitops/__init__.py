"""Argo CD's job: what Git says is compared with what the cluster has, and made so.

`GitOps(access, caches, renderer, git, charts, clock, rng, known_types, namespace)` watches Applications, AppProjects,
the settings ConfigMaps and Secrets of the control plane's namespace, and every listable kind of the cluster; `run`
until cancelled, while `caches` run beside it. `known_types` is `ports.KnownTypes`. Decisions are pure, one file each:
refresh, targets, compare, autosync, sync/ (tasks, plan), operation, retry, deletion, deletion_hooks, dependencies,
orphans, status; `controller` is the shell.
"""

from __future__ import annotations

from argosy.gitops.controller import GitOps

__all__ = ["GitOps"]
