"""Questions of this room: decrypting items and generating keys, both too slow for a look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from argosy.apis.bitnami import SealedSecret
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject
from argosy.sealing.assembly import Unopened
from argosy.sealing.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class Opened:
    """The Secret to write; its values are in no repr."""

    secret: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unseal(Question[Opened | Unopened]):
    """Decrypts a SealedSecret at one generation, under one label, with the keys of one ring."""

    uid: str
    generation: int
    label: str
    ring: KeyRing
    sealed: SealedSecret = field(compare=False, repr=False)
    urgent: bool = field(compare=False)
    """Urgent: its Secret is missing, or its status is of an earlier generation."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """PEM of a new key pair; in no repr."""

    fingerprint: str
    private_pem: bytes = field(repr=False)
    certificate_pem: bytes


@dataclass(frozen=True, slots=True)
class MakeKey(Question[MadeKey]):
    """A new key pair with a certificate that is valid from `since`."""

    size: int
    common_name: str
    since: datetime
    until: datetime


class KeyMaker(Protocol):
    """`adapters.keymaking` generates real ones; a rehearsal has a scripted one."""

    async def make(self, question: MakeKey) -> MadeKey: ...
