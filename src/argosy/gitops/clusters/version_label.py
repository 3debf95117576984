"""Labels a cluster's Secret with the version of its Kubernetes, by which ApplicationSets select clusters (spec 12)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from argosy.gitops.clusters.resolution import VERSION_LABEL, Cluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import merge
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.persistence import until_done

SECRETS: Final = Resource("", "v1", "secrets", "Secret")


class VersionLabels:
    """`secret`: the Secret of a cluster by its name, from the cache; None if it was deleted."""

    def __init__(self, client: Client, secret: Callable[[str], JsonObject | None], clock: Clock, rng: Rng) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._rng = rng

    async def write(self, cluster: Cluster, version: str) -> None:
        """As `major.minor`; repeated until it succeeds or is refused. Writes nothing if the label is right already."""
        short = ".".join(version.removeprefix("v").split(".")[:2])
        if short and short != cluster.version_label:
            await until_done(partial(self._write, cluster.secret, short), self._clock, self._rng)

    async def _write(self, name: str, short: str) -> None:
        secret = self._secret(name)
        if secret is None:
            return
        patch: JsonObject = {"metadata": {"labels": {VERSION_LABEL: short}}}
        try:
            # Other keys of the Secret may have changed since; another Secret of that name is another cluster.
            await self._client.write(merge(SECRETS, secret, patch, exact=False))
        except StatusError as error:
            if error.is_passing:
                raise
