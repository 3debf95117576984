"""Pushover: a message to the user key that is the recipient."""

from __future__ import annotations

from typing import Final

from argosy.notify.services.delivering import Delivery, Doors, expect_good, post

API: Final = "https://api.pushover.net"


async def send(delivery: Delivery, doors: Doors) -> None:
    body = {"token": delivery.option("token"), "user": delivery.recipient, "message": delivery.message}
    url = f"{delivery.option('apiURL', API).rstrip('/')}/1/messages.json"
    expect_good(delivery, await post(delivery, doors, url, body))
