"""Datadog: API v1 series and v2 scalar queries. argo-rollouts: metricproviders/datadog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import (
    SECONDS,
    Asked,
    Caller,
    CannotMeasure,
    decoded,
    seconds_of,
    shown,
)
from argosy.expr.exprlang import floats
from argosy.expr.exprlang.encoding import encoded
from argosy.expr.exprlang.values import float_text
from argosy.machinery.objects import JsonObject

ADDRESS: Final = "https://api.datadoghq.com"
MOST_GROUPS: Final = 100
"""How many groups the metadata shows, of the lowest and of the highest values."""


async def measure(caller: Caller, question: Asked) -> Answer:
    spec, credentials = question.spec, question.credentials or {}
    if (spec.get("secretRef") or {}).get("namespaced") and not (spec.get("secretRef") or {}).get("name"):
        raise CannotMeasure("secret name is required for namespaced credentials")
    if not credentials.get("api-key") or not credentials.get("app-key"):
        raise CannotMeasure("failed to find the credentials for datadog metrics provider")
    validate(spec)
    version = str(spec.get("apiVersion") or "v1")
    address = (credentials.get("address") or ADDRESS).rstrip("/")
    now, interval = int(question.now.timestamp()), int(seconds_of(spec.get("interval"), 300))
    headers = {
        "Content-Type": "application/json",
        "DD-API-KEY": credentials["api-key"],
        "DD-APPLICATION-KEY": credentials["app-key"],
    }
    seconds = seconds_of(spec.get("requestTimeout"), SECONDS)
    if version == "v1":
        query = urlencode({"from": now - interval, "query": spec.get("query") or "", "to": now})
        answer = await caller.send("GET", f"{address}/api/v1/query?{query}", headers=headers, seconds=seconds)
    else:
        body = orjson.dumps(scalar_request(spec, now, interval))
        url = f"{address}/api/v2/query/scalar"
        answer = await caller.send("POST", url, headers=headers, body=body, seconds=seconds)
    if answer.status in (401, 403):
        raise CannotMeasure(f"received authentication error response code: {answer.status} {shown(answer)}")
    if answer.status != 200:
        raise CannotMeasure(f"received non 2xx response code: {answer.status} {shown(answer)}")
    found = decoded(answer, "Could not parse JSON body")
    return read_series(found) if version == "v1" else read_scalar(found)


def validate(spec: JsonObject) -> None:
    """Raises CannotMeasure with upstream's text for conflicting fields."""
    query, queries, formula = spec.get("query"), spec.get("queries") or {}, spec.get("formula")
    version = str(spec.get("apiVersion") or "v1")
    rules = (
        (not query and not queries, "Must have either a query or queries. Please review the Analysis Template."),
        (query and queries, "Cannot have both a query and queries. Please review the Analysis Template."),
        (
            version == "v1" and not query,
            "Query is empty. API Version v1 only supports using the query parameter in your Analysis Template.",
        ),
        (
            formula and not queries,
            "Formula are only valid when queries are set. Please review the Analysis Template.",
        ),
        (not formula and len(queries) > 1, "When multiple queries are provided you must include a formula."),
        (
            version == "v1" and spec.get("aggregator"),
            "Aggregator is not supported in v1. Please review the Analysis Template.",
        ),
    )
    for is_wrong, text in rules:
        if is_wrong:
            raise CannotMeasure(text)
    if seconds_of(spec.get("requestTimeout"), SECONDS) <= 0:
        raise CannotMeasure(
            "Request timeout must be a positive duration (e.g. 30s). Please review the Analysis Template."
        )


def scalar_request(spec: JsonObject, now: int, interval: int) -> JsonObject:
    """Times are in milliseconds there."""
    queries = spec.get("queries") or {"query": spec.get("query") or ""}
    formula, aggregator = spec.get("formula"), spec.get("aggregator") or "last"
    return {
        "data": {
            "type": "scalar_request",
            "attributes": {
                "from": (now - interval) * 1000,
                "to": now * 1000,
                "queries": [
                    {"aggregator": aggregator, "data_source": "metrics", "name": name, "query": queries[name]}
                    for name in sorted(queries)
                ],
                "formulas": [{"formula": formula}] if formula else [],
            },
        }
    }


def read_series(body: Any) -> Measured:
    """The last point of the first series; nil if there is none."""
    series = body.get("series") if isinstance(body, dict) else None
    if not series or not series[0].get("pointlist"):
        return Measured(value=None, text=encoded(series))
    point = series[0]["pointlist"][-1]
    if not isinstance(point, list) or len(point) < 2:
        raise CannotMeasure("Datapoint does not have 2 values")
    value = float(point[1] or 0.0)
    return Measured(value=value, text=_text(value))


def read_scalar(body: Any) -> Measured:
    """One number; a list of numbers if the query groups by a tag, however many groups there are."""
    data = (body.get("data") if isinstance(body, dict) else None) or {}
    if errors := data.get("errors"):
        raise CannotMeasure(f"There were errors in your query: {errors}")
    columns = (data.get("attributes") or {}).get("columns") or []
    numbers = next((one for one in columns if one.get("type", "") in ("", "number")), None)
    groups = [one for one in columns if one.get("type") == "group"]
    if numbers is None:
        return Measured(value=None, text="[]")
    values: list[float] = []
    named: list[JsonObject] = []
    for index, value in enumerate(numbers.get("values") or ()):
        if value is None:
            continue
        if not isinstance(value, float):
            name = numbers.get("name", "")
            raise CannotMeasure(f'could not parse numeric value "{encoded(value)}" in column "{name}"')
        values.append(value)
        if groups:
            named.append({"name": _group_name(groups, index), "value": value})
    if not values:
        return Measured(value=None, text="[]")
    if not groups:
        return Measured(value=values[0], text=_text(values[0]))
    text = "[" + ",".join(map(_text, values)) + "]"
    return Measured(value=floats(values), text=text, metadata=_metadata(named))


def _group_name(groups: Sequence[JsonObject], index: int) -> str:
    parts: list[str] = []
    for column in groups:
        given = column.get("values") or []
        tags = given[index] if index < len(given) else None
        if not isinstance(tags, list) or not tags:
            raise CannotMeasure(f"could not parse group label at index {index}")
        parts += map(str, tags)
    return ",".join(parts)


def _metadata(named: list[JsonObject]) -> dict[str, str]:
    if len(named) <= MOST_GROUPS:
        return {"groups": encoded(named)}
    ordered = sorted(named, key=lambda one: one["value"])
    half = MOST_GROUPS // 2
    return {"groups": encoded([*ordered[:half], *ordered[-half:]]), "groups_truncated": "true"}


def _text(value: float) -> str:
    return float_text(value, low=-400, high=400)
