"""Fetches what belongs to a Certificate, with a few requests."""

from __future__ import annotations

from typing import Any, TypeVar

from argosy.apis.certmanager import Certificate, CertificateRequest, Challenge, ClusterIssuer, Issuer, IssuerRef, Order
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Event, Secret
from argosy.apis.schema import read
from argosy.certs.commands.story import Story
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, resource_of
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client

T = TypeVar("T")


async def optional(client: Client, kind: type[T], name: str, namespace: str = "") -> T | None:
    try:
        return read(kind, await client.get(requests.Get(resource_of(kind), Key(namespace, name))))
    except StatusError as error:
        if error.is_not_found:
            return None
        raise


async def listed(client: Client, kind: type[T], namespace: str, selector: str = "") -> list[T]:
    """An empty list for a kind that the server does not serve."""
    try:
        page = await client.page(
            requests.List(resource=resource_of(kind), namespace=namespace, label_selector=selector)
        )
    except StatusError as error:
        if error.is_not_found:
            return []
        raise
    return [read(kind, obj) for obj in page.items]


async def story_of(client: Client, certificate: Certificate, *, briefly: bool = False) -> Story:
    """`briefly`: without events."""
    namespace = certificate.metadata.namespace
    requests = [one for one in await listed(client, CertificateRequest, namespace) if _of(one, certificate)]
    requests.sort(key=lambda one: one.metadata.creation_timestamp, reverse=True)
    orders = [one for one in await listed(client, Order, namespace) if any(_of(one, each) for each in requests)]
    challenges = [one for one in await listed(client, Challenge, namespace) if any(_of(one, each) for each in orders)]
    same = certificate.spec.secret_name
    rivals = [one for one in await listed(client, Certificate, namespace) if one.spec.secret_name == same]
    objects = [certificate, *requests, *orders, *challenges]
    return Story(
        certificate=certificate,
        secret=await optional(client, Secret, certificate.spec.secret_name, namespace),
        issuer=await _issuer(client, certificate.spec.issuer_ref, namespace),
        rivals=tuple(rivals),
        requests=tuple(requests),
        orders=tuple(orders),
        challenges=tuple(challenges),
        events=() if briefly else tuple(await _events(client, namespace, objects)),
    )


async def _issuer(client: Client, ref: IssuerRef, namespace: str) -> AnyIssuer | None:
    if not ref.is_ours:
        return None
    if ref.full_kind == "ClusterIssuer":
        return await optional(client, ClusterIssuer, ref.name)
    return await optional(client, Issuer, ref.name, namespace)


async def _events(client: Client, namespace: str, about: list[Any]) -> list[JsonObject]:
    uids = {one.metadata.uid for one in about}
    page = await client.page(requests.List(resource=resource_of(Event), namespace=namespace))
    found = [one for one in page.items if (one.get("involvedObject") or {}).get("uid") in uids]
    return sorted(found, key=lambda one: one.get("lastTimestamp") or one.get("eventTime") or "")


def _of(obj: Any, owner: Any) -> bool:
    return any(one.uid == owner.metadata.uid for one in obj.metadata.owner_references)
