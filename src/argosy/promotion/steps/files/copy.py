"""`copy`: a file or a directory to another place; `.git` and symbolic links stay behind.

What is at the target may be a stranger's as well, symbolic links included: each place is found anew.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from argosy.promotion.steps.files.ignoring import ignore
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, body
from argosy.promotion.steps.workspace import files_below, inside, writable


def run(run: Run) -> Result:
    config = run.job.config
    source, target = inside(run.directory, config["inPath"]), writable(run.directory, config["outPath"])
    if not source.exists():
        missing = f"lstat {config['inPath'].removeprefix('./')}: no such file or directory"
        raise StepFault(f'failed to copy "{config["inPath"]}" to "{config["outPath"]}": {missing}')
    if source.is_dir():
        _tree(run.directory, source, config["outPath"], config.get("ignore") or "")
    else:
        into = f"{config['outPath']}/{source.name}" if target.is_dir() else config["outPath"]
        place = writable(run.directory, into)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
    return Result()


def _tree(directory: Path, source: Path, target: str, rules: str) -> None:
    if writable(directory, target).is_relative_to(source):
        raise StepFault("a directory cannot be copied into itself", terminal=True)
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


KIND = Kind(
    name="copy",
    sort=Sort.DIRECTORY,
    schema=body("inPath outPath", inPath=FILLED, outPath=FILLED, ignore=FILLED),
    run=run,
)
