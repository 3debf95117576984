"""What is asked of a Vault server. Tokens, secrets and keys stand in `Hidden` fields. Adapter: `adapters/vault.py`."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.certs.ports import Signed
from argosy.machinery.controller import Hidden, Question


@dataclass(frozen=True, slots=True)
class ByToken:
    """A token that is there."""

    token: Hidden


@dataclass(frozen=True, slots=True)
class ByAppRole:
    """An application role."""

    mount: str
    role_id: str
    secret_id: Hidden


@dataclass(frozen=True, slots=True)
class ByClientCertificate:
    """The certificate of the TLS connection."""

    mount: str
    name: str
    certificate: Hidden
    key: Hidden


@dataclass(frozen=True, slots=True)
class ByKubernetes:
    """A ServiceAccount: its token from a Secret, or one that is asked from the API server."""

    mount: str
    role: str
    token: Hidden | None
    namespace: str = ""
    account: str = ""
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByAws:
    """A signed request to AWS that says who asks; as `role_arn` by a ServiceAccount, or as this process."""

    mount: str
    role: str
    region: str
    """Empty: as the environment says."""
    header: str
    """By which Vault knows that the request was made for it; empty for none."""
    role_arn: str = ""
    namespace: str = ""
    account: str = ""
    audiences: tuple[str, ...] = ()


Login = ByToken | ByAppRole | ByClientCertificate | ByKubernetes | ByAws


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the server is, how it is trusted, and who asks."""

    server: str
    namespace: str
    server_name: str
    ca_bundle: str
    client_certificate: Hidden | None
    client_key: Hidden | None
    login: Login


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `lasting`: asking the same again will not help; `starting`: it was not even signed in."""

    reason: str
    lasting: bool = False
    starting: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """It answers, and is neither sealed nor without its first configuration."""


@dataclass(frozen=True, slots=True)
class CheckVault(Question[Verified | Trouble]):
    """Signs in, and asks for the server's health."""

    connection: Connection
    round: int


@dataclass(frozen=True, slots=True)
class SignByVault(Question[Signed | Trouble]):
    """A certificate for a request; `path` is of the role that signs."""

    owner: str
    connection: Connection
    path: str
    request: bytes
    duration_seconds: float
    round: int
