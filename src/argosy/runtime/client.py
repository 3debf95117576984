"""The door to a Kubernetes API server: plain JSON objects in and out, the same for every adapter.

Adapters: `runtime.http` (any API server), the embedded server's own in-process client, and the wrappers for
fault injection and recording. All raise `machinery.status.StatusError` when the server refuses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from argosy.machinery.api import FieldValidation, ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue, Resource


class Client(Protocol):
    """Objects handed out may be shared with a cache: never mutate them."""

    async def resources(self, *, fresh: bool = False) -> tuple[Resource, ...]:
        """What the server serves, preferred version of each group first; subresources are left out.

        An adapter may remember the answer for half a minute; `fresh` asks anew, as after a definition changed.
        """
        ...

    async def version(self) -> JsonObject:
        """`/version`: gitVersion, major, minor."""
        ...

    async def get(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> JsonObject: ...

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
        """One page; an empty namespace means all of them. Items always carry apiVersion and kind."""
        ...

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
        """Changes after `resource_version`, bookmarks included, until the server ends it; 410 raises `is_expired`."""
        ...

    async def create(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject: ...

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
        """Replaces; a stale `metadata.resourceVersion` is a conflict."""
        ...

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
    ) -> JsonObject: ...

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
        """Server-side apply of `obj` under its own name and namespace; creates when absent."""
        ...

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
        """The Status or, when finalizers or a grace period keep it, the object as it is now."""
        ...
