"""`untar`: extracts an archive; its size is counted while it is read, and no entry can leave the directory.

Limits (spec/kargo-steps.md 9.2): 100 MiB in all, 50 MiB a file; 10,000 entries (spec/security.md 2).
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

from argosy.machinery.bounded_tar import BoundedTar
from argosy.promotion.steps.files.ignoring import ignore
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, body, integer
from argosy.promotion.steps.workspace import inside, is_git_internal, shown, writable

TOTAL_LIMIT: Final = 100 * 1024 * 1024
FILE_LIMIT: Final = 50 * 1024 * 1024
ENTRY_LIMIT: Final = 10_000
PART: Final = 64 * 1024


def run(run: Run) -> Result:
    config = run.job.config
    source, target = inside(run.directory, config["inPath"]), writable(run.directory, config["outPath"])
    if not source.is_file():
        where, name = shown(config["inPath"]), source.name
        missing = f'failed to open tar file "{name}": open {where}: no such file or directory'
        raise StepFault(f'failed to extract tar file "{where}": {missing}')
    try:
        with source.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream: IO[bytes] = gzip.GzipFile(fileobj=file) if packed else file  # type: ignore[assignment]
            _Unpacking(target, config).unpack(stream)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
        raise StepFault(f'"{config["inPath"]}" is not an archive that can be read: {error}') from None
    return Result()


class _Unpacking:
    def __init__(self, target: Path, config: Any) -> None:
        self._target = target
        self._strip = int(config.get("stripComponents") or 0)
        self._ignored = ignore(config.get("ignore") or "")
        self._total = 0

    def unpack(self, stream: IO[bytes]) -> None:
        self._target.mkdir(parents=True, exist_ok=True)
        with BoundedTar.open(fileobj=_Counted(stream), mode="r|") as archive:  # type: ignore[call-overload]
            for number, member in enumerate(archive):
                if number >= ENTRY_LIMIT:
                    raise StepFault(f"the archive has more than {ENTRY_LIMIT} entries", terminal=True)
                self._take(archive, member)

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        parts = [part for part in member.name.split("/") if part not in ("", ".")][self._strip :]
        name = "/".join(parts)
        if not parts or self._ignored.match_file(f"{name}/" if member.isdir() else name):
            return
        if ".." in parts:
            raise StepFault(f"the archive's entry {member.name!r} leads out of its directory", terminal=True)
        place = inside(self._target, name, follow_last=False)
        if is_git_internal(self._target, place):
            return
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
        elif member.isreg():
            self._write(archive, member, place)

    def _write(self, archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        if member.size > FILE_LIMIT:
            raise StepFault(f"the archive's file {member.name!r} is larger than {FILE_LIMIT} bytes", terminal=True)
        self._total += member.size
        if self._total > TOTAL_LIMIT:
            raise StepFault(f"the archive holds more than {TOTAL_LIMIT} bytes", terminal=True)
        source = archive.extractfile(member)
        if source is None or place.is_symlink():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            while part := source.read(PART):
                file.write(part)
        place.chmod(0o700 if member.mode & 0o100 else 0o600)


class _Counted:
    """Stops reading an archive that consists of endless headers."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._read = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._read += len(data)
        if self._read > TOTAL_LIMIT + ENTRY_LIMIT * 2048:
            raise StepFault(f"the archive holds more than {TOTAL_LIMIT} bytes", terminal=True)
        return data


KIND = Kind(
    name="untar",
    sort=Sort.DIRECTORY,
    schema=body("inPath outPath", inPath=FILLED, outPath=FILLED, stripComponents=integer(0), ignore=FILLED),
    run=run,
)
