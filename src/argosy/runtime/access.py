"""One API server, as ourselves and as those whom we act for: what a controller needs that impersonates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from argosy.runtime.client import Client
from argosy.runtime.fencing import FencedClient


class Access(Protocol):
    @property
    def client(self) -> Client:
        """As ourselves."""
        ...

    def acting_as(self, user: str) -> Client:
        """The server judges everything that this client does as done by `user`."""
        ...


@dataclass(frozen=True, slots=True)
class ClientAccess:
    client: Client
    act_as: Callable[[str], Client]

    def acting_as(self, user: str) -> Client:
        return self.act_as(user)


def fenced(access: Access, is_valid: Callable[[], bool]) -> Access:
    """The same for a replica that writes only while `is_valid`."""
    return ClientAccess(
        FencedClient(access.client, is_valid), lambda user: FencedClient(access.acting_as(user), is_valid)
    )
