"""New Relic: a deployment of the application that the recipient names."""

from __future__ import annotations

from typing import Final

from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, post

API: Final = "https://api.newrelic.com"


async def send(delivery: Delivery, doors: Doors) -> None:
    revision = delivery.text("revision") or str(delivery.about.get("revision") or "")
    if not revision:
        raise Refused("newrelic: there is no revision to report", final=True)
    deployment = {"revision": revision, "description": delivery.text("description") or delivery.message}
    deployment |= {field: text for field in ("changelog", "user") if (text := delivery.text(field))}
    base = delivery.option("apiURL", API).rstrip("/")
    url = f"{base}/v2/applications/{delivery.recipient}/deployments.json"
    headers = {"X-Api-Key": delivery.option("apiKey")}
    expect_good(delivery, await post(delivery, doors, url, {"deployment": deployment}, headers=headers))
