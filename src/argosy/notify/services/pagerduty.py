"""PagerDuty's REST API: an incident of the service that the recipient names."""

from __future__ import annotations

from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, post

API: Final = "https://api.pagerduty.com"


async def send(delivery: Delivery, doors: Doors) -> None:
    headers = {
        "Authorization": f"Token token={delivery.option('token')}",
        "Accept": "application/vnd.pagerduty+json;version=2",
        "From": delivery.option("from"),
    }
    url = f"{delivery.option('apiURL', API).rstrip('/')}/incidents"
    expect_good(delivery, await post(delivery, doors, url, incident(delivery), headers=headers))


def incident(delivery: Delivery) -> dict[str, Any]:
    if not delivery.text("title"):
        raise Refused("pagerduty: the template has no title", final=True)
    found: dict[str, Any] = {
        "type": "incident",
        "title": delivery.text("title"),
        "service": {"id": delivery.recipient, "type": "service_reference"},
        "body": {"type": "incident_details", "details": delivery.text("body")},
    }
    if urgency := delivery.text("urgency"):
        found["urgency"] = urgency
    if priority := delivery.text("priorityId"):
        found["priority"] = {"id": priority, "type": "priority_reference"}
    return {"incident": found}
