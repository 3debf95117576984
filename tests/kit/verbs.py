"""The verbs of a client as methods, for tests, which make one request at a time.

Decisions and whatever runs for long build request values instead (`machinery.requests`), with their preconditions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, cast

from argosy.machinery.api import FieldValidation, ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue, Key, Resource, key_of
from argosy.machinery.requests import Get, List, Watch, Write
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient


class Verbs(Client, Protocol):
    """A client, and the verbs over its five methods."""

    async def resources(self, *, fresh: bool = False) -> tuple[Resource, ...]:
        return (await self.served(fresh=fresh)).resources

    async def version(self) -> JsonObject:
        """Asked again each time: it also shows whether the server is reachable."""
        return dict((await self.served(fresh=True)).version)

    async def read(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> JsonObject:
        return await self.get(Get(resource, Key(namespace, name), subresource))

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = 0,
        continue_token: str = "",
        metadata_only: bool = False,
    ) -> ListPage:
        return await self.page(
            List(
                resource=resource,
                namespace=namespace,
                label_selector=label_selector,
                field_selector=field_selector,
                limit=limit,
                continue_token=continue_token,
                metadata_only=metadata_only,
            )
        )

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> AsyncIterator[WatchEvent]:
        return self.follow(
            Watch(
                resource=resource,
                namespace=namespace,
                resource_version=resource_version,
                label_selector=label_selector,
                field_selector=field_selector,
                metadata_only=metadata_only,
            )
        )

    async def create(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        return await self.write(
            Write(
                verb="create",
                resource=resource,
                key=key_of(obj),
                body=obj,
                manager=field_manager,
                validation=field_validation,
                dry_run=dry_run,
            )
        )

    async def update(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        subresource: str = "",
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        return await self.write(
            Write(
                verb="update",
                resource=resource,
                key=key_of(obj),
                body=obj,
                subresource=subresource,
                manager=field_manager,
                validation=field_validation,
                dry_run=dry_run,
            )
        )

    async def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str,
        patch: JsonValue,
        patch_type: PatchType,
        *,
        subresource: str = "",
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        return await self.write(
            Write(
                verb="patch",
                resource=resource,
                key=Key(namespace, name),
                body=patch,
                patch_type=patch_type,
                subresource=subresource,
                manager=field_manager,
                validation=field_validation,
                dry_run=dry_run,
            )
        )

    async def apply(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str,
        force: bool = False,
        subresource: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        return await self.write(
            Write(
                verb="apply",
                resource=resource,
                key=key_of(obj),
                body=obj,
                subresource=subresource,
                manager=field_manager,
                force=force,
                validation=field_validation,
                dry_run=dry_run,
            )
        )

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> JsonObject:
        return await self.write(
            Write(
                verb="delete",
                resource=resource,
                key=Key(namespace, name),
                propagation=propagation,
                grace_seconds=grace_seconds,
                uid=uid,
                resource_version=resource_version,
                dry_run=dry_run,
            )
        )


class WithVerbs(WrappingClient, Verbs):
    """The verbs over any client."""


def verbs(client: Client) -> Verbs:
    """The same client when it has the verbs already."""
    return cast(Verbs, client) if Verbs in type(client).__mro__ else WithVerbs(client)
