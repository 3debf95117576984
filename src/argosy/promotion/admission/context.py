"""What all rules of admission share: who asks, what is stored, and the Events that tell of a decision."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from argosy.machinery import timestamps
from argosy.machinery.controller import Event
from argosy.machinery.objects import Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion.admission.faults import FieldFault
from argosy.promotion.admission.reading import Reading
from argosy.promotion.admission.request import Request
from argosy.promotion.kinds import NAMESPACES, STAGES
from argosy.promotion.names import PROJECT
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock

EVENTS: Final = Resource("", "v1", "events", "Event")


@dataclass(frozen=True, slots=True)
class AdmissionContext:
    reading: Reading
    clock: Clock
    rng: Rng
    is_our_name: Callable[[str], bool]
    """Whether a user name is the control plane's."""

    def is_ours(self, request: Request) -> bool:
        return self.is_our_name(str(request.user.get("username") or ""))

    def actor(self, request: Request) -> str:
        return f"kubernetes:{request.user.get('username') or 'unknown'}"

    async def may_promote(self, request: Request, stage: str) -> bool:
        """The verb `promote` on the Stage; the control plane may always."""
        return self.is_ours(request) or await self.reading.may(
            request.user, "promote", STAGES, request.namespace, stage
        )

    async def outside(self, request: Request) -> list[FieldFault]:
        """Kargo's objects belong into namespaces of Projects."""
        if not request.creates or await self.is_project(request.namespace):
            return []
        message = f'namespace "{request.namespace}" is not a project'
        return [FieldFault("metadata.namespace", message, request.namespace)]

    async def is_project(self, namespace: str) -> bool:
        space = await self.reading.get(NAMESPACES, Key("", namespace))
        return ((space or {}).get("metadata", {}).get("labels") or {}).get(PROJECT) == "true"

    async def announce(self, event: Event, component: str) -> None:
        """An Event is worth no failure of the write that it is about."""
        about, now = event.about, timestamps.seconds(self.clock.now())
        metadata = about["metadata"]
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name'][:230]}.{self.rng.suffix(10)}",
                "namespace": metadata["namespace"],
                "annotations": dict(event.annotations),
            },
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata.get("uid") or "",
            },
            "reason": event.reason,
            "message": event.message,
            "type": event.type,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": component,
        }
        with contextlib.suppress(StatusError):
            await self.reading.create(EVENTS, body)
