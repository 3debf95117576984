"""What a rehearsal is played in; who assembles a process makes it (`argosy.cli.rehearse.sandbox`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from argosy.machinery.objects import JsonObject
from argosy.rehearse.notes import Notes
from argosy.rehearse.repositories import Repositories
from argosy.rehearse.simulated.images import SimulatedRegistry
from argosy.rehearse.simulated.pull_requests import Forge
from argosy.runtime.client import Client
from argosy.runtime.virtual import VirtualClock

Heard = Callable[[str, str, JsonObject | None, JsonObject | None], None]
"""(cluster, plural, old, new) of each change that was stored; the control plane's own cluster is ""."""


class Clusters(Protocol):
    """Every cluster that Applications go to, in memory."""

    def client(self, server: str) -> Client | None:
        """By the URL or name of a destination; None for one that is not known."""
        ...

    def names(self) -> Sequence[str]:
        """Of all but the control plane's own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """`client` may do everything in the control plane's own cluster; `heard` gets every listener's calls."""

    client: Client
    clusters: Clusters
    clock: VirtualClock
    repositories: Repositories
    registry: SimulatedRegistry
    forge: Forge
    notes: Notes
    listen: Callable[[Heard], None]
