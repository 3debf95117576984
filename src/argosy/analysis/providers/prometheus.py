"""Prometheus: instant and range queries over its HTTP API. argo-rollouts: metricproviders/prometheus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from argosy.analysis.conditions import ConditionError, evaluate_time
from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.amazon import signed
from argosy.analysis.providers.calling import (
    Asked,
    Caller,
    CannotMeasure,
    basic,
    custom_headers,
    decoded,
    is_good,
    is_url,
    seconds_of,
)
from argosy.expr.exprlang import floats
from argosy.expr.exprlang.functions.conversions import parse_float
from argosy.expr.exprlang.values import float_text

SECONDS: Final = 30.0
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


async def measure(caller: Caller, question: Asked) -> Answer:
    spec = question.spec
    address = str(spec.get("address") or question.settings.prometheus_address)
    if not address:
        raise CannotMeasure("prometheus address is not configured")
    if not is_url(address):
        raise CannotMeasure("prometheus address is not is url format")
    seconds = float(spec.get("timeout") or SECONDS)
    if seconds < 0:
        raise CannotMeasure("prometheus timeout should not be negative")
    path, form = _query(question)
    url, body = address.rstrip("/") + path, urlencode(form).encode()
    headers = {**_FORM, **custom_headers(spec.get("headers"))}
    headers |= await _authorization(caller, question, url, body, headers, seconds)
    insecure = bool(spec.get("insecure"))
    answer = await caller.send("POST", url, headers=headers, body=body, seconds=seconds, insecure=insecure)
    if answer.status in (405, 501):  # an old server, or a proxy in front of it, only accepts GET
        answer = await caller.send(
            "GET", f"{url}?{urlencode(form)}", headers=headers, seconds=seconds, insecure=insecure
        )
    if not is_good(answer) and answer.status not in (400, 422, 503):
        kind = "server_error" if answer.status >= 500 else "client_error"
        raise CannotMeasure(f"{kind}: {kind.partition('_')[0]} error: {answer.status}")
    return read(decoded(answer, "bad_response"))


def _query(question: Asked) -> tuple[str, dict[str, str]]:
    query = str(question.spec.get("query") or "")
    ranged = question.spec.get("rangeQuery")
    if not ranged:
        return "/api/v1/query", {"query": query, "time": _stamp(question.now)}
    try:
        start = evaluate_time(str(ranged.get("start") or ""), question.now)
    except ConditionError as error:
        raise CannotMeasure(f"failed to parse rangeQuery.start as time: {error}") from None
    try:
        end = evaluate_time(str(ranged.get("end") or ""), question.now)
    except ConditionError as error:
        raise CannotMeasure(f"failed to parse rangeQuery.end as time: {error}") from None
    try:
        step = seconds_of(ranged.get("step"), 0)
    except CannotMeasure as error:
        raise CannotMeasure(f"failed to parse rangeQuery.step as duration: {error}") from None
    return "/api/v1/query_range", {"query": query, "start": _stamp(start), "end": _stamp(end), "step": f"{step:g}"}


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).timestamp():.3f}"


async def _authorization(
    caller: Caller, question: Asked, url: str, body: bytes, headers: dict[str, str], seconds: float
) -> dict[str, str]:
    spec = question.spec
    given = spec.get("authentication") or {}
    user = given.get("basicAuth") or {}
    found: dict[str, str] = {}
    if user.get("username") or user.get("password"):
        for part in ("username", "password"):
            if not user.get(part):
                raise CannotMeasure(f"missing mandatory parameter in metric for basic auth setup: {part}")
        found = basic(str(user["username"]), str(user["password"]))
    if any((given.get("sigv4") or {}).values()) and "aps-workspaces" in url:
        found = await signed("POST", url, body, headers, "aps", given["sigv4"], question.now)
    oauth2 = await caller.oauth2(given.get("oauth2") or {}, seconds=seconds, insecure=bool(spec.get("insecure")))
    return {**found, **oauth2}


def read(body: Any) -> Measured:
    """Raises CannotMeasure for an error from Prometheus, and for a result type that is not numeric."""
    if not isinstance(body, dict):
        raise CannotMeasure("bad_response: the answer is not Prometheus'")
    if body.get("status") != "success":
        raise CannotMeasure(f"{body.get('errorType') or 'bad_response'}: {body.get('error') or 'no data'}")
    data = body.get("data") or {}
    metadata = {"warnings": ", ".join(f'"{text}"' for text in body["warnings"])} if body.get("warnings") else {}
    kind, result = data.get("resultType"), data.get("result") or []
    if kind == "scalar":
        number = _number(result)
        return Measured(value=number, text=_text(number), metadata=metadata)
    if kind == "vector":
        numbers = [_number(sample.get("value")) for sample in result if sample.get("value") is not None]
    elif kind == "matrix":
        numbers = [_number(pair) for series in result for pair in series.get("values") or ()]
    else:
        raise CannotMeasure("Prometheus metric type not supported")
    return Measured(value=floats(numbers), text="[" + ",".join(map(_text, numbers)) + "]", metadata=metadata)


def _number(pair: Any) -> float:
    """Parses `[time, "0.95"]`."""
    found = parse_float(str(pair[1])) if isinstance(pair, list) and len(pair) == 2 else None
    if found is None:
        raise CannotMeasure("bad_response: a sample is not a number")
    return found


def _text(number: float) -> str:
    return float_text(number, low=-400, high=400)
