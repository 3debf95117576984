"""`delete`: deletes files and directories, by name or by globs."""

from __future__ import annotations

import shutil
from pathlib import Path

from argosy.promotion.patterns import PatternError, glob
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, body, each
from argosy.promotion.steps.workspace import files_below, inside, is_git_internal


def run(run: Run) -> Result:
    config = run.job.config
    paths = [*([config["path"]] if config.get("path") else []), *(config.get("paths") or [])]
    for place in [place for path in paths for place in _found(run, path)]:
        _remove(run.directory, place)
    return Result()


def _found(run: Run, path: str) -> list[Path]:
    """Finds everything before it deletes anything: if a required path is missing, nothing is deleted."""
    globs = bool(run.job.config.get("pathsAreGlobs"))
    found = _matching(run.directory, path) if globs else _named(run.directory, path)
    if not found and run.job.config.get("strict"):
        raise StepFault(f'no paths matched pattern "{path}"' if globs else f'path "{path}" does not exist')
    return found


def _named(directory: Path, path: str) -> list[Path]:
    place = inside(directory, path, follow_last=False)
    if place == directory.resolve():
        raise StepFault("the working directory itself cannot be deleted", terminal=True)
    return [place] if place.exists() or place.is_symlink() else []


def _matching(directory: Path, path: str) -> list[Path]:
    try:
        pattern = glob(path.removeprefix("./").removeprefix("/").removesuffix("/"))
    except PatternError as error:
        raise StepFault(f'invalid glob pattern "{path}": {error}', terminal=True) from None
    root = directory.resolve()
    return [found for found in files_below(root) if pattern.fullmatch(str(found.relative_to(root)))]


def _remove(directory: Path, place: Path) -> None:
    if is_git_internal(directory, place):
        raise StepFault("a repository's own files cannot be deleted", terminal=True)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


KIND = Kind(
    name="delete",
    sort=Sort.DIRECTORY,
    schema=body(
        choice=[{"required": ["path"]}, {"required": ["paths"]}],
        path=FILLED,
        paths=each(FILLED, 1),
        pathsAreGlobs=FLAG,
        strict=FLAG,
    ),
    run=run,
)
