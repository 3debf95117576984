"""Google Chat's incoming webhooks: text and cards, in a thread by its key."""

from __future__ import annotations

import hashlib
from typing import Any

from argosy.notify.services.delivering import Delivery, Doors, Refused, decoded, expect_good, post, yaml_text


async def send(delivery: Delivery, doors: Doors) -> None:
    url = delivery.named("webhooks")
    body: dict[str, Any] = {"text": delivery.message}
    cards, newer = yaml_text(delivery, "cards"), yaml_text(delivery, "cardsV2")
    if cards or newer:
        body = {}
    if cards:
        body["cards"] = cards
    if newer:
        body["cardsV2"] = [{"cardId": _identity(delivery, at), **card} for at, card in enumerate(newer)]
    if key := delivery.text("threadKey"):
        body["thread"] = {"threadKey": key}
        url += ("&" if "?" in url else "?") + "messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    reply = await post(delivery, doors, url, body)
    expect_good(delivery, reply)
    if reply.body.strip() and (error := decoded(delivery, reply).get("error")):
        raise Refused(f"googlechat: {str((error or {}).get('status') or 'error')[:100]}")


def _identity(delivery: Delivery, at: int) -> str:
    return hashlib.sha256(f"{delivery.key}/{at}".encode()).hexdigest()[:32]
