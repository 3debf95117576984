"""Settings for certificates, with upstream's defaults. Source: spec/cert-manager.md section 14."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from argosy.apis.certmanager.shared import GROUP
from argosy.certs.names import COPIED_ANNOTATIONS
from argosy.certs.pki.pem import PemLimits
from argosy.machinery import duration


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
    """The default issuer for Ingresses."""

    name: str = ""
    kind: str = "Issuer"
    group: str = GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Flags of upstream's controller that change behaviour, and Argosy's own limits."""

    cluster_resource_namespace: str = "kube-system"
    approve: bool = True
    """Whether every request is approved; turn it off if you install an approver of your own."""
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
    """Argosy only: requests that one Certificate may create within an hour; beyond it a condition says why it waits."""
    ca_warning: timedelta = timedelta(days=30)
    """Argosy only: how long before a CA expires its issuer warns of it."""


PREFIX: Final = "ARGOSY_CERTS_"


class SettingError(ValueError):
    """A value cannot be parsed; the message names the variable, the value and what would be right."""


def settings_of(environ: Mapping[str, str]) -> Settings:
    """Reads `ARGOSY_CERTS_...`. Raises SettingError."""
    given = {name.removeprefix(PREFIX): text for name, text in environ.items() if name.startswith(PREFIX) and text}
    found = replace(
        Settings(),
        cluster_resource_namespace=given.get("CLUSTER_RESOURCE_NAMESPACE", "cert-manager"),
        approve=_switch(given, "APPROVE", True),
        minimum_backoff=_duration(given, "MINIMUM_BACKOFF", timedelta(hours=1)),
        maximum_backoff=_duration(given, "MAXIMUM_BACKOFF", timedelta(hours=32)),
        certificate_owner_ref=_switch(given, "OWNER_REF", False),
        signing_requests=_switch(given, "SIGNING_REQUESTS", True),
        use_renewal_information=_switch(given, "RENEWAL_INFORMATION", False),
        recursive_nameservers=_list(given, "DNS01_NAMESERVERS"),
        recursive_nameservers_only=_switch(given, "DNS01_NAMESERVERS_ONLY", False),
        http01_nameservers=_list(given, "HTTP01_NAMESERVERS"),
        extra_annotations=_list(given, "EXTRA_ANNOTATIONS"),
        default_issuer=DefaultIssuer(
            name=given.get("DEFAULT_ISSUER_NAME", ""),
            kind=given.get("DEFAULT_ISSUER_KIND", "Issuer"),
            group=given.get("DEFAULT_ISSUER_GROUP", GROUP),
        ),
        issuances_per_hour=_number(given, "ISSUANCES_PER_HOUR", 20),
    )
    image = given.get("SOLVER_IMAGE")
    return replace(found, solver_pod=replace(found.solver_pod, image=image)) if image else found


def _switch(given: Mapping[str, str], name: str, default: bool) -> bool:
    text = given.get(name, str(default)).lower()
    if text not in ("true", "false"):
        raise SettingError(f"{PREFIX}{name}: {text!r} is neither true nor false")
    return text == "true"


def _duration(given: Mapping[str, str], name: str, default: timedelta) -> timedelta:
    try:
        return duration.parse(given[name]) if name in given else default
    except duration.DurationError:
        raise SettingError(f"{PREFIX}{name}: {given[name]!r} is not a duration such as 1h30m") from None


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingError(f"{PREFIX}{name}: {text!r} is not a positive number")
    return int(text)


def _list(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.get(name, "").split(",") if part.strip())
