"""The room `rollouts` in a process: loaded with the first Rollout or Experiment."""

from __future__ import annotations

from argosy import rollouts
from argosy.cli.rooms import Context, Parts


def build(context: Context) -> Parts:
    return Parts(controllers=rollouts.controllers())
