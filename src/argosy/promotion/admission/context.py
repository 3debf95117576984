"""What all admission rules share: the user, the stored objects, and the Events about a decision."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from argosy.apis.kubernetes.views.core import Namespace
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.controller import Event
from argosy.machinery.objects import Key, Resource, resource_of
from argosy.machinery.status import StatusError
from argosy.promotion.admission.faults import FieldFault
from argosy.promotion.admission.reading import Reading
from argosy.promotion.admission.request import Request
from argosy.promotion.kinds import STAGES
from argosy.promotion.names import PROJECT
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock

T = TypeVar("T")

EVENTS: Final = Resource("", "v1", "events", "Event")


@dataclass(frozen=True, slots=True)
class AdmissionContext:
    reading: Reading
    clock: Clock
    rng: Rng
    is_our_name: Callable[[str], bool]
    """Whether a user name belongs to the control plane."""

    async def view(self, kind: type[T], key: Key) -> T | None:
        found = await self.reading.get(resource_of(kind), key)
        return read(kind, found) if found is not None else None

    async def views(self, kind: type[T], namespace: str = "", selector: str = "") -> list[T]:
        return [read(kind, one) for one in await self.reading.list(resource_of(kind), namespace, selector)]

    def is_ours(self, request: Request) -> bool:
        return self.is_our_name(str(request.user.get("username") or ""))

    def actor(self, request: Request) -> str:
        return f"kubernetes:{request.user.get('username') or 'unknown'}"

    async def may_promote(self, request: Request, stage: str) -> bool:
        """The verb `promote` on the Stage; the control plane always has it."""
        return self.is_ours(request) or await self.reading.may(
            request.user, "promote", STAGES, request.namespace, stage
        )

    async def outside(self, request: Request) -> list[FieldFault]:
        """Kargo's objects must be in the namespace of a Project."""
        if not request.creates or await self.is_project(request.namespace):
            return []
        message = f'namespace "{request.namespace}" is not a project'
        return [FieldFault("metadata.namespace", message, request.namespace)]

    async def is_project(self, namespace: str) -> bool:
        space = await self.view(Namespace, Key("", namespace))
        return space is not None and space.metadata.labels.get(PROJECT) == "true"

    async def announce(self, event: Event, component: str) -> None:
        """A write must not fail because its Event does."""
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
