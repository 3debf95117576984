"""Carries out a `Write` through the methods of a client."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.runtime.client import Client


async def send(client: Client, write: Write) -> JsonObject:
    name, namespace = write.key.name, write.key.namespace
    if write.verb == "delete":
        return await client.delete(
            write.resource,
            name,
            namespace,
            propagation=write.propagation,
            grace_seconds=write.grace_seconds,
            uid=write.uid,
            resource_version=write.resource_version,
            dry_run=write.dry_run,
        )
    if write.verb == "create":
        return await client.create(
            write.resource,
            write.body,
            field_manager=write.manager,
            field_validation=write.validation,
            dry_run=write.dry_run,
        )
    if write.verb == "update":
        return await client.update(
            write.resource,
            write.body,
            subresource=write.subresource,
            field_manager=write.manager,
            field_validation=write.validation,
            dry_run=write.dry_run,
        )
    if write.verb == "apply":
        return await client.apply(
            write.resource,
            write.body,
            field_manager=write.manager,
            force=write.force,
            subresource=write.subresource,
            field_validation=write.validation,
            dry_run=write.dry_run,
        )
    return await client.patch(
        write.resource,
        name,
        namespace,
        write.body,
        write.patch_type,
        subresource=write.subresource,
        field_manager=write.manager,
        field_validation=write.validation,
        dry_run=write.dry_run,
    )
