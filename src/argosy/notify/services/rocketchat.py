"""Rocket.Chat: sign in, then post to a channel (`#`), a user (`@`) or a room id."""

from __future__ import annotations

from typing import Any

from argosy.notify.services.delivering import Delivery, Doors, Refused, decoded, expect_good, json_text, post


async def send(delivery: Delivery, doors: Doors) -> None:
    base = delivery.option("serverUrl").rstrip("/")
    login = {"user": delivery.option("email"), "password": delivery.option("password")}
    reply = await post(delivery, doors, f"{base}/api/v1/login", login)
    expect_good(delivery, reply)
    data = decoded(delivery, reply).get("data") or {}
    headers = {"X-Auth-Token": str(data.get("authToken") or ""), "X-User-Id": str(data.get("userId") or "")}
    reply = await post(delivery, doors, f"{base}/api/v1/chat.postMessage", _message(delivery), headers=headers)
    expect_good(delivery, reply)
    if decoded(delivery, reply).get("success") is False:
        raise Refused("rocketchat did not accept the message")


def _message(delivery: Delivery) -> dict[str, Any]:
    is_name = delivery.recipient.startswith(("#", "@"))
    body: dict[str, Any] = {"text": delivery.message, "channel" if is_name else "roomId": delivery.recipient}
    body |= {field: text for field in ("alias", "avatar") if (text := delivery.option(field))}
    if icon := delivery.option("icon"):
        body["emoji"] = icon
    if attachments := json_text(delivery, "attachments"):
        body["attachments"] = attachments
    return body
