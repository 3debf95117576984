"""Prometheus' Alertmanager: one alert to all targets; success if one of them accepts it."""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery import timestamps
from argosy.notify.functions import https_url
from argosy.notify.services.delivering import Delivery, Doors, Refused, basic, post
from argosy.sources.port import SourceError

TARGET: Final = "127.0.0.1:9093"
PATH: Final = "/api/v2/alerts"


async def send(delivery: Delivery, doors: Doors) -> None:
    body = [alert(delivery, timestamps.seconds(doors.now()))]
    options = delivery.options
    headers: dict[str, str] = {}
    if auth := options.get("basicAuth"):
        headers |= basic(str(auth.get("username") or ""), str(auth.get("password") or ""))
    elif token := delivery.option("bearerToken"):
        headers["Authorization"] = f"Bearer {token}"
    scheme, path = delivery.option("scheme", "http"), delivery.option("apiPath", PATH)
    seconds = float(options.get("timeout") or 3)
    taken, failure = 0, ""
    for target in options.get("targets") or (TARGET,):
        try:
            reply = await post(delivery, doors, f"{scheme}://{target}{path}", body, headers=headers, seconds=seconds)
        except SourceError as error:
            failure = str(error)
            continue
        taken += reply.status == 200
        failure = failure or (f"alertmanager answered {reply.status}" if reply.status != 200 else "")
    if not taken:
        raise Refused(failure or "alertmanager has no targets")


def alert(delivery: Delivery, now: str) -> dict[str, Any]:
    if not delivery.has_block or not delivery.block.get("labels"):
        raise Refused("alertmanager: the template has no labels, one at least is needed", final=True)
    labels = {str(key): str(value) for key, value in delivery.block["labels"].items()}
    labels.setdefault("alertname", str(delivery.about.get("template") or ""))
    annotations = {str(key): str(value) for key, value in (delivery.block.get("annotations") or {}).items()}
    return {
        "labels": labels,
        "annotations": annotations,
        "generatorURL": delivery.text("generatorURL") or https_url(str(delivery.about.get("repoURL") or "")),
        "startsAt": now,
    }
