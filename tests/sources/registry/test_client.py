"""Blobs of registries, in virtual time: what waits for a disk or a host holds the clock meanwhile."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast

import pytest

from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, Rejected
from argosy.sources.registry.client import RegistryClient
from argosy.sources.registry.references import Repository

LAYER = b"a layer" * 1000
DIGEST = f"sha256:{hashlib.sha256(LAYER).hexdigest()}"
PLACE = Repository("https://registry.test", "shop")


class Host:
    """Sends the layer in two pieces, whatever is asked for."""

    async def request(self, method: str, url: str, credentials: Credentials, *, sink: Any, **more: Any) -> Answer:
        await sink(LAYER[:3000])
        await sink(LAYER[3000:])
        return Answer(status=200, url=url, headers={}, body=b"")


@pytest.mark.parametrize("digest", [DIGEST, f"sha256:{'0' * 64}"])
def test_a_blob_becomes_a_file_in_virtual_time_and_only_if_it_is_what_was_asked_for(
    tmp_path: Path, digest: str
) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        client = RegistryClient(cast(Egress, Host()), clock)
        await client.blob_to(tmp_path / "layer", PLACE, digest, Credentials())

    if digest == DIGEST:
        run_virtual(main)
        assert (tmp_path / "layer").read_bytes() == LAYER
    else:
        with pytest.raises(Rejected):
            run_virtual(main)
        assert not list(tmp_path.iterdir())
