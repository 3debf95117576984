"""Issuer and ClusterIssuer: the configured CAs."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.certmanager.acme import AcmeIssuer
from argosy.apis.certmanager.shared import Condition, LocalRef, Object, ObjectMeta, SecretKeyRef, condition_of, is_true
from argosy.apis.schema import FreeObject, Name, resource, schema


@schema
class SelfSignedIssuer:
    """Signs each request with its own key."""

    crl_distribution_points: tuple[str, ...] = ()


@schema
class CaIssuer:
    """Signs with a CA's key from a Secret."""

    secret_name: str = ""
    crl_distribution_points: tuple[str, ...] = ()
    ocsp_servers: tuple[str, ...] = ()
    issuing_certificate_urls: Annotated[tuple[str, ...], Name("issuingCertificateURLs")] = ()


@schema
class VaultAppRole:
    """Authenticates with an AppRole."""

    path: str = ""
    role_id: str = ""
    secret_ref: SecretKeyRef = SecretKeyRef()


@schema
class VaultClientCertificate:
    """Authenticates with a client certificate."""

    mount_path: str = ""
    secret_name: str = ""
    name: str = ""


@schema
class ServiceAccountRef:
    """The service account whose token is requested from the Kubernetes API."""

    name: str = ""
    audiences: tuple[str, ...] = ()


@schema
class VaultKubernetes:
    """Authenticates with a service account's token."""

    mount_path: str = ""
    role: str = ""
    secret_ref: SecretKeyRef | None = None
    service_account_ref: ServiceAccountRef | None = None


@schema
class VaultAws:
    """Authenticates with a signed AWS request that Vault forwards: as a service account's role, or as the process."""

    mount_path: str = ""
    role: str = ""
    region: str = ""
    iam_role_arn: str = ""
    vault_header_value: str = ""
    service_account_ref: ServiceAccountRef | None = None


@schema
class VaultAuth:
    """The authentication method: exactly one."""

    token_secret_ref: SecretKeyRef | None = None
    app_role: VaultAppRole | None = None
    client_certificate: VaultClientCertificate | None = None
    kubernetes: VaultKubernetes | None = None
    aws: VaultAws | None = None


@schema
class VaultIssuer:
    """Uses a Vault server."""

    server: str = ""
    path: str = ""
    namespace: str = ""
    server_name: str = ""
    ca_bundle: str = ""
    ca_bundle_secret_ref: SecretKeyRef | None = None
    client_cert_secret_ref: SecretKeyRef | None = None
    client_key_secret_ref: SecretKeyRef | None = None
    auth: VaultAuth = VaultAuth()


@schema
class VenafiIssuer:
    """Accepted and stored; Argosy does not call Venafi's servers."""

    zone: str = ""
    tpp: FreeObject | None = None
    cloud: FreeObject | None = None
    ngts: FreeObject | None = None


@schema
class IssuerSpec:
    """Exactly one member."""

    self_signed: SelfSignedIssuer | None = None
    ca: CaIssuer | None = None
    vault: VaultIssuer | None = None
    venafi: VenafiIssuer | None = None
    acme: AcmeIssuer | None = None

    @property
    def type(self) -> str:
        """`acme`, `ca`, `selfsigned`, `vault`, `venafi`, or empty when none is set."""
        members = (
            ("acme", self.acme),
            ("ca", self.ca),
            ("selfsigned", self.self_signed),
            ("vault", self.vault),
            ("venafi", self.venafi),
        )
        return next((name for name, member in members if member is not None), "")


@schema
class AcmeIssuerStatus:
    """The registered account."""

    uri: str = ""
    last_registered_email: str = ""
    last_private_key_hash: str = ""


@schema
class IssuerStatus:
    """Whether it can sign."""

    conditions: tuple[Condition, ...] = ()
    acme: AcmeIssuerStatus | None = None


@resource("cert-manager.io", "v1", plural="issuers")
class Issuer(Object):
    """Signs requests of its namespace."""

    metadata: ObjectMeta = ObjectMeta()
    spec: IssuerSpec = IssuerSpec()
    status: IssuerStatus = IssuerStatus()

    @property
    def ready(self) -> bool:
        return is_true(self.status.conditions, "Ready")

    def condition(self, type_: str) -> Condition | None:
        return condition_of(self.status.conditions, type_)


@resource("cert-manager.io", "v1", plural="clusterissuers", namespaced=False)
class ClusterIssuer(Object):
    """Signs requests of all namespaces; its Secrets are in the cluster resource namespace."""

    metadata: ObjectMeta = ObjectMeta()
    spec: IssuerSpec = IssuerSpec()
    status: IssuerStatus = IssuerStatus()

    @property
    def ready(self) -> bool:
        return is_true(self.status.conditions, "Ready")

    def condition(self, type_: str) -> Condition | None:
        return condition_of(self.status.conditions, type_)


AnyIssuer = Issuer | ClusterIssuer

__all__ = ["AnyIssuer", "ClusterIssuer", "Issuer", "IssuerSpec", "LocalRef"]
