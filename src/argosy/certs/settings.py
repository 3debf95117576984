"""What can be set for certificates, with upstream's defaults. Source: spec/cert-manager.md section 14."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from argosy.apis.certmanager.shared import GROUP
from argosy.certs.names import COPIED_ANNOTATIONS
from argosy.certs.pki.pem import PemLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverPod:
    """The pods that answer HTTP-01 challenges."""

    image: str = "quay.io/jetstack/cert-manager-acmesolver:v1.21.0"
    request_cpu: str = "10m"
    request_memory: str = "64Mi"
    limit_cpu: str = "100m"
    limit_memory: str = "64Mi"
    run_as_non_root: bool = True
    runtime_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultIssuer:
    """The issuer of Ingresses that name none."""

    name: str = ""
    kind: str = "Issuer"
    group: str = GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Flags of upstream's controller that change behaviour, and Argosy's own limits."""

    cluster_resource_namespace: str = "kube-system"
    approve: bool = True
    """Whether every request is approved; off for those who install an approver of their own."""
    minimum_backoff: timedelta = timedelta(hours=1)
    maximum_backoff: timedelta = timedelta(hours=32)
    certificate_owner_ref: bool = False
    copied_annotations: tuple[str, ...] = COPIED_ANNOTATIONS
    limits: PemLimits = field(default_factory=PemLimits)
    issuer_ambient_credentials: bool = False
    cluster_issuer_ambient_credentials: bool = True
    auto_annotations: tuple[str, ...] = ("kubernetes.io/tls-acme",)
    extra_annotations: tuple[str, ...] = ()
    extra_protocols: tuple[str, ...] = ()
    default_issuer: DefaultIssuer = DefaultIssuer()
    gateway_api: bool = True
    signing_requests: bool = False
    """Whether Kubernetes CertificateSigningRequests are signed."""
    use_renewal_information: bool = False
    max_challenges: int = 60
    challenges_per_pass: int = 20
    check_retry: timedelta = timedelta(seconds=10)
    recursive_nameservers: tuple[str, ...] = ()
    recursive_nameservers_only: bool = False
    http01_nameservers: tuple[str, ...] = ()
    solver_pod: SolverPod = SolverPod()
    issuances_per_hour: int = 20
    """Argosy: requests that one Certificate may make within an hour; beyond it a condition says why it waits."""
    ca_warning: timedelta = timedelta(days=30)
    """Argosy: how long before the end of a CA that signs others its issuer says so."""
