"""Webex: a message to a person, by e-mail address, or to a room, by its id."""

from __future__ import annotations

from typing import Final

from argosy.notify.services.delivering import Delivery, Doors, expect_good, post

API: Final = "https://webexapis.com"


async def send(delivery: Delivery, doors: Doors) -> None:
    target = "toPersonEmail" if "@" in delivery.recipient else "roomId"
    body = {"markdown": delivery.message, target: delivery.recipient}
    headers = {"Authorization": f"Bearer {delivery.option('token')}"}
    url = f"{delivery.option('apiURL', API).rstrip('/')}/v1/messages"
    expect_good(delivery, await post(delivery, doors, url, body, headers=headers))
