"""The credentials for a repository, from the labelled Secrets of the control plane's namespace.

Pure: Secrets and ConfigMaps in, `Credentials` out (spec/argo-cd-engine-2.md 12). Secrets are shared with a cache and
mutated. Build a `CredentialBook` once per change of those objects, not per look-up.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.sources.port import Credentials
from argosy.sources.urls import host_of, normalise_url

TYPE_LABEL: Final = "argocd.argoproj.io/secret-type"
REPOSITORY, TEMPLATE = "repository", "repo-creds"
WRITE_REPOSITORY, WRITE_TEMPLATE = "repository-write", "repo-write-creds"
TLS_CONFIG_MAP, KNOWN_HOSTS_CONFIG_MAP = "argocd-tls-certs-cm", "argocd-ssh-known-hosts-cm"
KNOWN_HOSTS_KEY: Final = "ssh_known_hosts"

_SECRET_FIELDS: Final[Mapping[str, str]] = {
    "username": "username",
    "password": "password",
    "bearerToken": "bearer_token",
    "sshPrivateKey": "ssh_private_key",
    "tlsClientCertData": "tls_client_cert",
    "tlsClientCertKey": "tls_client_key",
    "githubAppID": "github_app_id",
    "githubAppInstallationID": "github_app_installation_id",
    "githubAppPrivateKey": "github_app_private_key",
    "githubAppEnterpriseBaseUrl": "github_app_url",
    "gcpServiceAccountKey": "gcp_service_account_key",
    "azureServicePrincipalClientID": "azure_client_id",  # repo-creds spell two of them differently
    "azureServicePrincipalClientId": "azure_client_id",
    "azureServicePrincipalClientSecret": "azure_client_secret",
    "azureServicePrincipalTenantID": "azure_tenant_id",
    "azureServicePrincipalTenantId": "azure_tenant_id",
    "azureActiveDirectoryEndpoint": "azure_authority",
}
_TEXT_FIELDS: Final[Mapping[str, str]] = {"proxy": "proxy", "noProxy": "no_proxy"}
_FLAGS: Final[Mapping[str, str]] = {
    "enableLfs": "enable_lfs",
    "enableOCI": "enable_oci",
    "insecureOCIForceHttp": "insecure_oci_force_http",
    "forceHttpBasicAuth": "force_http_basic_auth",
    "useAzureWorkloadIdentity": "azure_workload_identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One repository or credential template, as its Secret says."""

    url: str
    kind: str
    """`git`, `helm` or `oci`."""
    name: str
    project: str
    secret_name: str
    credentials: Credentials = field(repr=False)

    @property
    def has_credentials(self) -> bool:
        given = self.credentials
        return any((
            given.password, given.bearer_token, given.ssh_private_key, given.tls_client_cert, given.username,
            given.github_app_id, given.is_cloud_identity,
        ))  # fmt: skip


class _Shelf:
    """Repositories and templates for one use, indexed by normalised URL."""

    def __init__(self) -> None:
        self.repositories: dict[str, list[Repository]] = {}
        self.templates: list[tuple[str, Repository]] = []

    def find(self, url: str, project: str) -> Repository | None:
        group = self.repositories.get(normalise_url(url), ())
        for wanted in dict.fromkeys((project, "")):
            for repository in group:
                if repository.project == wanted:
                    return repository
        return None

    def template(self, url: str, project: str) -> Repository | None:
        wanted = normalise_url(url)
        found = [
            (len(prefix), template.project == project, template)
            for prefix, template in self.templates
            if _covers(prefix, wanted) and template.project in ("", project)
        ]
        return max(found, key=lambda item: item[:2])[2] if found else None

    def given(self, url: str, project: str) -> Credentials:
        own = self.find(url, project)
        given = own.credentials if own else Credentials()
        if (own is None or not own.has_credentials) and (template := self.template(url, project)):
            given = _inherited(given, template.credentials)
        return given


class CredentialBook:
    """All repositories and templates. Write credentials are kept apart: reading never uses them, nor the other way."""

    def __init__(self, secrets: Iterable[JsonObject], config_maps: Iterable[JsonObject] = ()) -> None:
        self._reading, self._writing = _Shelf(), _Shelf()
        self._certificates: Mapping[str, str] = {}
        self._known_hosts = ""
        for secret in sorted(secrets, key=_name):
            self._add(secret)
        for config_map in config_maps:
            self._configure(config_map)

    @property
    def repositories(self) -> list[Repository]:
        return [repository for group in self._reading.repositories.values() for repository in group]

    def find(self, url: str, project: str = "") -> Repository | None:
        """The repository's own Secret: the project's before one without a project."""
        return self._reading.find(url, project)

    def url_of(self, name: str, project: str = "") -> str:
        """The chart repository that a chart's dependency refers to by `@name`; "" when there is none."""
        named = [item for item in self.repositories if item.name == name and item.kind in ("helm", "oci")]
        return next((item.url for wanted in (project, "") for item in named if item.project == wanted), "")

    def template(self, url: str, project: str = "") -> Repository | None:
        """The template with the longest matching prefix; at equal length the project's own."""
        return self._reading.template(url, project)

    def credentials(self, url: str, project: str = "") -> Credentials:
        """The credentials to connect with: its own, else the template's, with the host's certificates and host keys."""
        return self._with_trust(url, self._reading.given(url, project))

    def writing(self, url: str, project: str = "") -> Credentials:
        """The same for pushing, only from `repository-write` and `repo-write-creds`."""
        return self._with_trust(url, self._writing.given(url, project))

    def _with_trust(self, url: str, given: Credentials) -> Credentials:
        return replace(given, ca_pem=self._certificates.get(host_of(url), ""), known_hosts=self._known_hosts)

    def _add(self, secret: JsonObject) -> None:
        kind = ((secret.get("metadata") or {}).get("labels") or {}).get(TYPE_LABEL)
        data = decoded(secret)
        url = normalise_url(data.get("url", ""))
        if not url or kind not in (REPOSITORY, TEMPLATE, WRITE_REPOSITORY, WRITE_TEMPLATE):
            return
        shelf = self._reading if kind in (REPOSITORY, TEMPLATE) else self._writing
        repository = _repository(secret, data)
        if kind in (REPOSITORY, WRITE_REPOSITORY):
            shelf.repositories.setdefault(url, []).append(repository)
        else:
            shelf.templates.append((url, repository))

    def _configure(self, config_map: JsonObject) -> None:
        data = config_map.get("data") or {}
        match _name(config_map):
            case name if name == TLS_CONFIG_MAP:
                self._certificates = {host.lower(): str(pem) for host, pem in data.items()}
            case name if name == KNOWN_HOSTS_CONFIG_MAP:
                self._known_hosts = str(data.get(KNOWN_HOSTS_KEY) or "")


def _covers(prefix: str, url: str) -> bool:
    """Whether a template's prefix matches the URL. One that ends in the host must match the complete host: otherwise
    `github.com.example` would be sent the credentials for `github.com`."""
    if not url.startswith(prefix):
        return False
    host = prefix.partition("://")[2] or prefix
    return "/" in host or url[len(prefix) :][:1] in ("", "/", ":")


def decoded(secret: JsonObject) -> dict[str, str]:
    """A Secret's values as text; one that is not base64 or not UTF-8 is left out, without affecting the others."""
    values: dict[str, str] = {}
    data = secret.get("data")
    for key, text in data.items() if isinstance(data, dict) else ():
        try:
            values[key] = base64.b64decode(text or "", validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, TypeError, ValueError):
            continue
    return values | {key: str(text) for key, text in (secret.get("stringData") or {}).items()}


def _repository(secret: JsonObject, data: Mapping[str, str]) -> Repository:
    kind = data.get("type") or "git"
    return Repository(
        url=data["url"].strip(),
        kind=kind,
        name=data.get("name", ""),
        project=data.get("project", "").strip(),
        secret_name=_name(secret),
        credentials=_credentials(data),
    )


def _credentials(data: Mapping[str, str]) -> Credentials:
    text = {ours: data[theirs] for theirs, ours in {**_SECRET_FIELDS, **_TEXT_FIELDS}.items() if data.get(theirs)}
    flags = {ours: _flag(data.get(theirs)) for theirs, ours in _FLAGS.items()}
    insecure = _flag(data.get("insecure")) or _flag(data.get("insecureIgnoreHostKey"))
    depth = data.get("depth", "").strip()
    own = Credentials(insecure=insecure, depth=int(depth) if depth.isdecimal() else 0)
    return replace(own, **text, **flags)  # type: ignore[arg-type]


def _inherited(own: Credentials, template: Credentials) -> Credentials:
    """The template's credentials with the repository's own transport options."""
    return replace(
        template,
        insecure=own.insecure or template.insecure,
        proxy=own.proxy or template.proxy,
        no_proxy=own.no_proxy or template.no_proxy,
        enable_lfs=own.enable_lfs,
        depth=own.depth,
        enable_oci=own.enable_oci or template.enable_oci,
        insecure_oci_force_http=own.insecure_oci_force_http or template.insecure_oci_force_http,
        force_http_basic_auth=own.force_http_basic_auth or template.force_http_basic_auth,
    )


def _flag(text: str | None) -> bool:
    """As Go's ParseBool."""
    return (text or "").strip() in ("1", "t", "T", "true", "TRUE", "True")


def _name(obj: JsonObject) -> str:
    return str((obj.get("metadata") or {}).get("name") or "")
