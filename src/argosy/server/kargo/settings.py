"""The settings of Kargo's API, from upstream's environment variables. Source: spec/kargo-api.md 1 and 2.

Without `ADMIN_ACCOUNT_ENABLED`, the control plane's account `admin` is also Kargo's; without `OIDC_ENABLED`, the
provider of `oidc.config` is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from argosy.machinery.duration import DurationError, nanoseconds
from argosy.observe.secret import Secret

if TYPE_CHECKING:
    from argosy.server.sessions.provider import OidcConfig

DAY_SECONDS: Final = 86_400
ISSUER: Final = "argosy-kargo"
SCOPES: Final = ("openid", "profile", "email")


class SettingError(ValueError):
    """An invalid variable; the text names it, and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminSettings:
    """`password_hash`: bcrypt; if empty, the password of the control plane's `admin`."""

    enabled: bool = True
    password_hash: str = ""
    issuer: str = ISSUER
    audience: str = ISSUER
    signing_key: Secret = field(default_factory=lambda: Secret(""))
    """If empty, it is derived from the server's own key."""
    token_seconds: int = DAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    issuer: str
    client_id: str
    cli_client_id: str = ""

    def config(self) -> OidcConfig:
        from argosy.server.sessions.provider import OidcConfig

        return OidcConfig(
            name="",
            issuer=self.issuer,
            client_id=self.client_id,
            client_secret="",
            cli_client_id=self.cli_client_id,
            scopes=SCOPES,
            audiences=frozenset(one for one in (self.client_id, self.cli_client_id) if one),
            skips_audience=False,
            root_ca="",
            logout_url="",
            domain_hint="",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where logs of verifications are: URL templates with `${{ }}`, fetched with GET."""

    url: str = ""
    token: Secret = field(default_factory=lambda: Secret(""))
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KargoSettings:
    namespace: str = "kargo"
    """The namespace of system-wide roles."""
    shared_namespace: str = "kargo-shared-resources"
    system_namespace: str = "kargo-system-resources"
    admin: AdminSettings = field(default_factory=AdminSettings)
    oidc: OidcSettings | None = None
    additional_scopes: tuple[str, ...] = ()
    username_claim: str = "email"
    global_namespaces: tuple[str, ...] = ()
    """Namespaces whose ServiceAccounts count in every project."""
    manages_secrets: bool = True
    rollouts: bool = True
    logs: LogSettings = field(default_factory=LogSettings)
    shards: Mapping[str, str] = field(default_factory=dict)
    """URLs of Argo CD by shard."""
    argocd_namespace: str = "argocd"
    default_controller: str = ""
    requests_per_second: float = 50.0
    """Limits per caller; `requests_at_once` is the burst."""
    requests_at_once: int = 200


def settings_of(environ: Mapping[str, str]) -> KargoSettings:
    """Raises SettingError."""
    has_oidc = _flag(environ, "OIDC_ENABLED", default=False)
    return KargoSettings(
        namespace=environ.get("KARGO_NAMESPACE") or "kargo",
        shared_namespace=environ.get("SHARED_RESOURCES_NAMESPACE") or "kargo-shared-resources",
        system_namespace=environ.get("SYSTEM_RESOURCES_NAMESPACE") or "kargo-system-resources",
        admin=_admin(environ),
        oidc=_oidc(environ) if has_oidc else None,
        additional_scopes=_words(environ.get("OIDC_ADDITIONAL_SCOPES", "")),
        username_claim=environ.get("OIDC_USERNAME_CLAIM") or "email",
        global_namespaces=_words(environ.get("GLOBAL_SERVICE_ACCOUNT_NAMESPACES", "")),
        manages_secrets=_flag(environ, "SECRET_MANAGEMENT_ENABLED", default=True),
        rollouts=_flag(environ, "ROLLOUTS_INTEGRATION_ENABLED", default=True),
        logs=LogSettings(
            url=environ.get("ANALYSIS_RUN_LOG_URL_TEMPLATE", ""),
            token=Secret(environ.get("ANALYSIS_RUN_LOG_TOKEN", "")),
            headers=_pairs(environ, "ANALYSIS_RUN_LOG_HTTP_HEADERS", "="),
        ),
        shards=_pairs(environ, "ARGOCD_URLS", "="),
        argocd_namespace=environ.get("ARGOCD_NAMESPACE") or "argocd",
        default_controller=environ.get("DEFAULT_CONTROLLER_NAME", ""),
        requests_per_second=_number(environ, "API_REQUESTS_PER_SECOND", 50.0),
        requests_at_once=int(_number(environ, "API_REQUESTS_AT_ONCE", 200)),
    )


def _admin(environ: Mapping[str, str]) -> AdminSettings:
    ttl = environ.get("ADMIN_ACCOUNT_TOKEN_TTL", "")
    try:
        seconds = nanoseconds(ttl) // 1_000_000_000 if ttl else DAY_SECONDS
    except DurationError:
        raise SettingError(f"ADMIN_ACCOUNT_TOKEN_TTL: {ttl!r} is not a duration such as 24h") from None
    return AdminSettings(
        enabled=_flag(environ, "ADMIN_ACCOUNT_ENABLED", default=True),
        password_hash=environ.get("ADMIN_ACCOUNT_PASSWORD_HASH", ""),
        issuer=environ.get("ADMIN_ACCOUNT_TOKEN_ISSUER") or ISSUER,
        audience=environ.get("ADMIN_ACCOUNT_TOKEN_AUDIENCE") or ISSUER,
        signing_key=Secret(environ.get("ADMIN_ACCOUNT_TOKEN_SIGNING_KEY", "")),
        token_seconds=seconds,
    )


def _oidc(environ: Mapping[str, str]) -> OidcSettings:
    missing = [name for name in ("OIDC_ISSUER_URL", "OIDC_CLIENT_ID") if not environ.get(name)]
    if missing:
        raise SettingError(f"{missing[0]}: is empty; OIDC_ENABLED needs it")
    return OidcSettings(
        issuer=environ["OIDC_ISSUER_URL"],
        client_id=environ["OIDC_CLIENT_ID"],
        cli_client_id=environ.get("OIDC_CLI_CLIENT_ID", ""),
    )


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environ.get(name, "").strip().lower()
    if text in ("", "true", "false", "1", "0"):
        return default if not text else text in ("true", "1")
    raise SettingError(f"{name}: {text!r} is neither true nor false")


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    try:
        found = float(text) if text else default
    except ValueError:
        found = 0.0
    if found <= 0:
        raise SettingError(f"{name}: {text!r} is not a number above 0")
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _pairs(environ: Mapping[str, str], name: str, mark: str) -> dict[str, str]:
    found = {}
    for word in _words(environ.get(name, "")):
        key, has_it, value = word.partition(mark)
        if not has_it:
            raise SettingError(f"{name}: an entry is not of the form name{mark}value")  # the value may be secret
        found[key.strip()] = value.strip()
    return found
