"""A metric of an analysis: its resolved arguments, its rules, and their validation.

Pure, and in no capability: analysis measures with it, rollouts and promotion validate templates with it. Messages are
upstream's. Source: spec/rollouts-analysis-traffic.md 11.2, 11.4; argo-rollouts: utils/analysis/factory.go,
utils/template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import re2

from argosy.machinery import duration as durations
from argosy.machinery.duration import DurationError
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_text import quoted

ERROR_LIMIT: Final = 4
"""Consecutive errors that are tolerated, unless the metric sets another limit."""
RETRY: Final = timedelta(seconds=10)
"""Wait after a measurement that was an error."""
PROVIDERS: Final = (
    "prometheus", "job", "kayenta", "web", "datadog", "wavefront", "newRelic", "cloudWatch", "graphite", "influxdb",
    "skywalking", "plugin",
)  # fmt: skip
_TAG: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)


class MetricError(ValueError):
    """An invalid metric, argument or rule; users see the message."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with resolved arguments."""

    raw: JsonObject

    @property
    def name(self) -> str:
        return str(self.raw.get("name") or "")

    @property
    def provider(self) -> JsonObject:
        return self.raw.get("provider") or {}

    @property
    def provider_name(self) -> str:
        """The first of `PROVIDERS` that is set, or ""."""
        return next((name for name in PROVIDERS if self.provider.get(name) is not None), "")

    @property
    def interval(self) -> timedelta | None:
        return _duration(self.raw.get("interval"))

    @property
    def initial_delay(self) -> timedelta | None:
        return _duration(self.raw.get("initialDelay"))

    @property
    def success_condition(self) -> str:
        return str(self.raw.get("successCondition") or "")

    @property
    def failure_condition(self) -> str:
        return str(self.raw.get("failureCondition") or "")

    @property
    def effective_count(self) -> int | None:
        """How many measurements; None is unlimited. Unset or 0 is 1 without an interval, else unlimited."""
        count = self.number("count")
        if not count:
            return None if self.raw.get("interval") else 1
        return count

    @property
    def consecutive_error_limit(self) -> int:
        limit = self.number("consecutiveErrorLimit")
        return ERROR_LIMIT if limit is None else limit

    def number(self, field: str) -> int | None:
        """None when it is absent; a text that is not a number is 0, as upstream."""
        value = self.raw.get(field)
        if value is None:
            return None
        if isinstance(value, str):
            return int(value) if _WHOLE.fullmatch(value) else 0
        return int(value)


def _duration(text: Any) -> timedelta | None:
    """None for one that is absent or invalid: validation reports it."""
    if not text:
        return None
    try:
        return durations.parse(str(text))
    except DurationError:
        return None


# -- arguments ---------------------------------------------------------------------------------------------------------


def resolved_metric(metric: JsonObject, args: Sequence[JsonObject]) -> Metric:
    """With `{{args.name}}` replaced anywhere in its JSON. Raises MetricError."""
    text = json.dumps(metric, separators=(",", ":"), ensure_ascii=False)
    if "{{" not in text:
        _values(args)
        return Metric(metric)
    try:
        found = json.loads(resolved_quoted(text, args))
    except ValueError as error:
        if isinstance(error, MetricError):
            raise
        raise MetricError("the metric is not JSON any more once its arguments are filled in") from None
    return Metric(found if isinstance(found, dict) else {})


def resolved_quoted(text: str, args: Sequence[JsonObject]) -> str:
    """Within JSON: values are escaped first. Raises MetricError."""
    values = {name: quoted(value)[1:-1] for name, value in _values(args).items()}
    return _filled(text, values)


def resolved_text(text: str, args: Sequence[JsonObject]) -> str:
    """Raises MetricError for an argument without a value and for an unknown name."""
    return _filled(text, _values(args))


def _values(args: Sequence[JsonObject]) -> dict[str, str]:
    values: dict[str, str] = {}
    for arg in args:
        if arg.get("value") is None:
            raise MetricError(f'argument "{arg.get("name")}" was not supplied')
        values[f"args.{arg.get('name')}"] = str(arg["value"])
    return values


def _filled(text: str, values: Mapping[str, str]) -> str:
    pieces: list[str] = []
    unresolved = ""
    at = 0
    for tag in _TAG.finditer(text):
        value = values.get(tag[1].strip())
        if value is None:
            unresolved = tag[1] or " "  # the last one is reported
        pieces += (text[at : tag.start()], value or "")
        at = tag.end()
    if "{{" in text[at:]:
        raise MetricError(f'Cannot find end tag="}}}}" in the template={quoted(text)}')
    if unresolved:
        raise MetricError(f"failed to resolve {{{{{unresolved}}}}}")
    return "".join(pieces) + text[at:]


# -- rules -------------------------------------------------------------------------------------------------------------


def dry_run_metrics(rules: Sequence[JsonObject], names: Sequence[str]) -> frozenset[str]:
    """The metrics whose outcome does not count. Raises MetricError for a rule that matches none."""
    found: set[str] = set()
    for index, rule in enumerate(rules):
        found.update(_matching(rule, names, f"dryRun[{index}]"))
    return frozenset(found)


def retention_limits(rules: Sequence[JsonObject], names: Sequence[str]) -> dict[str, int]:
    """How many measurements of a metric are kept. Raises MetricError for a rule that matches none."""
    found: dict[str, int] = {}
    for index, rule in enumerate(rules):
        for name in _matching(rule, names, f"measurementRetention[{index}]"):
            found[name] = int(rule.get("limit") or 0)
    return found


def _matching(rule: JsonObject, names: Sequence[str], field: str) -> list[str]:
    pattern = str(rule.get("metricName") or "")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error:
        matched: list[str] = []
    else:
        matched = [name for name in names if compiled.search(name) is not None]
    if not matched:
        raise MetricError(f"{field}: Rule didn't match any metric name(s)")
    return matched


# -- validation --------------------------------------------------------------------------------------------------------


def validate_metrics(metrics: Sequence[Metric]) -> None:
    """Raises MetricError for the first error."""
    if not metrics:
        raise MetricError("no metrics specified")
    names: set[str] = set()
    for index, metric in enumerate(metrics):
        if metric.name in names:
            raise MetricError(f"metrics[{index}]: duplicate name '{metric.name}'")
        names.add(metric.name)
        try:
            validate_metric(metric)
        except MetricError as error:
            raise MetricError(f"metrics[{index}]: {error}") from None


def validate_metric(metric: Metric) -> None:
    """Raises MetricError for the first error."""
    _validate_limits(metric)
    _validate_count(metric)
    for field, called in (("interval", "interval"), ("initialDelay", "startDelay")):
        if text := metric.raw.get(field):
            try:
                durations.nanoseconds(str(text))
            except DurationError as error:
                raise MetricError(f"invalid {called} string: {error}") from None
    _validate_provider(metric)


def _validate_limits(metric: Metric) -> None:
    failures, successes = metric.number("failureLimit") or 0, metric.number("consecutiveSuccessLimit") or 0
    if successes < 0:
        raise MetricError("consecutiveSuccessLimit must be >= 0")
    if failures < -1:
        raise MetricError("failureLimit must be >= 0, or -1 to be disabled")
    if successes == 0 and failures == -1:
        raise MetricError("failureLimit and consecutiveSuccessLimit cannot both be disabled")
    if (metric.number("inconclusiveLimit") or 0) < 0:
        raise MetricError("inconclusiveLimit must be >= 0")
    if metric.consecutive_error_limit < 0:
        raise MetricError("consecutiveErrorLimit must be >= 0")


def _validate_count(metric: Metric) -> None:
    count = metric.number("count") or 0
    failures, successes = metric.number("failureLimit") or 0, metric.number("consecutiveSuccessLimit") or 0
    if count > 0:
        if failures >= 0 and count < failures + successes:
            raise MetricError(
                f"count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failures} + {successes})"
                " if both >= 0"
            )
        if failures < 0 and count < successes:
            raise MetricError("count must be >= consecutiveSuccessLimit")
        if count < (metric.number("inconclusiveLimit") or 0):
            raise MetricError("count must be >= inconclusiveLimit")
    if count > 1 and not metric.raw.get("interval"):
        raise MetricError("interval must be specified when count > 1")


def _validate_provider(metric: Metric) -> None:
    given = [name for name in PROVIDERS if name != "plugin" and metric.provider.get(name) is not None]
    count = len(given) + len(metric.provider.get("plugin") or {})
    if count == 0:
        raise MetricError("no provider specified")
    if count > 1:
        raise MetricError("multiple providers specified")
