"""What an installation says of this room."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSettings:
    namespace: str = "argo-rollouts"
    """Of the control plane: there stands the ConfigMap that names step plug-ins."""
