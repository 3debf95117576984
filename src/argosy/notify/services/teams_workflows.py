"""Microsoft Teams by a Power Automate workflow: an Adaptive Card 1.4."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from argosy.machinery.objects import JsonObject
from argosy.notify.services.delivering import Delivery, Doors, Refused, expect_good, json_text, post

_HOSTS: Final = re.compile(
    r"(^|\.)(powerautomate\.com|powerplatform\.com|flow\.microsoft\.com|logic\.azure\.com|webhook\.office\.com)$"
)


async def send(delivery: Delivery, doors: Doors) -> None:
    url = delivery.named("recipientUrls")
    check_url(url)
    reply = await post(delivery, doors, url, body(delivery))
    expect_good(delivery, reply)


def check_url(url: str) -> None:
    """https to a workflow's host; http only to this machine. Raises Refused."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host == "localhost" or host.startswith("127."):
        return
    if parts.scheme != "https" or not _HOSTS.search(host):
        raise Refused("teams-workflows: the URL is not that of a workflow over https", final=True)


def body(delivery: Delivery) -> JsonObject:
    given = delivery.text("adaptiveCard")
    if given:
        try:
            card = orjson.loads(given)
        except orjson.JSONDecodeError:
            raise Refused("teams-workflows.adaptiveCard is not JSON", final=True) from None
    else:
        card = _card(delivery)
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _card(delivery: Delivery) -> JsonObject:
    parts: list[dict[str, Any]] = []
    if title := delivery.text("title"):
        parts.append({"type": "TextBlock", "text": title, "size": "Large", "weight": "Bolder", "wrap": True})
    if text := delivery.text("text") or delivery.message:
        parts.append({"type": "TextBlock", "text": text, "wrap": True})
    if facts := json_text(delivery, "facts"):
        parts.append(_facts(facts))
    sections = json_text(delivery, "sections") or ()
    parts += [_facts(section["facts"]) for section in sections if section.get("facts")]
    card: dict[str, Any] = {
        "type": "AdaptiveCard",
        "version": "1.4",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "body": parts,
    }
    if actions := [made for one in json_text(delivery, "potentialAction") or () if (made := _action(one))]:
        card["actions"] = actions
    return card


def _facts(facts: list[JsonObject]) -> JsonObject:
    entries = [{"title": str(one.get("name") or ""), "value": str(one.get("value") or "")} for one in facts]
    return {"type": "FactSet", "facts": entries}


def _action(given: JsonObject) -> JsonObject | None:
    """A MessageCard's OpenUri."""
    targets = given.get("targets") or ()
    if given.get("@type") != "OpenUri" or not targets:
        return None
    return {"type": "Action.OpenUrl", "title": str(given.get("name") or ""), "url": str(targets[0].get("uri") or "")}
