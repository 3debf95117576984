"""Wavefront (Operations for Applications): the point nearest to now. argo-rollouts: metricproviders/wavefront."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded, is_good, shown
from argosy.expr.exprlang import floats

SECONDS: Final = 10.0


async def measure(caller: Caller, question: Asked) -> Answer:
    if question.credentials is None:
        raise CannotMeasure('secrets "wavefront-api-tokens" not found')
    address = str(question.spec.get("address") or "")
    token = question.credentials.get(address, "")
    if not token:
        raise CannotMeasure("API token not found")
    place = address if "://" in address else f"https://{address}"
    now = int(question.now.timestamp())
    query = {
        "q": question.spec.get("query") or "",
        "s": now * 1000,
        "e": now * 1000,
        "p": 1,
        "g": "s",
        "i": "true",
    }  # start and end are equal: points outside of the window must be allowed, or there would hardly be any
    answer = await caller.send(
        "GET",
        f"{place.rstrip('/')}/api/v2/chart/api?{urlencode(query)}",
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        seconds=SECONDS,
    )
    if not is_good(answer):
        raise CannotMeasure(f"server returned {answer.status}: {shown(answer)}")
    return read(decoded(answer, "could not parse the answer"), now)


def read(body: Any, now: int) -> Measured:
    series = (body.get("timeseries") if isinstance(body, dict) else None) or []
    if not series:
        raise CannotMeasure("No TimeSeries found in response from Wavefront")
    points = [_nearest(one.get("data") or (), now) for one in series]
    values = [value for value, _, _ in points]
    metadata = {
        "timestamps": _listed([str(int(at)) for _, at, _ in points]),
        "drift": _listed([str(int(drift)) for _, _, drift in points]),
    }
    if body.get("warnings"):
        metadata["warnings"] = str(body["warnings"])
    text = _listed([f"{value:.2f}" for value in values])
    return Measured(value=values[0] if len(values) == 1 else floats(values), text=text, metadata=metadata)


def _nearest(points: Any, now: int) -> tuple[float, float, float]:
    """(value, its time, seconds from now); zeros if there is none."""
    pairs = [(float(point[1]), float(point[0])) for point in points if isinstance(point, list) and len(point) == 2]
    if not pairs:
        return 0.0, 0.0, 0.0
    value, at = min(pairs, key=lambda pair: abs(pair[1] - now))
    return value, at, at - now


def _listed(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else "[" + ",".join(texts) + "]"
