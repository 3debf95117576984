"""What a set would do now, computed from caches alone: for the command, which runs no controllers."""

from __future__ import annotations

from argosy.gitops.applicationsets.generation import Generators
from argosy.gitops.applicationsets.preview import Preview, preview
from argosy.gitops.applicationsets.surroundings import NAMES, Surroundings, surroundings_of
from argosy.gitops.comparison.jq.evaluation import JqEvaluation
from argosy.gitops.control_plane.configuration import CONFIG_MAPS, SECRETS
from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.caches.informer import Caches


class Previewer:
    """The caller must keep the caches filled."""

    def __init__(self, caches: Caches, generators: Generators, jq: JqEvaluation, namespace: str) -> None:
        self._generators, self._jq, self._namespace = generators, jq, namespace
        self._applications, self._projects = caches.cache(APPLICATIONS), caches.cache(PROJECTS)
        self._config = caches.cache(CONFIG_MAPS, namespace=namespace)
        self._secrets = caches.cache(SECRETS, namespace=namespace)

    async def wait_synced(self) -> None:
        for cache in (self._applications, self._projects, self._config, self._secrets):
            await cache.wait_synced()

    async def preview(self, appset: JsonObject) -> Preview:
        """Raises Unusable and NotAnswered."""
        placed, around = self._placed(appset), self._around()
        wanted = await self._generators.desired(placed, around)
        existing = self._applications.list(placed["metadata"]["namespace"])
        made, _ = await self._jq.settled(lambda jq: preview(placed, wanted, existing, around, jq))
        return made

    async def generated(self, appset: JsonObject) -> list[JsonObject]:
        """The Applications that the set wants, whether they exist or not. Raises Unusable."""
        return list(await self._generators.desired(self._placed(appset), self._around()))

    def _placed(self, appset: JsonObject) -> JsonObject:
        metadata = appset["metadata"]
        namespace = metadata.get("namespace") or self._namespace
        return {**appset, "metadata": {"uid": "", **metadata, "namespace": namespace}}

    def _around(self) -> Surroundings:
        return surroundings_of(
            self._namespace,
            {name: self._config.get(Key(self._namespace, name)) for name in NAMES},
            self._secrets.list(self._namespace),
            self._projects.list(self._namespace),
        )
