"""What the events of an Application say: pure text, in upstream's words where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.keys import ResourceKey
from argosy.machinery.objects import JsonObject

NAMED = 3
"""Objects that one event names."""
ABSENT: Final = "not in the cluster"
EXTRA: Final = "not in the source"


def differences(why: Mapping[ResourceKey, str]) -> str:
    """Why an application is out of sync; empty when all there is to say is that objects are missing, as health does."""
    told = sorted(item for item in why.items() if item[1] != ABSENT)
    text = "; ".join(f"{key.kind} {key.namespace}/{key.name}: {reason}" for key, reason in told[:NAMED])
    left = len(why) - len(told[:NAMED])
    return f"{text}; and {left} more" if text and left else text


def started(operation: JsonObject) -> str:
    by, asked = operation.get("initiatedBy") or {}, operation.get("sync") or {}
    revision = _revision(asked)
    if by.get("automated"):
        return f"Initiated automated sync to '{revision}'"
    partial = "partial " if asked.get("resources") else ""
    return f"{by.get('username') or 'Unknown user'} initiated {partial}sync" + (f" to {revision}" if revision else "")


def completed(state: JsonObject) -> str:
    asked = (state.get("operation") or {}).get("sync") or {}
    text = "Partial sync operation" if asked.get("resources") else "Sync operation"
    if revision := _revision(state.get("syncResult") or {}):
        text += f" to {revision}"
    return f"{text} succeeded" if state.get("phase") == "Succeeded" else f"{text} failed: {state.get('message') or ''}"


def _revision(said: JsonObject) -> str:
    return ", ".join(said.get("revisions") or ()) or str(said.get("revision") or "")
