"""Amazon CloudWatch: GetMetricData in its JSON protocol, signed. argo-rollouts: metricproviders/cloudwatch."""

from __future__ import annotations

from typing import Any, Final

import orjson

from argosy.analysis.ports import Answer, Measured
from argosy.analysis.providers.amazon import region_of, signed
from argosy.analysis.providers.calling import Asked, Caller, CannotMeasure, decoded, is_good, seconds_of
from argosy.expr.exprlang import Struct, Typed, floats, natures
from argosy.expr.exprlang.values import printed
from argosy.machinery.objects import JsonObject

RESULTS: Final = natures.Nature(natures.Kind.ARRAY, "[]types.MetricDataResult", element=natures.UNKNOWN)
_TARGET: Final = "GraniteServiceVersion20100801.GetMetricData"


async def measure(caller: Caller, question: Asked) -> Answer:
    interval = seconds_of(question.spec.get("interval"), 300)
    now = question.now.timestamp()
    body = orjson.dumps(
        {
            "StartTime": now - interval,
            "EndTime": now,
            "MetricDataQueries": [_query(one) for one in question.spec.get("metricDataQueries") or ()],
        }
    )
    environment = question.settings.environment
    url = environment.get("AWS_ENDPOINT_URL_CLOUDWATCH", "")
    if not url:
        url = f"https://monitoring.{await region_of({})}.amazonaws.com"
    url = url.rstrip("/") + "/"
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": _TARGET}
    headers |= await signed("POST", url, body, headers, "monitoring", {}, question.now)
    answer = await caller.send("POST", url, headers=headers, body=body, seconds=60)
    found = decoded(answer, "could not parse the answer")
    if not is_good(answer) or not isinstance(found, dict):
        told = found if isinstance(found, dict) else {}
        kind = str(told.get("__type") or answer.status).rpartition("#")[2]
        text = told.get("message") or told.get("Message") or ""
        raise CannotMeasure(f"operation error CloudWatch: GetMetricData, {kind}: {text}")
    return read(found)


def _query(given: JsonObject) -> JsonObject:
    made: JsonObject = {"Id": str(given.get("id") or "")}
    for name in ("expression", "label", "returnData"):
        if given.get(name) is not None:
            made[name[0].upper() + name[1:]] = given[name]
    if given.get("period") is not None:
        made["Period"] = int(given["period"])
    if stat := given.get("metricStat"):
        metric = stat.get("metric") or {}
        dimensions = [{"Name": one.get("name"), "Value": one.get("value")} for one in metric.get("dimensions") or ()]
        made["MetricStat"] = {
            "Metric": {
                "MetricName": metric.get("metricName"),
                **({"Namespace": metric["namespace"]} if metric.get("namespace") else {}),
                **({"Dimensions": dimensions} if dimensions else {}),
            },
            "Period": int(stat.get("period") or 0),
            "Stat": stat.get("stat"),
            **({"Unit": stat["unit"]} if stat.get("unit") else {}),
        }
    return made


def read(body: JsonObject) -> Measured:
    """`result[0].Values`: fields have Amazon's names."""
    results = body.get("MetricDataResults") or []
    structs = [_struct(one) for one in results]
    text = printed([[float(value) for value in one.get("Values") or ()] for one in results])
    messages = [f"{{{one.get('Code')} {one.get('Value')}}}" for one in body.get("Messages") or ()]
    metadata = {"messages": "[" + " ".join(messages) + "]"} if messages else {}
    return Measured(value=Typed(structs, RESULTS), text=text, metadata=metadata)


def _struct(result: Any) -> Struct:
    fields = {
        "Id": result.get("Id"),
        "Label": result.get("Label"),
        "StatusCode": result.get("StatusCode") or "",
        "Timestamps": list(result.get("Timestamps") or ()),
        "Values": floats(float(value) for value in result.get("Values") or ()),
        "Messages": list(result.get("Messages") or ()),
    }
    return Struct("types.MetricDataResult", fields)
