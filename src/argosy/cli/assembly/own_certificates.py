"""Applies the objects of Argosy's own certificates; from then on they are the room's, as anybody's are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from argosy.cli.assembly.installing import resource_of
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import apply
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

log = logging.getLogger(__name__)

MANAGER: Final = "argosy-own-certificates"
AFTER_READY_SECONDS: Final = 0.5
"""What waited for readiness goes first."""
RETRY_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 86_400.0
"""An object that somebody deleted is back after this long; one that is as it was is not written."""


class OwnCertificates:
    """`run` until cancelled. What somebody has changed in one of the objects stays as they want it."""

    def __init__(
        self, client: Client, clock: Clock, objects: Sequence[JsonObject], *, is_ready: Callable[[], bool]
    ) -> None:
        self._client, self._clock, self._objects, self._is_ready = client, clock, objects, is_ready

    async def run(self) -> None:
        while not self._is_ready():
            await self._clock.sleep(0.05, background=True)
        await self._clock.sleep(AFTER_READY_SECONDS, background=True)
        while True:
            for obj in self._objects:
                await self._applied(obj)
            await self._clock.sleep(AGAIN_SECONDS, background=True)

    async def _applied(self, obj: JsonObject) -> None:
        """Tried until it is there: kinds may come later, and a server may be away."""
        reported = ""
        while True:
            try:
                await self._client.write(apply(resource_of(obj), obj, manager=MANAGER, force=False))
                return
            except (StatusError, OSError) as error:
                if isinstance(error, StatusError) and error.is_field_conflict:
                    return  # somebody's change, which stays
                if str(error) != reported:
                    reported = str(error)
                    metadata = obj["metadata"]
                    place = Key(metadata["namespace"], metadata["name"])
                    log.warning("own certificates: %s %s waits: %s", obj["kind"], place, reported)
            await self._clock.sleep(RETRY_SECONDS, background=True)
