"""Which replica handles which application (spec 12 `shard`, 13 `controller.sharding.algorithm`). Pure.

By default each application separately, so that replicas also share the work of one large cluster. Upstream's algorithms
assign entire clusters, so that a replica only watches its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from hashlib import blake2b

from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.keys import IN_CLUSTER
from argosy.machinery.objects import Key
from argosy.runtime.sharding import Shards


class Algorithm(StrEnum):
    APPLICATION = "application"
    LEGACY = "legacy"
    ROUND_ROBIN = "round-robin"
    CONSISTENT_HASHING = "consistent-hashing"


def owner(
    shards: Shards, algorithm: Algorithm, app: Key, cluster: Cluster | None, servers: Sequence[str]
) -> str | None:
    """The member that handles the application; None without members.

    `cluster`: its destination, if known; `servers`: of all clusters, sorted.
    """
    members = shards.members
    if not members:
        return None
    if cluster is None:
        return shards.owner(app)
    if cluster.shard is not None:
        return members[cluster.shard % len(members)]
    match algorithm:
        case Algorithm.APPLICATION:
            return shards.owner(app)
        case Algorithm.CONSISTENT_HASHING:
            return shards.owner(Key("", cluster.server))
        case Algorithm.ROUND_ROBIN:
            return members[(servers.index(cluster.server) if cluster.server in servers else 0) % len(members)]
        case Algorithm.LEGACY:
            # Upstream hashes the Secret's uid; the local cluster, which has none, always belongs to the first shard.
            return members[0 if cluster.server == IN_CLUSTER else _hash(cluster.server) % len(members)]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")
