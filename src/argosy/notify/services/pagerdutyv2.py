"""PagerDuty's Events API v2: a trigger event; the recipient chooses the service's key."""

from __future__ import annotations

from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, post

API: Final = "https://events.pagerduty.com"


async def send(delivery: Delivery, doors: Doors) -> None:
    url = f"{delivery.option('apiURL', API).rstrip('/')}/v2/enqueue"
    expect_good(delivery, await post(delivery, doors, url, event(delivery, delivery.named("serviceKeys"))))


def event(delivery: Delivery, key: str) -> dict[str, Any]:
    if not delivery.has_block:
        raise Refused("pagerdutyv2: the template has no pagerdutyv2 block", final=True)
    payload = {field: delivery.text(field) for field in ("summary", "severity", "source")}
    payload |= {field: text for field in ("component", "group", "class") if (text := delivery.text(field))}
    found: dict[str, Any] = {"routing_key": key, "event_action": "trigger", "payload": payload, "client": "ArgoCD"}
    if url := delivery.text("url"):
        found["client_url"] = url
    if dedup := delivery.text("dedupKey"):
        found["dedup_key"] = dedup
    return found
