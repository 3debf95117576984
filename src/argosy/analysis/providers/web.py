"""A value from any JSON that is served over HTTP. argo-rollouts: metricproviders/webmetric."""

from __future__ import annotations

from typing import Any

import orjson

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import SECONDS, Asked, Caller, CannotMeasure, custom_headers, is_good
from argosy.expr.exprlang.encoding import encoded, numbered
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.jsonpath import JsonPathError, compile_path


async def measure(caller: Caller, question: Asked) -> Answer:
    spec = question.spec
    method = str(spec.get("method") or "GET")
    body = _body(spec, method)
    seconds = float(spec.get("timeoutSeconds") or 0)
    seconds = seconds if seconds > 0 else SECONDS
    insecure = bool(spec.get("insecure"))
    headers = custom_headers(spec.get("headers"))
    if spec.get("jsonBody") is not None:
        headers["Content-Type"] = "application/json"
    oauth2 = (spec.get("authentication") or {}).get("oauth2") or {}
    headers |= await caller.oauth2(oauth2, seconds=seconds, insecure=insecure)
    url = str(spec.get("url") or "")
    answer = await caller.send(method, url, headers=headers, body=body, seconds=seconds, insecure=insecure)
    if not is_good(answer):
        raise CannotMeasure(f"received non 2xx response code: {answer.status}")
    return read(answer.body, str(spec.get("jsonPath") or "{$}"))


def _body(spec: JsonObject, method: str) -> bytes | None:
    text, json_body = str(spec.get("body") or ""), spec.get("jsonBody")
    if text and json_body is not None:
        raise CannotMeasure("use either Body or JSONBody; both cannot exists for WebMetric payload")
    if (text or json_body is not None) and method == "GET":
        raise CannotMeasure("Body/JSONBody can only be used with POST or PUT WebMetric Method types")
    if text:
        return text.encode()
    if json_body is not None:
        return orjson.dumps(json_body)
    return None if method == "GET" else b""


def read(body: bytes, path: str) -> Measured:
    """A body that is not JSON is a text. Raises CannotMeasure if there is nothing at the path."""
    try:
        data: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
        return Measured(value=text, text=text)
    try:
        found = compile_path(path).find(data)
    except JsonPathError as error:
        raise CannotMeasure(f"Could not find JSONPath in body: {error}") from None
    if not found:
        last = path.strip("{} ").rstrip("]").replace("[", ".").rpartition(".")[2]
        raise CannotMeasure(f"Could not find JSONPath in body: {last} is not found")
    value = numbered(found[0])
    return Measured(value=value, text=encoded(value))
