"""The Secrets of repositories and templates: finds them by URL and project, writes them, and waits for the cache."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.status import StatusError
from argosy.server.configuration import SECRETS
from argosy.server.context import ServerContext
from argosy.server.services.account import seen
from argosy.server.services.repositories import secrets
from argosy.sources.credentials import TYPE_LABEL
from argosy.sources.urls import normalise_url


@dataclass(frozen=True, slots=True)
class Store:
    context: ServerContext
    kind: str

    @property
    def all(self) -> list[JsonObject]:
        """Secrets, by name."""
        found = secrets.of_type(self.context.configuration.secrets(), self.kind)
        return sorted(found, key=lambda item: str(item["metadata"]["name"]))

    def find(self, url: str, project: str | None = None) -> list[JsonObject]:
        """All for the URL, or only those of the project."""
        wanted = normalise_url(url)
        found = []
        for secret in self.all:
            item = secrets.repository_json(secret)
            if normalise_url(item["repo"]) == wanted and (project is None or item.get("project", "") == project):
                found.append(secret)
        return found

    async def create(self, given: JsonObject) -> None:
        made = await self.context.client.write(
            requests.create(SECRETS, secrets.new_secret(given, self.kind, self.context.namespace))
        )
        await seen(self.context, made)

    async def replace(self, secret: JsonObject, given: JsonObject) -> None:
        patch = {
            "metadata": {"resourceVersion": secret["metadata"]["resourceVersion"]},
            "data": secrets.secret_data(given, self.kind),
        }
        name, namespace = secret["metadata"]["name"], secret["metadata"]["namespace"]
        await seen(
            self.context,
            await self.context.client.write(requests.patch(SECRETS, Key(namespace, name), patch, PatchType.MERGE)),
        )

    async def remove(self, secret: JsonObject) -> None:
        """A Secret that was created by hand loses its label, and is not deleted."""
        metadata, client = secret["metadata"], self.context.client
        if (metadata.get("annotations") or {}).get(secrets.ANNOTATION) != secrets.MANAGED:
            patch = {"metadata": {"labels": {TYPE_LABEL: None}}}
            await client.write(
                requests.patch(SECRETS, Key(metadata["namespace"], metadata["name"]), patch, PatchType.MERGE)
            )
        else:
            try:
                await client.write(
                    requests.remove(SECRETS, Key(metadata["namespace"], metadata["name"]), uid=metadata["uid"])
                )
            except StatusError as error:
                if not error.is_not_found:
                    raise
        await self._gone(metadata["name"], metadata["resourceVersion"])

    async def _gone(self, name: str, version: str) -> None:
        for _ in range(200):
            found = self.context.configuration.secret_object(name)
            if found is None or found["metadata"]["resourceVersion"] != version:
                return
            await self.context.clock.sleep(0.01)
