"""`tar`: archives a file or a directory; the same content gives the same bytes."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from argosy.promotion.steps.files.ignoring import ignore
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, body
from argosy.promotion.steps.workspace import check_room, files_below, inside, shown, writable


def run(run: Run) -> Result:
    config = run.job.config
    source, target = inside(run.directory, config["inPath"]), writable(run.directory, config["outPath"])
    if not source.exists():
        missing = f"stat {shown(config['inPath'])}: no such file or directory"
        raise StepFault(f'input path "{config["inPath"]}" does not exist: {missing}')
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        if config.get("gzip"):
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                _write(source, target, packed, config.get("ignore") or "")
        else:
            _write(source, target, file, config.get("ignore") or "")
    return Result()


def _write(source: Path, target: Path, file: object, rules: str) -> None:
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
        if not source.is_dir():
            archive.add(source, source.name, filter=_plain)
            return
        ignored = ignore(rules)
        for found in files_below(source):
            relative = found.relative_to(source)
            name = f"{relative}/" if found.is_dir() else str(relative)
            if found != target and not ignored.match_file(name):
                check_room(target.parent, 0 if found.is_dir() else found.stat().st_size)
                archive.add(found, str(relative), recursive=False, filter=_plain)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    return info


KIND = Kind(
    name="tar",
    sort=Sort.DIRECTORY,
    schema=body("inPath outPath", inPath=FILLED, outPath=FILLED, ignore=FILLED, gzip=FLAG),
    run=run,
)
