"""Working copies of a Promotion: which repository each belongs to, and the author of its commits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from argosy.promotion.adapters.git import Identity
from argosy.promotion.steps.kind import Run, StepFault
from argosy.promotion.steps.workspace import inside

CLONES: Final = "repositories"
"""Next to the working directory, so that no step's path can reach it."""
ORIGIN: Final = "argosy-origin.json"


def identity_of(run: Run, author: dict[str, Any] | None) -> Identity:
    """The step's, else the system's."""
    if not author:
        system: Identity = run.tools.identity
        return system
    return Identity(name=author["name"], email=author["email"], signing_key=author.get("signingKey") or "")


def remember(bare: Path, url: str, author: Identity, *, insecure: bool) -> None:
    """The signing key is not stored: it is the system's, or the step's."""
    text = json.dumps({"url": url, "name": author.name, "email": author.email, "insecure": insecure})
    (bare / ORIGIN).write_text(text, "utf-8")


async def copy_at(run: Run, path: str) -> tuple[Path, str, Identity]:
    """The working copy at a step's path, its repository's URL, and its commit author. Raises StepFault."""
    place = inside(run.directory, path)
    if not (place / ".git").exists():
        why = "error executing cmd [git config]: it is not a working copy that git-clone made"
        raise StepFault(f"error loading working tree from {path}: error reading repo dir from config: {why}")
    bare = (await run.tools.git.repository_at(place)).resolve()
    if not bare.is_relative_to((run.directory.parent / CLONES).resolve()):
        raise StepFault(f'"{path}" belongs to a repository that git-clone did not make', terminal=True)
    origin = json.loads((bare / ORIGIN).read_text("utf-8"))
    system: Identity = run.tools.identity
    same = (origin["name"], origin["email"]) == (system.name, system.email)
    key = system.signing_key if same else ""
    return place, str(origin["url"]), Identity(name=origin["name"], email=origin["email"], signing_key=key)
