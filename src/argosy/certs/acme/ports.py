"""The questions that this room asks ACME servers, DNS servers and websites.

Keys and credentials are in `Hidden` fields. Every question may be repeated: creating an order again leaves one unused
order at the server; every other question gives the same answer again. Adapters: `adapters/acme/` and `adapters/dns/`
for production, `adapters/acme/simulated.py` for rehearsal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from argosy.machinery.controller import Hidden, Question


@dataclass(frozen=True, slots=True)
class Server:
    """An ACME server: its directory URL, and how its TLS certificate is verified; `ca_bundle` is PEM."""

    url: str
    ca_bundle: str = ""
    skip_tls_verify: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A registered account: its key in PEM, and its URL at the server."""

    server: Server
    key: Hidden
    account: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused the request: the same request will fail again."""

    status: int
    type: str
    detail: str

    def __str__(self) -> str:
        return f"{self.status} {self.type}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer, or a temporary error; `retry_after` in seconds if the server gave it."""

    reason: str
    retry_after: float = 0.0

    def __str__(self) -> str:
        return self.reason


Trouble = Refused | Unavailable


class Binding(NamedTuple):
    """An external account binding: the key id, and the MAC key as the Secret holds it."""

    key_id: str
    key: Hidden


@dataclass(frozen=True, slots=True)
class Registered:
    """The account's URL."""

    uri: str


@dataclass(frozen=True, slots=True)
class RegisterAccount(Question[Registered | Trouble]):
    """Looks up the account of a key, or registers it, with this e-mail as its only contact."""

    login: Login
    email: str
    binding: Binding | None
    round: int


class Identifier(NamedTuple):
    """An identifier to certify: `type` is `dns` or `ip`."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as the server returns it."""

    url: str
    state: str
    finalize_url: str
    authorizations: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PlaceOrder(Question[OrderFacts | Trouble]):
    """Creates an order; `replaces` (RFC 9773) is left out if the server refuses it."""

    owner: str
    """uid of the Order."""
    login: Login
    identifiers: tuple[Identifier, ...]
    duration_seconds: float
    """0 means the server's default."""
    profile: str
    replaces: str
    round: int


@dataclass(frozen=True, slots=True)
class ReadOrder(Question[OrderFacts | Trouble]):
    """Reads the current state of an order."""

    login: Login
    url: str
    round: int


class Offer(NamedTuple):
    """A challenge of an authorization."""

    type: str
    url: str
    token: str


@dataclass(frozen=True, slots=True)
class AuthorizationFacts:
    """An authorization as the server returns it."""

    url: str
    identifier: str
    wildcard: bool
    state: str
    offers: tuple[Offer, ...]
    problem: str = ""
    """Why it is invalid, in the server's words."""


@dataclass(frozen=True, slots=True)
class ReadAuthorizations(Question[tuple[AuthorizationFacts, ...] | Trouble]):
    """Reads the current state of authorizations."""

    login: Login
    urls: tuple[str, ...]
    round: int


@dataclass(frozen=True, slots=True)
class Proven:
    """The result of the server's validation: `state` is that of the authorization."""

    state: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ProveControl(Question[Proven | Trouble]):
    """Accepts a challenge at the server, and waits for the resulting state of the authorization."""

    login: Login
    challenge: str
    authorization: str
    round: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The certificate and its chain in PEM."""

    chain: bytes


@dataclass(frozen=True, slots=True)
class FinishOrder(Question[Finished | OrderFacts | Trouble]):
    """The certificate of an order that is ready; OrderFacts if the order finished differently. `request` is DER."""

    login: Login
    url: str
    request: bytes
    preferred_chain: str
    round: int


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """When a server suggests renewing (RFC 9773)."""

    start: datetime
    end: datetime
    explanation: str
    retry_after: float


@dataclass(frozen=True, slots=True)
class ReadRenewalWindow(Question[RenewalWindow | None | Trouble]):
    """None if the server offers no renewal information."""

    server: Server
    certificate_id: str
    round: int


# -- solvers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotYet:
    """The record or website cannot be seen yet; the check is repeated."""

    reason: str


@dataclass(frozen=True, slots=True)
class Visible:
    """The record or website can be seen where the server will look."""


@dataclass(frozen=True, slots=True)
class CheckWebsite(Question[Visible | NotYet]):
    """Whether a name serves the key of a challenge, several times in a row."""

    host: str
    token: str
    key: str
    nameservers: tuple[str, ...]
    round: int


@dataclass(frozen=True, slots=True)
class Done:
    """The record has the wanted value. `fqdn` and `zone` say where it was written."""

    fqdn: str
    zone: str


@dataclass(frozen=True, slots=True)
class Record:
    """A TXT record that a solver keeps.

    `config` is the solver's dns01 part as JSON text; `secrets` are the values that it refers to, by (Secret, key).
    """

    owner: str
    """uid of the Challenge."""
    domain: str
    value: str
    key: str
    config: str
    secrets: tuple[tuple[str, str, Hidden], ...]
    namespace: str
    ambient: bool
    nameservers: tuple[str, ...]
    recursive_only: bool


@dataclass(frozen=True, slots=True)
class PresentRecord(Question[Done | NotYet]):
    """Creates the record; NotYet if the provider refused or could not be reached."""

    record: Record
    round: int


@dataclass(frozen=True, slots=True)
class RemoveRecord(Question[Done | NotYet]):
    """Deletes the record; other values of its name stay."""

    record: Record
    round: int


@dataclass(frozen=True, slots=True)
class CheckRecord(Question[Visible | NotYet]):
    """Whether every authoritative server (or recursive one, depending on settings) shows the value."""

    record: Record
    round: int
