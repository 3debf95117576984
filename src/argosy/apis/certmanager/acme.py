"""ACME: the issuer's settings, and acme.cert-manager.io/v1 Order and Challenge."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from argosy.apis.certmanager.shared import IssuerRef, Object, ObjectMeta, SecretKeyRef
from argosy.apis.schema import FreeObject, Name, Time, resource, schema

Url = Annotated[str, Name("url")]


@schema
class ExternalAccountBinding:
    """External account binding: ties the account to an existing one at the server's operator."""

    key_id: Annotated[str, Name("keyID")] = ""
    key_secret_ref: SecretKeyRef = SecretKeyRef()


@schema
class AcmeIssuer:
    """Uses an ACME server (RFC 8555). `solvers` stay JSON: they are copied into Challenges unchanged."""

    server: str = ""
    email: str = ""
    preferred_chain: str = ""
    ca_bundle: str = ""
    skip_tls_verify: Annotated[bool, Name("skipTLSVerify")] = False
    external_account_binding: ExternalAccountBinding | None = None
    private_key_secret_ref: SecretKeyRef = SecretKeyRef()
    disable_account_key_generation: bool = False
    enable_duration_feature: bool = False
    profile: str = ""
    renewal_information_source: str = ""
    solvers: tuple[FreeObject, ...] = ()


@schema
class OrderSpec:
    """The ordered certificate; `request` is base64 of a PEM request."""

    request: str = ""
    issuer_ref: IssuerRef = IssuerRef()
    common_name: str = ""
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    duration: str = ""
    profile: str = ""
    replaces: str = ""


@schema
class OfferedChallenge:
    """A challenge type that the server offers."""

    url: Url = ""
    token: str = ""
    type: str = ""


@schema
class Authorization:
    """The authorization for one identifier."""

    url: Url = ""
    identifier: str = ""
    wildcard: bool = False
    initial_state: str = ""
    challenges: tuple[OfferedChallenge, ...] = ()


@schema
class OrderStatus:
    """The state of the order at the server."""

    url: Url = ""
    finalize_url: Annotated[str, Name("finalizeURL")] = ""
    authorizations: tuple[Authorization, ...] = ()
    certificate: str = ""
    state: str = ""
    reason: str = ""
    failure_time: Time = ""


@resource("acme.cert-manager.io", "v1", plural="orders")
class Order(Object):
    """One order at an ACME server."""

    metadata: ObjectMeta = ObjectMeta()
    spec: OrderSpec = OrderSpec()
    status: OrderStatus = OrderStatus()


@schema
class ChallengeSpec:
    """The challenge to present; `solver` is a copy of the issuer's."""

    url: Url = ""
    authorization_url: Annotated[str, Name("authorizationURL")] = ""
    dns_name: str = ""
    wildcard: bool = False
    type: str = ""
    token: str = ""
    key: str = ""
    solver: FreeObject = field(default_factory=dict)
    issuer_ref: IssuerRef = IssuerRef()


@schema
class ChallengeStatus:
    """The progress of the challenge."""

    processing: bool = False
    presented: bool = False
    presented_at: Time = ""
    reason: str = ""
    state: str = ""


@resource("acme.cert-manager.io", "v1", plural="challenges")
class Challenge(Object):
    """One proof of control over one name."""

    metadata: ObjectMeta = ObjectMeta()
    spec: ChallengeSpec = ChallengeSpec()
    status: ChallengeStatus = ChallengeStatus()


FINAL_STATES = frozenset({"valid", "invalid", "expired", "errored"})
FAILURE_STATES = frozenset({"invalid", "expired", "errored"})
