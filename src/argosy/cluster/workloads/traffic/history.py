"""Exact counters over time: between two changes each grows linearly, so a few points describe all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from argosy.cluster.workloads.traffic.series import Rates
from argosy.machinery.promql.evaluate import Labels

KEPT_SECONDS = 2 * 3600.0
KEPT_MOMENTS = 2000


@dataclass(frozen=True, slots=True)
class Moment:
    """From `at` on, until the next one."""

    at: float
    base: Rates
    """The value of each counter at that time."""
    rates: Rates
    gauges: Rates


class TrafficHistory:
    """A `promql.Source`."""

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._active: dict[Labels, float] = {}
        """When a counter last increased."""

    def change(self, at: float, rates: Rates, gauges: Rates) -> None:
        """The rates that apply from now on; does nothing when they are unchanged."""
        last = self._moments[-1] if self._moments else None
        if last is not None and (last.rates, last.gauges) == (rates, gauges):
            return
        base: Rates = {}
        if last is not None:
            base = {key: self._counter(last, key, at) for key in {**last.base, **last.rates}}
        self._active |= dict.fromkeys(rates, at)
        if last is not None:
            self._active |= dict.fromkeys(last.rates, at)
        base = {key: value for key, value in base.items() if at - self._active.get(key, at) <= KEPT_SECONDS}
        if last is not None and last.at >= at:
            self._moments.pop()
        self._moments.append(Moment(at, base, rates, gauges))
        self._forget(at)

    def _forget(self, now: float) -> None:
        old = bisect_right(self._moments, now - KEPT_SECONDS, key=lambda moment: moment.at) - 1
        excess = max(old, len(self._moments) - KEPT_MOMENTS)
        if excess > 0:
            del self._moments[:excess]

    @staticmethod
    def _counter(moment: Moment, key: Labels, at: float) -> float:
        return moment.base.get(key, 0.0) + moment.rates.get(key, 0.0) * max(0.0, at - moment.at)

    def _moment(self, at: float) -> Moment | None:
        index = bisect_right(self._moments, at, key=lambda moment: moment.at) - 1
        return self._moments[index] if index >= 0 else None

    def series(self, name: str) -> Iterable[Labels]:
        if not self._moments:
            return []
        last = self._moments[-1]
        gauges = {key for moment in self._moments for key in moment.gauges}
        known = {**last.base, **last.rates, **dict.fromkeys(gauges, 0.0)}
        return [key for key in known if not name or ("__name__", name) in key]

    def at(self, labels: Labels, moment: float) -> float | None:
        found = self._moment(moment)
        if found is None:
            return None
        if labels in found.gauges:
            return found.gauges[labels]
        if labels not in found.base and labels not in found.rates:
            return None
        return self._counter(found, labels, moment)

    def extremes(self, labels: Labels, start: float, end: float) -> Sequence[float]:
        """A counter that started in between started at zero."""
        last = self.at(labels, end)
        if last is None:
            return []
        inside = [moment.at for moment in self._moments if start < moment.at < end]
        values = [self.at(labels, at) for at in inside]
        first = self.at(labels, start)
        is_gauge = any(labels in moment.gauges for moment in self._moments)
        begin = [first if first is not None else 0.0] if first is not None or not is_gauge else []
        return [*begin, *(value for value in values if value is not None), last]
