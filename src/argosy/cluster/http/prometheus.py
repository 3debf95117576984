"""Prometheus' HTTP API over simulated traffic: query, query_range, series, labels and label values.

A Prometheus server can scrape the series by federation, as from another Prometheus.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs

import orjson

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.promql import PromqlError, Sample, Source, evaluate, parse
from argosy.machinery.promql.nodes import Selector
from argosy.machinery.promql.parser import seconds_of

PATHS = ("/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels", "/api/v1/status/buildinfo")
FEDERATE = "/federate"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
POINTS = 11_000
"""Maximum points per series of a range query, as in Prometheus."""
Query = Mapping[str, Sequence[str]]


def is_prometheus(path: str) -> bool:
    return path in PATHS or path == FEDERATE or (path.startswith("/api/v1/label/") and path.endswith("/values"))


class PrometheusApi:
    """`look` brings the source up to date."""

    def __init__(self, source: Source, look: Callable[[], None], now: Callable[[], datetime]) -> None:
        self._source, self._look, self._now = source, look, now

    async def answer(self, request: ProxyRequest) -> ProxyResponse:
        query: dict[str, list[str]] = parse_qs(request.query, keep_blank_values=True)
        if request.method == "POST" and "urlencoded" in request.headers.get("content-type", ""):
            query = {**query, **parse_qs(request.body.decode("latin-1"), keep_blank_values=True)}
        self._look()
        try:
            if request.path == FEDERATE:
                return ProxyResponse(status=200, body=self._federated(query).encode(), content_type=TEXT)
            return _json(200, {"status": "success", "data": self._data(request.path.rstrip("/"), query)})
        except PromqlError as error:
            return _json(400, {"status": "error", "errorType": "bad_data", "error": str(error)})
        except KeyError:
            return ProxyResponse(status=404, body=b"404 page not found\n")

    def _data(self, path: str, query: Query) -> JsonValue:
        """Raises KeyError for an unknown path."""
        if path == "/api/v1/query":
            return self._instant(query)
        if path == "/api/v1/query_range":
            return self._range(query)
        if path == "/api/v1/series":
            return [dict(sample.labels) for sample in self._chosen(query)]
        if path == "/api/v1/labels":
            return sorted({name for labels in self._source.series("") for name, _ in labels})
        if path == "/api/v1/status/buildinfo":
            return {"version": "3.0.0", "revision": "argosy"}
        name = path.removeprefix("/api/v1/label/").removesuffix("/values")
        if "/" in name or not path.endswith("/values"):
            raise KeyError(path)
        return sorted({value for labels in self._source.series("") for key, value in labels if key == name})

    def _chosen(self, query: Query) -> list[Sample]:
        """The newest sample of each series that a `match[]` selects."""
        selectors = [parse(text) for text in query.get("match[]") or ()]
        if not selectors or not all(isinstance(node, Selector) for node in selectors):
            raise PromqlError("no match[] parameter provided, or one that is not a selector")
        moment = self._now().timestamp()
        found = [evaluate(node, self._source, moment) for node in selectors]
        return [sample for vector in found if isinstance(vector, list) for sample in vector]

    def _federated(self, query: Query) -> str:
        """In the text format, each series once, series of the same name together."""
        series = {sample.labels: sample.value for sample in self._chosen(query)}
        moment = int(self._now().timestamp() * 1000)
        lines = []
        for labels, value in sorted(series.items(), key=lambda one: dict(one[0]).get("__name__", "")):
            named = dict(labels)
            name = named.pop("__name__", "")
            told = ",".join(f"{key}={_quoted(text)}" for key, text in sorted(named.items()))
            lines.append(f"{name}{{{told}}} {_spelled(value)} {moment}\n")
        return "".join(lines)

    def _instant(self, query: Query) -> JsonValue:
        moment = _moment(query, "time", self._now())
        found = evaluate(parse(_first(query, "query")), self._source, moment)
        if isinstance(found, list):
            samples: Iterable[Sample] = found
            result = [{"metric": dict(one.labels), "value": [moment, _spelled(one.value)]} for one in samples]
            return {"resultType": "vector", "result": result}
        kind = "string" if isinstance(found, str) else "scalar"
        return {"resultType": kind, "result": [moment, found if isinstance(found, str) else _spelled(found)]}

    def _range(self, query: Query) -> JsonValue:
        start, end = _moment(query, "start", None), _moment(query, "end", None)
        step = _step(_first(query, "step"))
        if end < start or (end - start) / step > POINTS:
            raise PromqlError("exceeded maximum resolution of 11,000 points, or the end is before the start")
        node = parse(_first(query, "query"))
        found: dict[tuple[tuple[str, str], ...], list[list[JsonValue]]] = {}
        for index in range(int((end - start) / step) + 1):
            moment = start + index * step
            value = evaluate(node, self._source, moment)
            samples = value if isinstance(value, list) else [Sample((), float(value))]
            for sample in samples:
                found.setdefault(sample.labels, []).append([moment, _spelled(sample.value)])
        return {
            "resultType": "matrix",
            "result": [{"metric": dict(labels), "values": values} for labels, values in found.items()],
        }


def _first(query: Query, name: str) -> str:
    values = query.get(name)
    if not values or not values[0]:
        raise PromqlError(f"invalid parameter {name!r}: empty")
    return values[0]


def _moment(query: Query, name: str, otherwise: datetime | None) -> float:
    """Seconds, or RFC 3339."""
    if not query.get(name) and otherwise is not None:
        return otherwise.timestamp()
    text = _first(query, name)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return timestamps.parse(text).timestamp()
    except ValueError:
        raise PromqlError(f"invalid parameter {name!r}: cannot parse {text!r} to a valid timestamp") from None


def _step(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = seconds_of(text)
    if not found > 0:
        raise PromqlError("zero or negative query resolution step widths are not accepted")
    return found


def _spelled(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.17g}" if value != int(value) or abs(value) > 1e15 else str(int(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _json(status: int, body: JsonObject) -> ProxyResponse:
    return ProxyResponse(status=status, body=orjson.dumps(body), content_type="application/json")
