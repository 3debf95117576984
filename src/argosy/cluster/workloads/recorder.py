"""Events as client-side recorders write them (`machinery.event_correlation`), as writes of this server.

The memory for aggregation is only an optimisation: after a restart the same occurrence starts a new Event.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.cluster.workloads.decision import MANAGER, Event, Write
from argosy.cluster.workloads.resources import RESOURCES
from argosy.machinery.event_correlation import Correlator, Happened, Verdict, event_object, reference, repeated

WRITERS: Final = {"default-scheduler": "kube-scheduler", "kubelet": "kubelet"}


class Recorder:
    def __init__(self) -> None:
        self._correlator = Correlator()

    def write_for(self, event: Event, now: datetime) -> tuple[Write, Verdict] | None:
        """The request that records it; None when its source exceeds its rate limit."""
        happened = Happened(
            involved=reference(event.about),
            type=event.type,
            reason=event.reason,
            message=event.message,
            component=event.component,
            host=event.host,
            field_path=event.field_path,
            resource_version=event.about["metadata"].get("resourceVersion") or "",
        )
        verdict = self._correlator.judge(happened, now.timestamp())
        if verdict is None:
            return None
        events, place, by = RESOURCES["events"], verdict.place, WRITERS.get(event.component, MANAGER)
        if verdict.is_new:
            made = event_object(verdict, now)
            return Write(verb="create", resource=events, key=place, body=made, manager=by), verdict
        patch = repeated(verdict, now)
        return Write(verb="patch", resource=events, key=place, body=patch, manager=by), verdict

    def lost(self, verdict: Verdict) -> None:
        """The Event was deleted, or refused: the next one is created from scratch."""
        self._correlator.forget(verdict)
