"""What the identities of all clouds are exchanged for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

import orjson

from argosy.machinery.objects import JsonObject
from argosy.sources.cloud.ambient.registries import CloudRegistry
from argosy.sources.egress import Answer
from argosy.sources.port import Unavailable

ANSWER_LIMIT: Final = 64 * 1024
SECONDS: Final = 10.0
"""How long one request to a cloud may take; the next question asks again."""


@dataclass(frozen=True, slots=True)
class Password:
    """A registry's user name and password, and when they expire (seconds since the epoch)."""

    username: str
    value: str = field(repr=False)
    expires: float


class AmbientIdentity(Protocol):
    @property
    def exists(self) -> bool:
        """Whether this process runs with an identity of that cloud. No request is made."""
        ...

    def scope(self, registry: CloudRegistry, project: str) -> tuple[str, ...]:
        """Registries and projects of the same scope have the same password."""
        ...

    async def password(self, registry: CloudRegistry, project: str) -> Password | None:
        """None: the cloud gives this project none, so the registry is read anonymously.

        Raises AccessDenied or Unavailable.
        """
        ...


def json_object(answer: Answer, whose: str) -> JsonObject:
    """Raises Unavailable for anything else."""
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(f"{whose} did not answer with a JSON object")
    return found
