"""One destination cluster: its live objects, and how and as whom it is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.clusters.schemas import DEFINITIONS, ServedSchemas
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.ports import KnownTypes
from argosy.gitops.sync.apply import Applier
from argosy.runtime.caches.informer import Caches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clients.access import Access
from argosy.runtime.clock import Clock
from argosy.runtime.persistence import until_done


class Destination:
    def __init__(self, server: str, live: LiveObjects, access: Access, known: KnownTypes) -> None:
        self.server = server
        self.live = live
        self._access = access
        self.schemas = ServedSchemas(known, live, access.client)
        self._known = known
        self._appliers = {"": Applier(access.client, live, known)}

    @property
    def client(self) -> Client:
        """Reads and writes as the control plane."""
        return self._access.client

    @property
    def applier(self) -> Applier:
        """Writes as the control plane."""
        return self._appliers[""]

    def applier_as(self, user: str) -> Applier:
        """Writes as `user`; as the control plane for ""."""
        if (found := self._appliers.get(user)) is None:
            found = self._appliers[user] = Applier(self._access.acting_as(user), self.live, self._known)
        return found


async def follow_definitions(
    live: LiveObjects,
    caches: Caches,
    settings: Callable[[], Settings],
    changed: Callable[[], None],
    clock: Clock,
    rng: Rng,
) -> None:
    """Watches for kinds that CustomResourceDefinitions add and remove, until cancelled, and calls `changed`.

    Discovery is retried until the server answers.
    """
    changed_event = asyncio.Event()
    forget = caches.cache(DEFINITIONS, metadata_only=True).on_change(lambda old, new: changed_event.set())
    try:
        while True:
            await changed_event.wait()
            changed_event.clear()
            await until_done(lambda: live.discover(settings(), fresh=True), clock, rng)
            await live.wait_synced()
            changed()
    finally:
        forget()
