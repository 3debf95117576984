"""Adapters for ApplicationSets: git from the `sources` room, objects from caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from argosy.gitops.applicationsets.params import GeneratorError
from argosy.gitops.control_plane.configuration import CONFIG_MAPS, SECRETS
from argosy.machinery.objects import JsonObject, Key, Resource, group_version
from argosy.machinery.requests import Get, List
from argosy.machinery.status import StatusError
from argosy.runtime.caches.informer import Cache, Caches
from argosy.runtime.client import Client
from argosy.sources.credentials import TYPE_LABEL, CredentialBook
from argosy.sources.port import GitRemote, Tree


class GitReader:
    """Trees of repositories, with the credentials that the project may use. `read` records which commits were read."""

    def __init__(self, git: GitRemote, book: CredentialBook) -> None:
        self.read: dict[tuple[str, str, str], str] = {}
        self._git = git
        self._book = book

    async def tree(self, url: str, revision: str, project: str) -> Tree:
        commit = self.read[url, revision, project] = await self.commit(url, revision, project)
        return await self._git.tree(url, commit, self._book.credentials(url, project))

    async def commit(self, url: str, revision: str, project: str) -> str:
        credentials = self._book.credentials(url, project)
        return await self._git.resolve(url, "" if revision == "HEAD" else revision, credentials)


class Watched:
    """An adapter, and whether it has been used."""

    def __init__(self, inner: Any) -> None:
        self.was_used = False
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        self.was_used = True
        return getattr(self._inner, name)


class ClusterObjects:
    """Secrets and ConfigMaps of the control plane's namespace, and of those that have sets: `prepare` these first."""

    def __init__(self, client: Client, caches: Caches, control_plane: str) -> None:
        self._client = client
        self._caches = caches
        self._control_plane = control_plane

    async def prepare(self, namespace: str) -> None:
        for place in {namespace, self._control_plane}:
            await self._cache(SECRETS, place).wait_synced()
            await self._cache(CONFIG_MAPS, place).wait_synced()

    def secret(self, namespace: str, name: str) -> JsonObject | None:
        return self._cache(SECRETS, namespace).get(Key(namespace, name))

    def config_map(self, namespace: str, name: str) -> JsonObject | None:
        return self._cache(CONFIG_MAPS, namespace).get(Key(namespace, name))

    def _cache(self, resource: Resource, namespace: str) -> Cache:
        """Of this namespace only: a cluster has many Secrets, and most are not needed here."""
        return self._caches.cache(resource, namespace=namespace)

    def clusters(self) -> Sequence[JsonObject]:
        found = self._cache(SECRETS, self._control_plane).list(self._control_plane)
        return [s for s in found if (s["metadata"].get("labels") or {}).get(TYPE_LABEL) == "cluster"]

    async def decisions(
        self, api_version: str, resource: str, namespace: str, name: str, labels: str
    ) -> Sequence[JsonObject]:
        """`resource` is the plural, which upstream's ConfigMap has under `kind`."""
        group, version = group_version(api_version)
        try:
            kinds = (await self._client.served()).resources
            served = [kind for kind in kinds if (kind.group, kind.version, kind.plural) == (group, version, resource)]
            if not served:
                raise GeneratorError(f"clusterDecisionResource: {resource}.{api_version} is not served")
            if name:
                return await self._one(Get(served[0], Key(namespace, name)))
            return (await self._client.page(List(resource=served[0], namespace=namespace, label_selector=labels))).items
        except StatusError as error:
            raise GeneratorError(f"clusterDecisionResource: {error}") from None

    async def _one(self, request: Get) -> Sequence[JsonObject]:
        """None only if the server says that it does not exist: a failure must not be mistaken for that."""
        try:
            return [await self._client.get(request)]
        except StatusError as error:
            if error.is_not_found:
                return []
            raise
