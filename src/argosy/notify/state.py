"""What was sent already: an annotation that maps state keys to Unix seconds, byte for byte as upstream writes it.

Source: spec/notifications.md D4. It survives a migration from upstream, so no notification is repeated.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

from argosy.notify.configuration import Destination
from argosy.notify.subscriptions import PREFIX

ANNOTATION: Final = f"notified.{PREFIX}"
KEPT: Final = 100

State = dict[str, int]


def condition_hash(when: str) -> str:
    """Unpadded URL-safe base64 of the SHA-1 of the condition's text; it identifies, it does not protect."""
    digest = hashlib.sha1(when.encode(), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def state_key(
    destination: Destination, *, trigger: str, index: int, when: str, once_per: str = "", namespace: str = ""
) -> str:
    """`namespace`: that of a self-service configuration."""
    parts = [once_per] if once_per else []
    parts += [namespace] if namespace else []
    parts += [trigger, f"[{index}].{condition_hash(when)}", destination.service, destination.recipient]
    return ":".join(parts)


def read_state(annotations: Mapping[str, Any]) -> State:
    """Empty if it cannot be parsed."""
    try:
        found = orjson.loads(annotations.get(ANNOTATION) or "{}")
    except (orjson.JSONDecodeError, TypeError):
        return {}
    if not isinstance(found, dict) or not all(type(value) is int for value in found.values()):
        return {}
    return found


def written(state: Mapping[str, int], holding: Collection[str] = ()) -> str | None:
    """The annotation's text; None if empty. If there are too many, the newest stay, and those whose condition is true:

    a key that is dropped while its condition is true would be sent again, and again.
    """
    if not state:
        return None
    newest = sorted(state.items(), key=lambda item: (item[0] in holding, item[1]), reverse=True)
    kept = newest[: max(KEPT, sum(key in state for key in holding))]
    return orjson.dumps(dict(kept), option=orjson.OPT_SORT_KEYS).decode()
