"""Questions of this room that are answered in the process: they need randomness, or more time than a turn has.

Keys and secrets are in `Hidden` fields. Each question names the object and attempt that it is for, so that two
callers never share a key. Answers: `adapters/crypto.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from argosy.certs.pki.keys import KeyKind
from argosy.certs.pki.signing import NO_POINTERS, Pointers
from argosy.machinery.controller import Hidden, Question


@dataclass(frozen=True, slots=True)
class Unfit:
    """It cannot be done, and asking again will not help; `reason` is shown to users."""

    reason: str


@dataclass(frozen=True, slots=True)
class GenerateKey(Question[Hidden | Unfit]):
    """A new private key, as PKCS #8 PEM."""

    owner: str
    """uid of the object that it is for."""
    attempt: str
    kind: KeyKind


@dataclass(frozen=True, slots=True)
class MakeRequest(Question[bytes | Unfit]):
    """A certificate request in PEM, signed with `key`."""

    spec: str
    """The Certificate's spec as JSON text."""
    key: Hidden
    encode_basic_constraints: bool = False


@dataclass(frozen=True, slots=True)
class Signed:
    """PEM texts; `ca` may be empty."""

    certificate: bytes
    ca: bytes


@dataclass(frozen=True, slots=True)
class SignRequest(Question[Signed | Unfit]):
    """A certificate for a request, signed by a CA (or by the request's own key, when `authority` is empty)."""

    owner: str
    """uid of the request's object."""
    request: bytes
    usages: tuple[str, ...]
    is_ca: bool
    duration_seconds: float
    key: Hidden
    authority: bytes = b""
    """PEM of the CA's certificate, its chain and what its ca.crt holds."""
    pointers: Pointers = NO_POINTERS


@dataclass(frozen=True, slots=True)
class MayRefer(Question[bool]):
    """Whether a user may have a namespaced Issuer sign an object outside its namespace."""

    username: str
    uid: str
    groups: tuple[str, ...]
    extra: tuple[tuple[str, tuple[str, ...]], ...]
    namespace: str
    issuer: str


@dataclass(frozen=True, slots=True)
class SignTemporary(Question[bytes | Unfit]):
    """A PEM certificate of a throw-away CA, to serve until the real certificate is issued."""

    owner: str
    revision: int
    spec: str
    key: Hidden
