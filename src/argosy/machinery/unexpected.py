"""What may be reported of an unexpected error: its type and where it was raised, never its message.

A message of a library or a bug may quote data that could be a Secret (security rule 9). For an API refusal the code
and the reason are reported: its message is only for callers that know which object was sent.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

from argosy.machinery.status import StatusError

FRAMES_SHOWN = 4


class Shown(Exception):
    """An error whose message was written for users and logs: it contains nothing of an object, and no secret."""


def described(error: BaseException) -> str:
    """One line, fit for logs and conditions."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, StatusError):
        return f"StatusError {error.code} {error.reason}".rstrip()
    name = type(error).__name__
    if isinstance(error, Shown):
        return f"{name}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return f"{name}{_place(error)}"


def shown(error: BaseException) -> str:
    """For users, who sent the data in question: the message if one was written for them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, StatusError):
        return error.message or described(error)
    return str(error) if isinstance(error, Shown) and str(error) else described(error)


def _place(error: BaseException) -> str:
    """Our innermost frames, the innermost first; the traceback's last frame if none is ours."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    own = [frame for frame in frames if "argosy" in PurePath(frame.filename).parts] or frames[-1:]
    return " in " + " < ".join(_frame(frame) for frame in own[: -FRAMES_SHOWN - 1 : -1])


def _frame(frame: traceback.FrameSummary) -> str:
    parts = PurePath(frame.filename).parts
    path = "/".join(parts[parts.index("argosy") :]) if "argosy" in parts else parts[-1]
    return f"{frame.name} ({path}:{frame.lineno})"
