"""Where an application goes: in-cluster now; the seam for cluster Secrets, whose lookup and texts are here already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from argosy.gitops.keys import IN_CLUSTER
from argosy.gitops.settings import Settings
from argosy.machinery.objects import JsonObject


class InvalidDestination(Exception):
    """The text of the InvalidSpecError condition."""


@dataclass(frozen=True, slots=True)
class Cluster:
    server: str
    name: str


def resolve(destination: JsonObject, settings: Settings, secrets: Mapping[str, str] | None = None) -> Cluster:
    """`secrets`: server by name of every cluster Secret. Raises InvalidDestination (spec 1.1)."""
    server, name = str(destination.get("server") or "").rstrip("/"), str(destination.get("name") or "")
    if server and name:
        raise InvalidDestination(f"application destination can't have both name and server defined: {name} {server}")
    if not server and not name:
        raise InvalidDestination("Destination server missing from app spec")
    if settings.in_cluster_enabled and (server == IN_CLUSTER or name == "in-cluster"):
        return Cluster(IN_CLUSTER, "in-cluster")
    known = secrets or {}
    if name in known or server in known.values():
        raise InvalidDestination(
            f"cluster {name or server!r}: only the in-cluster destination is served by this version"
        )
    if name:
        raise InvalidDestination(f"unable to find destination server: there are no clusters with this name: {name}")
    raise InvalidDestination(f'error getting cluster by server "{server}": cluster "{server}" not found')
