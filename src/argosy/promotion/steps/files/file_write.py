"""`file-write`: writes a text to a file; never executable, never world-writable."""

from __future__ import annotations

import os
from typing import Final

from argosy.promotion.steps.kind import Kind, Result, Run, Sort, Status, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, TEXT, body
from argosy.promotion.steps.workspace import inside, is_git_internal, shown

DEFAULT_MODE: Final = "0600"
EXECUTABLE: Final = 0o111
FORBIDDEN: Final = EXECUTABLE | 0o002
"""Executable bits, and the world-writable bit."""


def run(run: Run) -> Result:
    config = run.job.config
    mode = int(config.get("permissions") or DEFAULT_MODE, 8)
    if mode & FORBIDDEN:
        what = "include executable bits" if mode & EXECUTABLE else "be world-writable"
        raise StepFault(f'permissions "{config["permissions"]}" must not {what}', terminal=True, status=Status.FAILED)
    place = inside(run.directory, config["path"], follow_last=False)
    if is_git_internal(run.directory, place):
        raise StepFault(
            f'writing to the .git directory is forbidden: "{config["path"]}"', terminal=True, status=Status.FAILED
        )
    if place.is_symlink():
        raise StepFault(f'"{config["path"]}" is a symbolic link', terminal=True, status=Status.FAILED)
    if place.exists() and not config.get("overwrite"):
        raise StepFault(
            f'file "{config["path"]}" already exists; set overwrite to true to replace it',
            terminal=True,
            status=Status.FAILED,
        )
    if place.is_dir():
        where = shown(config["path"])
        raise StepFault(f'error writing file "{config["path"]}": open {where}: is a directory')
    place.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(config["contents"])
    place.chmod(mode)
    return Result()


KIND = Kind(
    name="file-write",
    sort=Sort.DIRECTORY,
    schema=body(
        "path contents",
        path=FILLED,
        contents=TEXT,
        permissions={"type": "string", "pattern": "^0[0-7]{3}$"},
        overwrite=FLAG,
    ),
    run=run,
)
