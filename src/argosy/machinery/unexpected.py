"""What may be said of an error that nobody expected: its type and where it was raised, never its text.

A library's or a bug's text may quote what was at hand, and that may be a Secret (security rule 9). Of a refusal the
code and the reason are said: its message belongs to who knows which object was sent.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

from argosy.machinery.status import StatusError

FRAMES_SHOWN = 4


class Told(Exception):
    """An error whose text was written for users and logs: it holds nothing of an object, and no secret."""


def described(error: BaseException) -> str:
    """One line, fit for logs and conditions."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, StatusError):
        return f"StatusError {error.code} {error.reason}".rstrip()
    name = type(error).__name__
    if isinstance(error, Told):
        return f"{name}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return f"{name}{_place(error)}"


def said(error: BaseException) -> str:
    """For users, who sent what is spoken of: the text where one was written for them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, StatusError):
        return error.message or described(error)
    return str(error) if isinstance(error, Told) and str(error) else described(error)


def _place(error: BaseException) -> str:
    """Our innermost lines, the innermost first; the traceback's last frame where none is ours."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    own = [frame for frame in frames if "argosy" in PurePath(frame.filename).parts] or frames[-1:]
    return " in " + " < ".join(_shown(frame) for frame in own[: -FRAMES_SHOWN - 1 : -1])


def _shown(frame: traceback.FrameSummary) -> str:
    parts = PurePath(frame.filename).parts
    path = "/".join(parts[parts.index("argosy") :]) if "argosy" in parts else parts[-1]
    return f"{frame.name} ({path}:{frame.lineno})"
