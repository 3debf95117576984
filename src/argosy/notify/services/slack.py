"""Slack's Web API: chat.postMessage and chat.update, with threads by grouping key."""

from __future__ import annotations

import logging
from typing import Any, Final

from argosy.machinery.objects import JsonObject
from argosy.notify.services.delivering import Delivery, Doors, Refused, decoded, json_text, post, refused

log = logging.getLogger(__name__)

API: Final = "https://slack.com/api"
_TRANSIENT: Final = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})


async def send(delivery: Delivery, doors: Doors) -> None:
    group = delivery.text("groupingKey")
    policy = delivery.text("deliveryPolicy") or "Post"
    place = f"{delivery.name}/{delivery.recipient}/{group}"
    began = doors.threads.get(place) if group else ""
    body = _body(delivery)
    if not began:
        answer = await _called(delivery, doors, "chat.postMessage", {**body, "channel": delivery.recipient})
        if group:
            began = f"{answer.get('channel') or delivery.recipient} {answer.get('ts') or ''}"
            await doors.threads.keep(place, began)
        return
    channel, _, timestamp = began.partition(" ")
    if policy in ("Post", "PostAndUpdate"):
        thread = {"thread_ts": timestamp, "reply_broadcast": bool(delivery.block.get("notifyBroadcast"))}
        await _called(delivery, doors, "chat.postMessage", {**body, **thread, "channel": channel})
    if policy in ("Update", "PostAndUpdate"):
        await _called(delivery, doors, "chat.update", {**body, "channel": channel, "ts": timestamp})


def _body(delivery: Delivery) -> JsonObject:
    body: dict[str, Any] = {"text": delivery.message}
    if username := delivery.text("username") or delivery.option("username"):
        body["username"] = username
    icon = delivery.text("icon") or delivery.option("icon")
    if icon.startswith(":") and icon.endswith(":") and len(icon) > 2:
        body["icon_emoji"] = icon
    elif icon.startswith(("http://", "https://")):
        body["icon_url"] = icon
    elif icon:
        log.warning("%s: icon '%s' is neither :emoji: nor an http URL: it is not sent", delivery.name, icon[:100])
    for field in ("attachments", "blocks"):
        if (found := json_text(delivery, field)) is not None:
            body[field] = found
    if delivery.options.get("disableUnfurl"):
        body |= {"unfurl_links": False, "unfurl_media": False}
    return body


async def _called(delivery: Delivery, doors: Doors, method: str, body: JsonObject) -> JsonObject:
    base = delivery.option("apiURL", API).rstrip("/")
    headers = {"Authorization": f"Bearer {delivery.option('token')}"}
    reply = await post(delivery, doors, f"{base}/{method}", body, headers=headers)
    if reply.status != 200:
        raise refused(delivery, reply)
    answer = decoded(delivery, reply)
    if answer.get("ok") is not True:
        error = str(answer.get("error") or "unknown error")[:100]
        raise Refused(f"slack: {error}", final=error not in _TRANSIENT and error != "not_in_channel")
    return answer
