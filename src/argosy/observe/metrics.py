"""Counters, gauges and histograms, and their text form for Prometheus (exposition format 0.0.4).

Small on purpose: one process, one event loop, no locks. A metric is created once and used by name; requesting it again
returns the same one.
"""

from __future__ import annotations

import logging
import math
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar, Literal, TypeVar

from argosy.machinery.unexpected import described

log = logging.getLogger(__name__)

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[str, ...]
Sample = tuple[Labels, float]
"""The values of the labels, in order, and the number."""
Spread = tuple[Labels, Sequence[tuple[float, float]], float, int]
"""The values of the labels, quantiles with their numbers, the sum and the count."""
MOST_SERIES = 100_000
"""Maximum series of one counter or histogram: more would fill the memory (cardinality guard)."""
CHUNK = 64 * 1024
"""Characters of one piece of the text form."""


class Metric:
    kind: ClassVar[str] = "untyped"

    def __init__(self, name: str, help_text: str, labels: Sequence[str]) -> None:
        self.name = name
        self.help = help_text
        self.labels = tuple(labels)

    def lines(self) -> Iterator[str]:
        raise AssertionError(f"{type(self).__name__} prints itself")

    def _values(self, given: Mapping[str, str]) -> Labels:
        if given.keys() != set(self.labels):
            raise ValueError(f"metric {self.name} has labels {self.labels}, not {tuple(given)}")
        return tuple([str(given[label]) for label in self.labels])

    def _sample(self, values: Labels, number: float, suffix: str = "", extra: str = "") -> str:
        pairs = [f'{label}="{_escaped(value)}"' for label, value in zip(self.labels, values, strict=True)]
        inside = ",".join([*pairs, extra] if extra else pairs)
        return (
            f"{self.name}{suffix}{{{inside}}} {_number(number)}" if inside else f"{self.name}{suffix} {_number(number)}"
        )


class Counter(Metric):
    kind = "counter"

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, help_text, labels)
        self._counts: dict[Labels, float] = {}

    def add(self, amount: float = 1.0, /, **labels: str) -> None:
        if amount < 0:
            raise ValueError(f"counter {self.name} cannot go down by {-amount:g}: use a gauge")
        self._add(self._values(labels), amount)

    def adding(self, **labels: str) -> Callable[..., None]:
        """Adds one, or the given amount, to these labels, which are checked now and not each time."""
        return partial(self._add, self._values(labels))

    def _add(self, values: Labels, amount: float = 1.0) -> None:
        if values not in self._counts and len(self._counts) >= MOST_SERIES:
            values = OTHER * len(self.labels)
        self._counts[values] = self._counts.get(values, 0.0) + amount

    def forget(self, keep: Callable[[Mapping[str, str]], bool]) -> None:
        """Drops unwanted series, such as those of deleted objects."""
        for values in [values for values in self._counts if not keep(dict(zip(self.labels, values, strict=True)))]:
            del self._counts[values]

    def value(self, **labels: str) -> float:
        return self._counts.get(self._values(labels), 0.0)

    def lines(self) -> Iterator[str]:
        for values, count in sorted(self._counts.items()):
            yield self._sample(values, count)


class Gauge(Metric):
    kind = "gauge"

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        super().__init__(name, help_text, labels)
        self._read: dict[Labels, Callable[[], float]] = {}

    def set(self, number: float, **labels: str) -> None:
        self._read[self._values(labels)] = lambda: number

    def watch(self, read: Callable[[], float], **labels: str) -> None:
        """`read` is called at each scrape."""
        self._read[self._values(labels)] = read

    def remove(self, **labels: str) -> None:
        self._read.pop(self._values(labels), None)

    def value(self, **labels: str) -> float:
        return self._read[self._values(labels)]()

    def lines(self) -> Iterator[str]:
        for values, read in sorted(self._read.items(), key=lambda item: item[0]):
            yield self._sample(values, read())


class Histogram(Metric):
    kind = "histogram"

    def __init__(
        self, name: str, help_text: str, labels: Sequence[str] = (), bounds: Sequence[float] = SECONDS
    ) -> None:
        super().__init__(name, help_text, labels)
        self.bounds = tuple(sorted(bounds))
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}

    def observe(self, number: float, **labels: str) -> None:
        self._observe(self._values(labels), number)

    def observing(self, **labels: str) -> Callable[[float], None]:
        """Observes under these labels, which are checked now and not each time."""
        return partial(self._observe, self._values(labels))

    def _observe(self, values: Labels, number: float) -> None:
        counts = self._counts.get(values)
        if counts is None:
            if len(self._counts) >= MOST_SERIES:
                values = OTHER * len(self.labels)
            counts = self._counts.setdefault(values, [0] * (len(self.bounds) + 1))
        counts[bisect_left(self.bounds, number)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + number

    def forget(self, keep: Callable[[Mapping[str, str]], bool]) -> None:
        """Drops unwanted series."""
        for values in [values for values in self._counts if not keep(dict(zip(self.labels, values, strict=True)))]:
            del self._counts[values], self._sums[values]

    def count(self, **labels: str) -> int:
        return sum(self._counts.get(self._values(labels), ()))

    def lines(self) -> Iterator[str]:
        for values, counts in sorted(self._counts.items()):
            total = 0
            for bound, count in zip((*map(_number, self.bounds), "+Inf"), counts, strict=True):
                total += count
                yield self._sample(values, total, "_bucket", f'le="{bound}"')
            yield self._sample(values, self._sums[values], "_sum")
            yield self._sample(values, total, "_count")


class Collected(Metric):
    """Computed from current state at each scrape: nothing is stored per object, and deleted ones leave nothing."""

    def __init__(
        self,
        name: str,
        help_text: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[Sample]],
        kind: Literal["gauge", "counter"],
    ) -> None:
        super().__init__(name, help_text, labels)
        self.kind = kind  # type: ignore[misc]
        self._read = read

    def lines(self) -> Iterator[str]:
        for values, number in self._read():
            yield self._sample(values, number)


class Summary(Metric):
    """Read at each scrape: for each series its quantiles, the sum and the count."""

    kind = "summary"

    def __init__(self, name: str, help_text: str, labels: Sequence[str], read: Callable[[], Iterable[Spread]]) -> None:
        super().__init__(name, help_text, labels)
        self._read = read

    def lines(self) -> Iterator[str]:
        for values, quantiles, total, count in self._read():
            for quantile, number in quantiles:
                yield self._sample(values, number, extra=f'quantile="{_number(quantile)}"')
            yield self._sample(values, total, "_sum")
            yield self._sample(values, count, "_count")


M = TypeVar("M", bound=Metric)


class Registry:
    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}

    def counter(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Counter:
        return self._once(Counter(name, help_text, labels))

    def gauge(self, name: str, help_text: str, labels: Sequence[str] = ()) -> Gauge:
        return self._once(Gauge(name, help_text, labels))

    def histogram(
        self, name: str, help_text: str, labels: Sequence[str] = (), bounds: Sequence[float] = SECONDS
    ) -> Histogram:
        return self._once(Histogram(name, help_text, labels, bounds))

    def collected(
        self,
        name: str,
        help_text: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[Sample]],
        kind: Literal["gauge", "counter"] = "gauge",
    ) -> None:
        """`read` returns all samples at each scrape; the last metric registered under this name counts."""
        self._metrics[name] = Collected(name, help_text, labels, read, kind)

    def summary(self, name: str, help_text: str, labels: Sequence[str], read: Callable[[], Iterable[Spread]]) -> None:
        """Like `collected`."""
        self._metrics[name] = Summary(name, help_text, labels, read)

    def text(self) -> str:
        """All metrics by name, each with its help and type."""
        return "".join(self.pieces())

    def pieces(self) -> Generator[str, None, None]:
        """The text in pieces of some CHUNK characters, so that the sender can yield between them."""
        piece, length = list[str](), 0
        for line in self._lines():
            piece.append(line)
            length += len(line) + 1
            if length >= CHUNK:
                yield "\n".join(piece) + "\n"
                piece, length = [], 0
        yield "\n".join(piece) + "\n" if piece else ""

    def _lines(self) -> Iterator[str]:
        for name, metric in sorted(self._metrics.items()):
            yield f"# HELP {name} {_escaped_help(metric.help)}"
            yield f"# TYPE {name} {metric.kind}"
            yield from _readable(metric)

    def _once(self, made: M) -> M:
        found = self._metrics.setdefault(made.name, made)
        if not isinstance(found, type(made)) or found.labels != made.labels:
            raise ValueError(f"metric {made.name} is a {found.kind} with labels {found.labels} already")
        return found


OTHER: Labels = ("other",)
"""The label value of all series above the limit."""
REGISTRY = Registry()
"""The process's own registry."""


def label_name(label: str) -> str:
    """The metric label of a Kubernetes label: `label_` and word characters."""
    return "label_" + "".join(
        letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in label
    )


def _number(number: float) -> str:
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
    return str(int(number)) if number == int(number) else repr(float(number))


def _escaped(value: str) -> str:
    return _escaped_help(value).replace('"', '\\"')


def _escaped_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _readable(metric: Metric) -> Iterator[str]:
    """An unreadable value, because somebody stored something odd, affects only its own metric."""
    try:
        yield from metric.lines()
    except Exception as error:
        log.warning("metric %s cannot be read: %s", metric.name, described(error))
