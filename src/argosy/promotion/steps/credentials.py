"""The credentials that a step may use for a repository."""

from __future__ import annotations

from argosy.promotion.steps.kind import Run
from argosy.sources.port import Credentials


def credentials_of(run: Run, url: str, kind: str = "git") -> Credentials:
    """Anonymous if no Secret matches."""
    found = run.tools.credentials(kind, url)
    return found if isinstance(found, Credentials) else Credentials()
