"""`copy`: copies a file or a directory; `.git` and symbolic links are not copied.

The target may contain untrusted files, including symbolic links: each path is resolved again.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.steps.files.ignoring import ignore
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, body
from argosy.promotion.steps.workspace import check_room, files_below, inside, shown, writable

MOST_FILES: Final = 200_000
MOST_BYTES: Final = 2 * 1024 * 1024 * 1024


def run(run: Run) -> Result:
    config = run.job.config
    source, target = inside(run.directory, config["inPath"]), writable(run.directory, config["outPath"])
    if not source.exists():
        raise _failed(config, f"lstat {_plain(config['inPath'])}: no such file or directory")
    if source.is_dir():
        if target.is_file():
            raise _failed(config, f"mkdir {_plain(config['outPath'])}: not a directory")
        _tree(run.directory, source, config["outPath"], config.get("ignore") or "")
    else:
        if target.is_dir():
            raise _failed(config, f"open {_plain(config['outPath'])}: is a directory")
        check_room(run.directory, source.stat().st_size)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return Result()


def _failed(config: JsonObject, why: str) -> StepFault:
    return StepFault(f'failed to copy "{config["inPath"]}" to "{config["outPath"]}": {why}')


def _plain(path: str) -> str:
    return shown(path).removeprefix("./")


def _tree(directory: Path, source: Path, target: str, rules: str) -> None:
    if writable(directory, target).is_relative_to(source):
        raise StepFault("a directory cannot be copied into itself", terminal=True)
    _check_size(directory, source)
    ignored = ignore(rules)
    writable(directory, target).mkdir(parents=True, exist_ok=True)
    skipped: set[Path] = set()
    for found in files_below(source):
        relative = found.relative_to(source)
        name = f"{relative}/" if found.is_dir() else str(relative)
        if found.parent in skipped or ignored.match_file(name):
            skipped.add(found)
            continue
        place = writable(directory, f"{target}/{relative}")
        if found.is_dir():
            place.mkdir(exist_ok=True)
        else:
            shutil.copy(found, place)


def _check_size(directory: Path, source: Path) -> None:
    """Repeated copies of copies double with each step, so there is a limit."""
    total = 0
    for number, found in enumerate(files_below(source), 1):
        total += 0 if found.is_dir() else found.stat().st_size
        if number > MOST_FILES or total > MOST_BYTES:
            raise StepFault(f"more than {MOST_FILES} files or {MOST_BYTES} bytes are not copied", terminal=True)
    check_room(directory, total)


KIND = Kind(
    name="copy",
    sort=Sort.DIRECTORY,
    schema=body("inPath outPath", inPath=FILLED, outPath=FILLED, ignore=FILLED),
    run=run,
)
