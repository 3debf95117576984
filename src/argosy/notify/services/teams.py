"""Microsoft Teams' incoming webhooks: a MessageCard. Success is an answer with the body `1`."""

from __future__ import annotations

from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, json_text, post


async def send(delivery: Delivery, doors: Doors) -> None:
    url = delivery.named("recipientUrls")
    template = delivery.text("template")
    body = template.encode() if template else card(delivery)
    reply = await post(delivery, doors, url, body)
    expect_good(delivery, reply)
    if reply.body.strip() != b"1":
        raise Refused("teams did not accept the card")


def card(delivery: Delivery) -> JsonObject:
    found: dict[str, Any] = {
        "@type": "MessageCard",
        "@context": "https://schema.org/extensions",
        "text": delivery.text("text") or delivery.message,
    }
    for field in ("title", "summary", "themeColor"):
        if text := delivery.text(field):
            found[field] = text
    sections = json_text(delivery, "sections") or []
    if facts := json_text(delivery, "facts"):
        sections = [*sections, {"facts": facts}]
    if sections:
        found["sections"] = sections
    if actions := json_text(delivery, "potentialAction"):
        found["potentialAction"] = actions
    return found
