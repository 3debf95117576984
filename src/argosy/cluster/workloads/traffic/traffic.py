"""Keeps the history up to date: recomputes flows when an object that affects traffic has changed, and on queries."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.cluster.kind import Reader
from argosy.cluster.ports import Clock
from argosy.cluster.store import Change
from argosy.cluster.workloads.kubelet.effects import effects_of, ordinal_of, owners_of
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rules import Effect
from argosy.cluster.workloads.traffic.flows import Flow, flows_of
from argosy.cluster.workloads.traffic.history import TrafficHistory
from argosy.cluster.workloads.traffic.routing import KINDS
from argosy.cluster.workloads.traffic.series import gauges_of, rates_of
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject

WATCHED = frozenset({*KINDS, ("", "services"), ("", "configmaps"), ("discovery.k8s.io", "endpointslices")})


class Traffic:
    def __init__(self, view: View, book: RuleBook, clock: Clock) -> None:
        self._view, self._book, self._clock = view, book, clock
        self._reader: Reader | None = None
        self._flows: list[Flow] = []
        self.history = TrafficHistory()

    def read_from(self, reader: Reader) -> None:
        """The kinds of routers and Services."""
        self._reader = reader

    def changed(self, changes: Sequence[Change]) -> None:
        """To be called with every batch of the store."""
        if any((change.group, change.plural) in WATCHED for change in changes):
            self.look()

    def look(self) -> None:
        """Adds the current state to the history; cheap while no rule mentions requests."""
        if self._reader is None or not (self._flows or self._speaks_of_requests()):
            return
        now = self._clock.now()
        self._flows = flows_of(self._reader, self._book.current, self._effects, now)
        self.history.change(now.timestamp(), rates_of(self._flows), gauges_of(self._flows))

    def _speaks_of_requests(self) -> bool:
        return any(rule.answers is not None and rule.answers.rate for rule in self._book.current)

    def _effects(self, pod: JsonObject) -> dict[str, Effect]:
        view = self._view
        return effects_of(pod, self._book.current, ordinal_of(view, pod), owners_of(view, pod), self._clock.now())

    def requests_to(self, namespace: str, pod: str) -> float | None:
        """Requests per second that reach a Pod; None where no requests are known."""
        if not self._flows:
            return None
        return sum(flow.rate for flow in self._flows if (flow.namespace, flow.pod) == (namespace, pod))
