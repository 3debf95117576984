"""Questions to a Vault server. Tokens, secrets and keys are in `Hidden` fields. Adapter: `adapters/vault.py`."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.certs.ports import Signed
from argosy.machinery.controller import Hidden, Question


@dataclass(frozen=True, slots=True)
class ByToken:
    """A token from a Secret."""

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
    """A ServiceAccount: its token from a Secret, or one requested from the API server."""

    mount: str
    role: str
    token: Hidden | None
    namespace: str = ""
    account: str = ""
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByAws:
    """A signed AWS request that proves our identity; as `role_arn` with a ServiceAccount, or as this process."""

    mount: str
    role: str
    region: str
    """Empty: taken from the environment."""
    header: str
    """Proves to Vault that the request was made for it; empty for none."""
    role_arn: str = ""
    namespace: str = ""
    account: str = ""
    audiences: tuple[str, ...] = ()


Login = ByToken | ByAppRole | ByClientCertificate | ByKubernetes | ByAws


@dataclass(frozen=True, slots=True)
class Connection:
    """The server's address, how it is trusted, and how to log in."""

    server: str
    namespace: str
    server_name: str
    ca_bundle: str
    client_certificate: Hidden | None
    client_key: Hidden | None
    login: Login


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `lasting`: the same request will fail again; `starting`: the login itself failed."""

    reason: str
    lasting: bool = False
    starting: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """The server answers, is unsealed and initialized."""


@dataclass(frozen=True, slots=True)
class CheckVault(Question[Verified | Trouble]):
    """Logs in, and asks for the server's health."""

    connection: Connection
    round: int


@dataclass(frozen=True, slots=True)
class SignByVault(Question[Signed | Trouble]):
    """A certificate for a request; `path` contains the signing role."""

    owner: str
    connection: Connection
    path: str
    request: bytes
    duration_seconds: float
    round: int
