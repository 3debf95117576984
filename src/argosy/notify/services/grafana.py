"""Grafana: an annotation on its dashboards, tagged by the recipient's parts."""

from __future__ import annotations

from argosy.notify.services.delivering import Delivery, Doors, expect_good, post


async def send(delivery: Delivery, doors: Doors) -> None:
    body = {
        "time": int(doors.now().timestamp() * 1000),
        "isRegion": False,
        "tags": delivery.recipient.split("|"),
        "text": delivery.message,
    }
    headers = {"Authorization": f"Bearer {delivery.option('apiKey')}"}
    url = f"{delivery.option('apiUrl').rstrip('/')}/annotations"
    expect_good(delivery, await post(delivery, doors, url, body, headers=headers))
