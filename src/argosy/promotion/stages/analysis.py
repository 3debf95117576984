"""The spec of the AnalysisRun that verifies Freight: templates joined, arguments of the Stage laid over them.

Source: spec/kargo.md 5.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from argosy.machinery.objects import JsonObject


class AnalysisError(ValueError):
    """Templates or arguments do not go together."""


def run_spec(templates: Sequence[Mapping[str, Any]], arguments: Sequence[Mapping[str, str]]) -> JsonObject:
    """Of the templates' specs in order, and the Stage's evaluated arguments. Raises AnalysisError."""
    metrics = [dict(metric) for template in templates for metric in template.get("metrics") or ()]
    _unique((metric["name"] for metric in metrics), 'flatten templates: flatten metrics: duplicate metric name: "{}"')
    dry_run = [one for template in templates for one in template.get("dryRun") or ()]
    _unique(
        (one["metricName"] for one in dry_run),
        'flatten templates: flatten dry run metrics: validate dry-run metrics: duplicate dry-run metric name: "{}"',
    )
    retention = [one for template in templates for one in template.get("measurementRetention") or ()]
    _unique(
        (one["metricName"] for one in retention),
        "flatten templates: flatten measurement retention metrics: validate measurement retention metrics: "
        'duplicate measurement retention metric name: "{}"',
    )
    spec: JsonObject = {"metrics": metrics}
    parts = (("args", merged_arguments(templates, arguments)), ("dryRun", dry_run), ("measurementRetention", retention))
    return spec | {name: value for name, value in parts if value}


def merged_arguments(
    templates: Iterable[Mapping[str, Any]], arguments: Iterable[Mapping[str, str]]
) -> list[JsonObject]:
    known: dict[str, JsonObject] = {}
    for template in templates:
        for argument in template.get("args") or ():
            name = argument["name"]
            known[name] = _united(known[name], argument) if name in known else dict(argument)
    for argument in arguments:
        if argument["name"] in known:  # upstream drops arguments that no template has
            known[argument["name"]] = {"name": argument["name"], "value": argument["value"]}
    for name, argument in known.items():
        if argument.get("value") is None and argument.get("valueFrom") is None:
            raise AnalysisError(f'build arguments: argument "{name}" has no value')
    return list(known.values())


def _united(one: JsonObject, other: Mapping[str, Any]) -> JsonObject:
    mine, theirs = one.get("value"), other.get("value")
    if mine is not None and theirs is not None and mine != theirs:
        raise AnalysisError(
            f'flatten templates: flatten arguments: argument "{one["name"]}" specified multiple times '
            f'with different values: "{mine}" "{theirs}"'
        )
    return {**other, **one} if mine is not None or theirs is None else {**one, **other}


def _unique(found: Iterable[str], message: str) -> None:
    seen: set[str] = set()
    for name in found:
        if name in seen:
            raise AnalysisError(message.format(name))
        seen.add(name)
