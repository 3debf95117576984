"""Access to one API server, as ourselves and as impersonated users: for controllers that impersonate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from argosy.runtime.client import Client
from argosy.runtime.clients.fencing import FencedClient


class Access(Protocol):
    @property
    def client(self) -> Client:
        """As ourselves."""
        ...

    def acting_as(self, user: str) -> Client:
        """The server authorizes everything that this client does as done by `user`."""
        ...


class ClientAccess:
    """`act_as` creates the client of another user."""

    def __init__(self, client: Client, act_as: Callable[[str], Client]) -> None:
        self.client = client
        self._act_as = act_as

    def acting_as(self, user: str) -> Client:
        return self._act_as(user)


def fenced(access: Access, is_valid: Callable[[], bool]) -> Access:
    """The same for a replica that writes only while `is_valid`."""
    return ClientAccess(
        FencedClient(access.client, is_valid), lambda user: FencedClient(access.acting_as(user), is_valid)
    )
