"""Texts of an Application's events, in upstream's words where it has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.apis.argoproj.application import Operation, OperationState, SyncOperation, SyncResult
from argosy.gitops.keys import ResourceKey

NAMED = 3
"""How many objects one event names."""
ABSENT: Final = "not in the cluster"
EXTRA: Final = "not in the source"


def differences(why: Mapping[ResourceKey, str]) -> str:
    """Why an application is out of sync; empty if objects are only missing, which health shows already."""
    reasons = sorted(item for item in why.items() if item[1] != ABSENT)
    text = "; ".join(f"{key.kind} {key.namespace}/{key.name}: {reason}" for key, reason in reasons[:NAMED])
    left = len(why) - len(reasons[:NAMED])
    return f"{text}; and {left} more" if text and left else text


def started(operation: Operation) -> str:
    by, asked = operation.initiated_by, operation.sync or SyncOperation()
    revision = _revision(asked)
    if by.automated:
        return f"Initiated automated sync to '{revision}'"
    partial = "partial " if asked.resources else ""
    return f"{by.username or 'Unknown user'} initiated {partial}sync" + (f" to {revision}" if revision else "")


def completed(state: OperationState) -> str:
    text = "Partial sync operation" if state.asked.resources else "Sync operation"
    if revision := _revision(state.sync_result):
        text += f" to {revision}"
    return f"{text} succeeded" if state.phase == "Succeeded" else f"{text} failed: {state.message}"


def _revision(source: SyncOperation | SyncResult) -> str:
    return ", ".join(source.revisions) or source.revision
