"""Telegram's bots: a chat by its number, with a thread after `|`, or a channel by its name."""

from __future__ import annotations

from typing import Any, Final

from argosy.notify.services.delivering import Delivery, Doors, Refused, decoded, post, refused

API: Final = "https://api.telegram.org"


async def send(delivery: Delivery, doors: Doors) -> None:
    body: dict[str, Any] = {"text": delivery.message, "parse_mode": "Markdown"}
    chat, _, thread = delivery.recipient.partition("|")
    if chat.startswith("-"):
        body["chat_id"] = chat
        if thread:
            if not thread.isdecimal():
                raise Refused(f"telegram: '{thread}' is not a thread id, a number would be right", final=True)
            body["message_thread_id"] = int(thread)
    else:
        body["chat_id"] = chat if chat.startswith("@") else f"@{chat}"
    url = f"{delivery.option('apiURL', API).rstrip('/')}/bot{delivery.option('token')}/sendMessage"
    reply = await post(delivery, doors, url, body)
    if reply.status != 200 or decoded(delivery, reply).get("ok") is not True:
        raise refused(delivery, reply)
