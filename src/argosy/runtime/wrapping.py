"""A client around another: reads and writes pass two gates. What fencing, faults and recording have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from argosy.machinery.api import FieldValidation, ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue, Key, Resource, key_of
from argosy.runtime.client import Client

Verb = Literal["create", "update", "patch", "apply", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write as it was asked for."""

    verb: Verb
    resource: Resource
    key: Key
    subresource: str = ""
    body: JsonValue = None
    field_manager: str = ""
    dry_run: bool = False

    def __str__(self) -> str:
        """Without the body: it may be a Secret."""
        tail = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.resource.qualified}{tail} {self.key}"


Send = Callable[[], Awaitable[JsonObject]]


class WrappingClient:
    """Passes all through; subclasses override `_write`, and reads where they need to."""

    def __init__(self, inner: Client) -> None:
        self._inner = inner

    async def _write(self, write: Write, send: Send) -> JsonObject:
        return await send()

    async def resources(self, *, fresh: bool = False) -> tuple[Resource, ...]:
        return await self._inner.resources(fresh=fresh)

    async def version(self) -> JsonObject:
        return await self._inner.version()

    async def get(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> JsonObject:
        return await self._inner.get(resource, name, namespace, subresource=subresource)

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
        return await self._inner.list(
            resource,
            namespace,
            label_selector=label_selector,
            field_selector=field_selector,
            limit=limit,
            continue_token=continue_token,
            metadata_only=metadata_only,
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
        return self._inner.watch(
            resource,
            namespace,
            resource_version=resource_version,
            label_selector=label_selector,
            field_selector=field_selector,
            metadata_only=metadata_only,
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
        def send() -> Awaitable[JsonObject]:
            return self._inner.create(
                resource, obj, field_manager=field_manager, field_validation=field_validation, dry_run=dry_run
            )

        asked = Write(
            verb="create", resource=resource, key=key_of(obj), body=obj, field_manager=field_manager, dry_run=dry_run
        )
        return await self._write(asked, send)

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
        def send() -> Awaitable[JsonObject]:
            return self._inner.update(
                resource,
                obj,
                subresource=subresource,
                field_manager=field_manager,
                field_validation=field_validation,
                dry_run=dry_run,
            )

        asked = Write(
            verb="update",
            resource=resource,
            key=key_of(obj),
            subresource=subresource,
            body=obj,
            field_manager=field_manager,
            dry_run=dry_run,
        )
        return await self._write(asked, send)

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
        def send() -> Awaitable[JsonObject]:
            return self._inner.patch(
                resource,
                name,
                namespace,
                patch,
                patch_type,
                subresource=subresource,
                field_manager=field_manager,
                field_validation=field_validation,
                dry_run=dry_run,
            )

        asked = Write(
            verb="patch",
            resource=resource,
            key=Key(namespace, name),
            subresource=subresource,
            body=patch,
            field_manager=field_manager,
            dry_run=dry_run,
        )
        return await self._write(asked, send)

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
        def send() -> Awaitable[JsonObject]:
            return self._inner.apply(
                resource,
                obj,
                field_manager=field_manager,
                force=force,
                subresource=subresource,
                field_validation=field_validation,
                dry_run=dry_run,
            )

        asked = Write(
            verb="apply",
            resource=resource,
            key=key_of(obj),
            subresource=subresource,
            body=obj,
            field_manager=field_manager,
            dry_run=dry_run,
        )
        return await self._write(asked, send)

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
        def send() -> Awaitable[JsonObject]:
            return self._inner.delete(
                resource,
                name,
                namespace,
                propagation=propagation,
                grace_seconds=grace_seconds,
                uid=uid,
                resource_version=resource_version,
                dry_run=dry_run,
            )

        return await self._write(
            Write(verb="delete", resource=resource, key=Key(namespace, name), dry_run=dry_run), send
        )
