"""SkyWalking: a GraphQL query over the last interval. argo-rollouts: metricproviders/skywalking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import orjson

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded, seconds_of
from argosy.expr.exprlang.encoding import encoded

SECONDS: Final = 30.0
_MINUTE: Final = "%Y-%m-%d %H%M"


async def measure(caller: Caller, question: Asked) -> Answer:
    interval = seconds_of(question.spec.get("interval"), 300)
    duration = {
        "start": (question.now - timedelta(seconds=interval)).strftime(_MINUTE),
        "end": question.now.strftime(_MINUTE),
        "step": "MINUTE",
    }
    answer = await caller.send(
        "POST",
        f"{str(question.spec.get('address') or '').rstrip('/')}/graphql",
        headers={"Content-Type": "application/json; charset=utf-8", "Accept": "application/json; charset=utf-8"},
        body=orjson.dumps({"query": question.spec.get("query") or "", "variables": {"duration": duration}}),
        seconds=SECONDS,
    )
    if answer.status != 200:
        raise CannotMeasure(f"graphql: server returned a non-200 status code: {answer.status}")
    return read(decoded(answer, "decoding response"))


def read(body: Any) -> Measured:
    errors = body.get("errors") if isinstance(body, dict) else None
    if errors:
        raise CannotMeasure(f"graphql: {errors[0].get('message', '') if isinstance(errors[0], dict) else errors[0]}")
    data = body.get("data") if isinstance(body, dict) else None
    if data is None:
        raise CannotMeasure("no results returned from SkyWalking query")
    return Measured(value=data, text=encoded(data))
