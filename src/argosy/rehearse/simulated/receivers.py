"""Simulated notification services, admission webhooks and step plug-ins: calls are noted and assumed to succeed."""

from __future__ import annotations

from urllib.parse import urlsplit

import orjson

from argosy.notify.ports import Deliver, Delivered
from argosy.rehearse.notes import Notes
from argosy.rollouts.ports import RunStep, StepAnswer


class Receivers:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def deliver(self, question: Deliver) -> Delivered:
        self._notes.add("sent", f"notification {question.trigger} about {question.about} by {question.service}")
        return Delivered()

    async def step(self, question: RunStep) -> StepAnswer:
        what = f"step plug-in {question.plugin} of Rollout {question.namespace}/{question.name}"
        self._notes.add("assumed", f"{what} succeeds")
        return StepAnswer(phase="Successful", message="assumed by the rehearsal")

    async def post(
        self, url: str, body: bytes, ca_bundle: bytes, seconds: float, address: tuple[str, int] | None = None
    ) -> bytes:
        """Has the signature of `cluster.admission.webhooks.Caller`."""
        self._notes.add("assumed", f"the admission webhook at {urlsplit(url).hostname} allows what it is asked")
        review = orjson.loads(body)
        answer = {"uid": (review.get("request") or {}).get("uid"), "allowed": True}
        return orjson.dumps({"apiVersion": review.get("apiVersion"), "kind": review.get("kind"), "response": answer})
