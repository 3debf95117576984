"""Distributes keys among the live replicas, so that a replica that joins or leaves moves as few keys as possible. Pure.

Rendezvous hashing: every (member, key) pair has a score, and the member with the highest owns the key. When a member
leaves, only its own keys move; when one joins, only the keys that it wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from argosy.machinery.objects import Key


class Shards:
    """Who owns which key, for one set of members; immutable, caches its answers."""

    def __init__(self, members: Iterable[str]) -> None:
        self.members = tuple(sorted(set(members)))
        self._owners: dict[Key, str] = {}

    def owner(self, key: Key) -> str | None:
        """None without members."""
        if not self.members:
            return None
        if len(self.members) == 1:
            return self.members[0]
        if (known := self._owners.get(key)) is None:
            known = self._owners[key] = max(self.members, key=lambda member: _score(member, key))
        return known


def _score(member: str, key: Key) -> bytes:
    text = f"{member}\0{key.namespace}\0{key.name}"
    return blake2b(text.encode(), digest_size=8).digest()
