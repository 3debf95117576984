"""Exports a process's traces if the environment configures it."""

from __future__ import annotations

import os

from argosy import __version__
from argosy.cli.failing import CommandError
from argosy.observe.tracing import TracingSettingsError, set_up


def set_up_tracing(service: str) -> None:
    """Raises CommandError."""
    try:
        set_up(os.environ, service, __version__)
    except TracingSettingsError as error:
        raise CommandError(str(error)) from None
