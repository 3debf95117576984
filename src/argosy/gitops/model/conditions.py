"""The conditions list: each pass replaces the types that it owns, and nothing else (spec 1.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from argosy.apis.argoproj.application import Condition
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.plain_text import plain


def updated(
    before: Sequence[Condition], found: Iterable[tuple[str, str]], responsible: Iterable[str], now: str
) -> list[JsonObject]:
    """`found` are (type, message), shown without terminal control characters. An unchanged message keeps its time."""
    mine = set(responsible)
    times = {(item.type, item.message): item.last_transition_time or now for item in before}
    made = [item.raw for item in before if item.type not in mine]
    for kind, message in dict.fromkeys((kind, plain(message)) for kind, message in found):
        when = times.get((kind, message), now)
        made.append({"type": kind, "message": message, "lastTransitionTime": when})
    return sorted(made, key=lambda item: (item["type"], item["message"], item.get("lastTransitionTime") or ""))
