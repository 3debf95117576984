"""What an installation sets for its git mirrors: limits, and which repositories are allowed."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.sources.port import InsteadOf


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSettings:
    """`allow_local`: `file://` and absolute paths are repositories too (`argosy demo`, rehearsal). `submodules` off:
    they appear as empty directories (upstream: ARGOCD_GIT_MODULES_ENABLED)."""

    allow_local: bool = False
    allow_links_out: bool = False
    submodules: bool = True
    list_seconds: float = 30.0
    fetch_seconds: float = 300.0
    fetch_bytes: int = 2 * 1024 * 1024 * 1024
    """Maximum bytes of one pack."""
    parallel: int = 8
    """Threads that read objects."""
    programs: int = 64
    """Concurrent git processes: most only wait for a remote, and one that hangs must not block the others."""
    instead_of: InsteadOf | None = None
