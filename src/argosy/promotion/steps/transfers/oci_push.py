"""`oci-push`: copies an artefact to another tag or repository, optionally with more annotations."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FLAG, TEXT, body
from argosy.promotion.steps.transfers.oci_reference import REFERENCE, TAG_REFERENCE, resolved, transport
from argosy.sources.port import Credentials, SourceError
from argosy.sources.registry.references import Manifest, Repository, manifest_of, repository, split_reference

NO_LIMIT: Final = 1 << 62
MOST_THINGS: Final = 2000
"""Limit for manifests and layers of one artefact."""


async def run(run: Run) -> Result:
    config = run.job.config
    source, manifest = await resolved(run, config["srcRef"])
    name, tag = split_reference(config["destRef"])
    from_there, to_there = transport(run, config["srcRef"]), transport(run, config["destRef"])
    try:
        target = repository(name, to_there)
        if target != source and run.tools.oci_push_bytes == 0:
            raise StepFault("cross-repository push is disabled", terminal=True)
        if target != source:
            await _copied(run, source, target, from_there, to_there, manifest)
        pushed = _annotated(manifest, config.get("annotations") or {})
        await run.tools.registry.push_manifest(target, tag, pushed, to_there)
    except SourceError as error:
        raise StepFault(f'failed to push "{config["destRef"]}": {error}') from None
    except OSError as error:
        raise StepFault(f'failed to push "{config["destRef"]}": a layer cannot be written: {error.strerror}') from None
    image = name.removeprefix("oci://")
    return Result(output={"image": f"{image}:{tag}", "digest": pushed.digest, "tag": tag})


async def _copied(
    run: Run,
    source: Repository,
    target: Repository,
    from_there: Credentials,
    to_there: Credentials,
    manifest: Manifest,
) -> None:
    """Copies one layer after the other, through a file: together they may be a gigabyte."""
    place = Path(await run.tools.in_thread(lambda: tempfile.mkdtemp(prefix=".oci-push-", dir=run.directory)))
    try:
        await _Copy(run, source, target, from_there, to_there, place).content(manifest)
    finally:
        await run.tools.in_thread(lambda: shutil.rmtree(place, ignore_errors=True))


class _Copy:
    def __init__(
        self,
        run: Run,
        source: Repository,
        target: Repository,
        from_there: Credentials,
        to_there: Credentials,
        place: Path,
    ) -> None:
        self._registry, self._in_thread, self._place = run.tools.registry, run.tools.in_thread, place
        self._source, self._target = source, target
        self._from, self._to = from_there, to_there
        self._most = run.tools.oci_push_bytes if run.tools.oci_push_bytes >= 0 else NO_LIMIT
        self._left = self._most
        self._things = 0

    async def content(self, manifest: Manifest) -> None:
        """Copies what a manifest refers to, including an index's manifests, before it is pushed itself."""
        parsed = manifest.parsed()
        for child in _named(parsed.get("manifests")):
            below = await self._registry.manifest(self._source, child.digest, self._from)
            self._count(len(below.raw))
            await self.content(below)
            await self._registry.push_manifest(self._target, below.digest, below, self._to)
        for blob in _named([*(parsed.get("layers") or ()), *([parsed["config"]] if parsed.get("config") else [])]):
            await self._blob(blob)

    async def _blob(self, blob: Named) -> None:
        if await self._registry.has_blob(self._target, blob.digest, self._to):
            return
        self._count(blob.size)
        path = self._place / blob.digest.replace(":", "-")
        try:
            await self._registry.blob_to(path, self._source, blob.digest, self._from, limit=blob.size)
            await self._registry.upload_blob(self._target, blob.digest, path, self._to)
        finally:
            await self._in_thread(lambda: path.unlink(missing_ok=True))

    def _count(self, size: int) -> None:
        """Limits total size and count. An untrusted registry declares sizes; larger content is refused."""
        self._left -= size
        self._things += 1
        if self._left < 0:
            raise StepFault(f"the artefact is larger than {self._most} bytes", terminal=True)
        if self._things > MOST_THINGS:
            raise StepFault(f"the artefact has more than {MOST_THINGS} manifests and layers", terminal=True)


@dataclass(frozen=True, slots=True)
class Named:
    """A descriptor in a manifest."""

    digest: str
    size: int


def _named(entries: Any) -> list[Named]:
    """Raises StepFault."""
    found = []
    for entry in entries or ():
        digest, size = (entry.get("digest"), entry.get("size")) if isinstance(entry, dict) else (None, None)
        if not isinstance(digest, str) or not isinstance(size, int) or size < 0:
            raise StepFault("a manifest names something without a digest, or without a size", terminal=True)
        found.append(Named(digest, size))
    return found


def _annotated(manifest: Manifest, annotations: dict[str, str]) -> Manifest:
    """A key prefixed `index:` or `manifest:` is only for that type; without a prefix it is for whichever this is."""
    mine, other = ("index:", "manifest:") if manifest.is_index else ("manifest:", "index:")
    wanted = {key.removeprefix(mine): value for key, value in annotations.items() if not key.startswith(other)}
    if not wanted:
        return manifest
    parsed = manifest.parsed()
    return manifest_of(
        {**parsed, "mediaType": manifest.media_type, "annotations": {**(parsed.get("annotations") or {}), **wanted}}
    )


KIND = Kind(
    name="oci-push",
    sort=Sort.OUTSIDE,
    waits=True,
    schema=body(
        "srcRef destRef",
        srcRef=REFERENCE,
        destRef=TAG_REFERENCE,
        annotations={"type": "object", "additionalProperties": TEXT},
        insecureSkipTLSVerify=FLAG,
    ),
    run=run,
    repositories=lambda config: [
        ("image", split_reference(config["srcRef"])[0]),
        ("image", split_reference(config["destRef"])[0]),
    ],
)
