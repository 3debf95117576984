"""Graphite: the render API. argo-rollouts: metricproviders/graphite."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded, is_url, shown
from argosy.expr.exprlang import floats
from argosy.expr.exprlang.functions.conversions import parse_float


async def measure(caller: Caller, question: Asked) -> Answer:
    address = str(question.spec.get("address") or "")
    if not is_url(address):
        raise CannotMeasure(f"Graphite address {address} is not a valid URL")
    query = dict(parse_qsl(re.sub(r"\s+", "", str(question.spec.get("query") or "")), keep_blank_values=True))
    url = f"{address.rstrip('/')}/render?{urlencode({**query, 'format': 'json'})}"
    answer = await caller.send("GET", url)
    if answer.status >= 400:
        raise CannotMeasure(f"error response: {shown(answer)}")
    return read(decoded(answer, "could not parse the answer"))


def read(body: Any) -> Measured:
    """The points of the first series that have a value."""
    series = body[0] if isinstance(body, list) and body else {}
    points = series.get("datapoints") or []
    if not points:
        raise CannotMeasure("no values found")
    values = [value for point in points if (value := _value(point)) is not None]
    text = "[" + ",".join(f"{value:f}" for value in values) + "]"
    return Measured(value=floats(values), text=text, keeps_text=True)


def _value(point: Any) -> float | None:
    if not isinstance(point, list) or len(point) != 2:
        raise CannotMeasure("error unmarshaling data point")
    if point[0] is None or isinstance(point[0], float):
        return point[0]
    found = parse_float(point[0]) if isinstance(point[0], str) else None
    if found is None:
        raise CannotMeasure(f"error unmarshaling value: {point[0]}")
    return found
