"""Containers that cannot start: image pull failures and missing configuration (kinds sheet 5.6)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.decision import later
from argosy.cluster.workloads.kubelet.turn import BACKOFF, LONGEST_BACKOFF, Turn
from argosy.cluster.workloads.rules.rules import Fail
from argosy.machinery.objects import JsonObject

PULL_TRY = 1.0
"""How long ErrImagePull is shown before ImagePullBackOff."""


def not_pulled(container: JsonObject, status: JsonObject, fail: Fail, turn: Turn, begin: datetime) -> JsonObject | None:
    """ErrImagePull at every attempt, ImagePullBackOff in between; None once enough attempts have failed."""
    image = container.get("image", "")
    if fail.reason != "ErrImagePull":
        text = {
            "InvalidImageName": f'Failed to apply default image tag "{image}": couldn\'t parse image name',
            "ErrImageNeverPull": f'Container image "{image}" is not present with pull policy of Never',
        }[fail.reason]
        return _refused(container, status, fail.reason, text, turn)
    tried, at, wait = 0, begin, BACKOFF
    while later(at, PULL_TRY + wait) <= turn.now:
        tried, at, wait = tried + 1, later(at, PULL_TRY + wait), min(wait * 2, LONGEST_BACKOFF)
    if fail.times is not None and tried >= fail.times:
        return None
    if turn.now < later(at, PULL_TRY):
        turn.wake(later(at, PULL_TRY))
        text = f'failed to pull and unpack image "{image}": not found'
        if status["state"]["waiting"].get("reason") != "ErrImagePull":
            turn.say(container, "Pulling", f'Pulling image "{image}"')
            turn.say(container, "Failed", f'Failed to pull image "{image}": {text}', warning=True)
        return _refused(container, status, "ErrImagePull", text, turn)
    turn.wake(later(at, PULL_TRY + wait))
    text = f'Back-off pulling image "{image}"'
    if status["state"]["waiting"].get("reason") != "ImagePullBackOff":
        turn.say(container, "BackOff", text)
    return _refused(container, status, "ImagePullBackOff", text, turn)


def _refused(container: JsonObject, status: JsonObject, reason: str, message: str, turn: Turn) -> JsonObject:
    if status["state"]["waiting"].get("reason") != reason:
        warned = "Error: " + reason if reason != "InvalidImageName" else message
        turn.say(container, "Failed" if reason != "InvalidImageName" else reason, warned, warning=True)
    return {**status, "state": {"waiting": {"reason": reason, "message": message}}}


def blocked(container: JsonObject, status: JsonObject, reason: str, message: str, turn: Turn) -> JsonObject:
    """A container whose configuration is incomplete."""
    if "waiting" not in status["state"] or status["state"]["waiting"].get("message") == message:
        return status
    turn.say(container, "Failed", f"Error: {message}", warning=True)
    return {**status, "state": {"waiting": {"reason": reason, "message": message}}}
