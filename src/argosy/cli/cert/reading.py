"""Fetches what the certificate commands need and turns errors into CommandErrors."""

from __future__ import annotations

from typing import TypeVar

from argosy.apis.certmanager import Certificate
from argosy.certs.commands.gathering import listed, optional, story_of
from argosy.cli.failing import CommandError, Exit
from argosy.machinery.objects import Resource, resource_of
from argosy.runtime.client import Client

__all__ = ["CERTIFICATES", "listed", "optional", "required", "story_of"]

T = TypeVar("T")
CERTIFICATES: Resource = resource_of(Certificate)


async def required(client: Client, kind: type[T], name: str, namespace: str) -> T:
    """Raises CommandError."""
    found = await optional(client, kind, name, namespace)
    if found is None:
        raise CommandError(f"there is no {resource_of(kind).kind} {name} in namespace {namespace}", Exit.CALL_FAILED)
    return found
