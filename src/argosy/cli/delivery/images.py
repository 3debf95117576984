"""`argosy image push`: pushes a small generated image, to try a delivery without a builder."""

from __future__ import annotations

import argparse
import asyncio
import json

from argosy.cli.failing import CommandError, Exit
from argosy.machinery import timestamps
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import Credentials, SourceError
from argosy.sources.registry.client import RegistryClient
from argosy.sources.registry.references import manifest_of, repository, split_reference

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def run(options: argparse.Namespace) -> int:
    try:
        digest = asyncio.run(_push(options.reference))
    except SourceError as error:
        raise CommandError(f"{options.reference}: {error}") from None
    print(f"pushed {options.reference} {digest}")
    return Exit.OK


async def _push(reference: str) -> str:
    name, tag = split_reference(reference)
    if not tag:
        raise CommandError(f"{reference!r} names no tag: give one such as {reference}:1.0.0")
    clock, anonymous = RealClock(), Credentials()
    egress = Egress(EgressPolicy(allow_loopback=True))
    try:
        registry, place = RegistryClient(egress, clock), repository(name)
        created = timestamps.seconds(clock.now())
        config = json.dumps({"created": created, "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}).encode()
        layer = f"{reference} {created}".encode()
        described = []
        for kind, data in ((CONFIG, config), (LAYER, layer)):
            digest = await registry.push_blob(place, data, anonymous)
            described.append({"mediaType": kind, "digest": digest, "size": len(data)})
        manifest = manifest_of(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
        )
        await registry.push_manifest(place, tag, manifest, anonymous)
        return manifest.digest
    finally:
        await egress.close()
