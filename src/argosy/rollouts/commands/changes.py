"""abort, retry, pause, restart, terminate: small merge patches. Section 13."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject

ABORT: Final[JsonObject] = {"status": {"abort": True}}
RETRY: Final[JsonObject] = {"status": {"abort": False}}
RETRY_EXPERIMENT: Final[JsonObject] = {"status": None}
PAUSE: Final[JsonObject] = {"spec": {"paused": True}}
TERMINATE: Final[JsonObject] = {"spec": {"terminate": True}}


def restart_patch(at: datetime) -> JsonObject:
    return {"spec": {"restartAt": timestamps.seconds(at)}}
