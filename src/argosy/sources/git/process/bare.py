"""A mirror's bare repository: creates it when it is missing, and repacks it when it has many packs. Blocking."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from argosy.sources.git.process.program import run_git
from argosy.sources.port import Unavailable

PACKS_KEPT: Final = 40


def make(mirror: Path, seconds: float) -> None:
    """An empty bare repository; an incomplete one, after a crash, is completed by the same command."""
    mirror.mkdir(mode=0o700, exist_ok=True)
    arguments = ("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    finished = run_git(arguments, directory=mirror, environment=_environment(mirror), seconds=seconds)
    if finished.status != 0:
        raise Unavailable(f"the mirror cannot be made: {finished.errors.strip()}")


def repacked(mirror: Path, seconds: float) -> bool:
    """Whether there were so many packs that they have been repacked into one."""
    packs = mirror / "objects" / "pack"
    if not packs.is_dir() or sum(1 for _ in packs.glob("*.pack")) <= PACKS_KEPT:
        return False
    run_git(("repack", "-a", "-d", "-k", "-q"), directory=mirror, environment=_environment(mirror), seconds=seconds)
    return True


def _environment(mirror: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(mirror)}
