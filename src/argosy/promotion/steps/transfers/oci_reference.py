"""References to artefacts in registries: repository, current digest, and credentials."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from argosy.promotion.steps.credentials import credentials_of
from argosy.promotion.steps.kind import Run, StepFault
from argosy.promotion.steps.schema import Schema
from argosy.sources.port import Credentials, SourceError
from argosy.sources.registry.references import Manifest, Repository, repository, split_reference

REFERENCE: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "pattern": r"^(oci://)?[a-zA-Z0-9._-]+(:\d+)?(/[a-zA-Z0-9._-]+)*[@:][a-zA-Z0-9._:-]+$",
}
TAG_REFERENCE: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "pattern": r"^(oci://)?[a-zA-Z0-9._-]+(:\d+)?(/[a-zA-Z0-9._-]+)*[:][a-zA-Z0-9._-]+$",
}


def transport(run: Run, reference: str) -> Credentials:
    name, _ = split_reference(reference)
    found = credentials_of(run, name, "image")
    return replace(found, insecure=True) if run.job.config.get("insecureSkipTLSVerify") else found


async def resolved(run: Run, reference: str) -> tuple[Repository, Manifest]:
    """Raises StepFault."""
    name, version = split_reference(reference)
    credentials = transport(run, reference)
    try:
        place = repository(name, credentials)
        return place, await run.tools.registry.manifest(place, version, credentials)
    except SourceError as error:
        raise StepFault(f'failed to resolve image "{reference}": {error}') from None
