"""Reads what registries answer. All of it is untrusted."""

from __future__ import annotations

from typing import Any

import orjson

from argosy.sources.egress import Answer
from argosy.sources.port import Rejected
from argosy.sources.registry.references import TAG
from argosy.sources.scrub import scrub


def valid_tags(listed: Any) -> list[str]:
    """An invalid tag cannot be requested anyway, and may be as long as the response."""
    return [tag for tag in listed if isinstance(tag, str) and TAG.fullmatch(tag)] if isinstance(listed, list) else []


def check_digest(answer: Answer, found: str, wanted: str) -> None:
    if found != wanted:
        raise Rejected(f"{scrub(answer.url)}: the blob does not have the digest that was asked for")


def retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else 5.0


def json_object(answer: Answer) -> Any:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(f"{scrub(answer.url)}: the answer is not a JSON object")
    return found
