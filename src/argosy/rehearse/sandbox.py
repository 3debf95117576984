"""The sandbox that a rehearsal runs in; `argosy.cli.rehearse.sandbox` assembles it."""

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
"""(cluster, plural, old, new) for each stored change; the control plane's own cluster is ""."""


class Clusters(Protocol):
    """All clusters that Applications deploy to, in memory."""

    def client(self, server: str) -> Client | None:
        """Finds a cluster by a destination's URL or name; None if it is unknown."""
        ...

    def names(self) -> Sequence[str]:
        """All clusters except the control plane's own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """`client` has full access to the control plane's cluster; `listen` adds a listener for all clusters' changes."""

    client: Client
    clusters: Clusters
    clock: VirtualClock
    repositories: Repositories
    registry: SimulatedRegistry
    forge: Forge
    notes: Notes
    listen: Callable[[Heard], None]
