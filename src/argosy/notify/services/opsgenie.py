"""Opsgenie: an alert for a team; the recipient is the team's id and chooses the API key."""

from __future__ import annotations

from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, post

API: Final = "https://api.opsgenie.com"


async def send(delivery: Delivery, doors: Doors) -> None:
    key = delivery.named("apiKeys")
    base = delivery.option("apiUrl", API)
    base = base if "://" in base else f"https://{base}"
    headers = {"Authorization": f"GenieKey {key}"}
    expect_good(
        delivery, await post(delivery, doors, f"{base.rstrip('/')}/v2/alerts", alert(delivery), headers=headers)
    )


def alert(delivery: Delivery) -> dict[str, Any]:
    if not delivery.text("description"):
        raise Refused("opsgenie: the template has no description", final=True)
    found: dict[str, Any] = {
        "message": delivery.message,
        "description": delivery.text("description"),
        "responders": [{"type": "team", "id": delivery.recipient}],
        "source": "Argo CD",
    }
    for field in ("alias", "note", "priority", "entity", "user"):
        if text := delivery.text(field):
            found[field] = text
    for field in ("actions", "tags", "details", "visibleTo"):
        if given := delivery.block.get(field):
            found[field] = given
    return found
