"""Mattermost: a post in the channel that the recipient names by its id."""

from __future__ import annotations

from typing import Any

from argosy.notify.services.delivering import Delivery, Doors, expect_good, json_text, post


async def send(delivery: Delivery, doors: Doors) -> None:
    body: dict[str, Any] = {"channel_id": delivery.recipient, "message": delivery.message}
    if attachments := json_text(delivery, "attachments"):
        body["props"] = {"attachments": attachments}
    headers = {"Authorization": f"Bearer {delivery.option('token')}"}
    url = f"{delivery.option('apiURL').rstrip('/')}/api/v4/posts"
    expect_good(delivery, await post(delivery, doors, url, body, headers=headers))
