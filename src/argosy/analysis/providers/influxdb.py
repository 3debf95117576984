"""InfluxDB 2: a Flux query, answered as annotated CSV. argo-rollouts: metricproviders/influxdb."""

from __future__ import annotations

import csv
import io
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, is_good, shown
from argosy.expr.exprlang import Int64
from argosy.expr.exprlang.functions.conversions import parse_float
from argosy.expr.exprlang.values import printed

SECONDS: Final = 30.0
_DIALECT: Final = {"annotations": ["datatype", "group", "default"], "delimiter": ",", "header": True}


async def measure(caller: Caller, question: Asked) -> Answer:
    credentials = question.credentials
    if credentials is None:
        raise CannotMeasure(f'secrets "{question.spec.get("profile") or "influxdb"}" not found')
    token, address, org = (credentials.get(name, "") for name in ("authToken", "address", "org"))
    if not token or not address or not org:
        raise CannotMeasure("authToken, org, or address not found")
    body = {"query": question.spec.get("query") or "", "type": "flux", "dialect": _DIALECT}
    answer = await caller.send(
        "POST",
        f"{address.rstrip('/')}/api/v2/query?{urlencode({'org': org})}",
        headers={"Authorization": f"Token {token}", "Content-Type": "application/json", "Accept": "text/csv"},
        body=orjson.dumps(body),
        seconds=SECONDS,
    )
    if not is_good(answer):
        raise CannotMeasure(_complaint(answer.body) or f"{answer.status}: {shown(answer)}")
    return read(answer.body.decode("utf-8", "replace"))


def _complaint(body: bytes) -> str:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return f"{found.get('code')}: {found.get('message')}" if isinstance(found, dict) and found.get("message") else ""


def read(text: str) -> Measured:
    """The `_value` of every record of every table. Raises CannotMeasure if there is none."""
    values: list[Any] = []
    types: list[str] = []
    names: list[str] | None = None
    for row in csv.reader(io.StringIO(text)):
        if not row:
            continue
        if row[0].startswith("#"):
            types = row if row[0] == "#datatype" else types
            names = None
        elif names is None:
            names = row
            if "error" in names:
                types = []
        else:
            values.append(_value(row, names, types))
    if not values:
        raise CannotMeasure("no results returned from flux query")
    return Measured(value=values, text=printed(values))


def _value(row: list[str], names: list[str], types: list[str]) -> Any:
    if "error" in names:
        raise CannotMeasure(row[names.index("error")])
    if "_value" not in names:
        return None
    index = names.index("_value")
    text, kind = row[index] if index < len(row) else "", types[index] if index < len(types) else "string"
    if text == "":
        return None
    try:
        if kind in ("long", "unsignedLong"):
            return Int64(int(text))
    except ValueError:
        raise CannotMeasure("a value in the answer is not a number") from None
    if kind == "double":
        found = parse_float(text)
        if found is None:
            raise CannotMeasure("a value in the answer is not a number")
        return found
    return text == "true" if kind == "boolean" else text
