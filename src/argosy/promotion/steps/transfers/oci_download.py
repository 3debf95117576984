"""`oci-download`: downloads one layer of an artefact to a file, 100 MiB at most."""

from __future__ import annotations

from typing import Any, Final

from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, body
from argosy.promotion.steps.transfers.oci_reference import REFERENCE, resolved, transport
from argosy.promotion.steps.workspace import writable
from argosy.sources.port import SourceError
from argosy.sources.registry.references import split_reference

LIMIT: Final = 100 * 1024 * 1024


async def run(run: Run) -> Result:
    config = run.job.config
    place = writable(run.directory, config["outPath"])
    if place.exists() and not config.get("allowOverwrite"):
        raise StepFault(f'file "{config["outPath"]}" already exists and overwrite is not allowed', terminal=True)
    repository, manifest = await resolved(run, config["imageRef"])
    layer = _layer(manifest.parsed(), config.get("mediaType") or "")
    try:
        await run.tools.registry.blob_to(
            place, repository, str(layer.get("digest") or ""), transport(run, config["imageRef"]), limit=LIMIT
        )
    except SourceError as error:
        raise StepFault(f"failed to download the layer: {error}") from None
    except OSError as error:
        raise StepFault(f"failed to write the layer: {error.strerror}") from None
    return Result()


def _layer(manifest: Any, media_type: str) -> Any:
    layers = [layer for layer in manifest.get("layers") or () if isinstance(layer, dict)]
    fitting = [layer for layer in layers if not media_type or layer.get("mediaType") == media_type]
    if not fitting:
        wanted = f" of media type {media_type!r}" if media_type else ""
        raise StepFault(f"the artefact has no layer{wanted}", terminal=True)
    return fitting[0]


KIND = Kind(
    name="oci-download",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body(
        "imageRef outPath",
        imageRef=REFERENCE,
        outPath=FILLED,
        allowOverwrite=FLAG,
        mediaType=FILLED,
        insecureSkipTLSVerify=FLAG,
    ),
    run=run,
    repositories=lambda config: [("image", split_reference(config["imageRef"])[0])],
)
