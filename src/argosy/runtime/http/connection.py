"""Where an API server is, which CA we trust there, and which user we act as. Only values; nothing opens a socket."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from argosy.machinery.unexpected import Shown
from argosy.observe.secret import Secret
from argosy.runtime.http.credentials import Anonymous, ClientCertificate, Credential


class ConnectionSettingsError(Shown):
    """The settings are contradictory or refer to something that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How the server proves its identity. Empty `authority`: the system's own CAs."""

    authority: str = ""
    """PEM."""
    server_name: str = ""
    """The name that the certificate must have, when it is not the URL's host."""
    insecure: bool = False
    """Verify nothing. Never the default."""

    def __post_init__(self) -> None:
        if self.insecure and self.authority:
            raise ConnectionSettingsError("a certificate authority and the insecure flag exclude each other: drop one")

    def context(self, certificate: ClientCertificate | None) -> ssl.SSLContext:
        """TLS 1.2 or newer, verifying; the private key is written to a private directory for a moment."""
        try:
            context = ssl.create_default_context(cadata=self.authority or None)
        except ssl.SSLError:
            raise ConnectionSettingsError("the certificate authority is not a PEM certificate") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # Python has no other way to set OpenSSL's minimum for key sizes and signatures: RSA 2048, no SHA-1 (rule 15).
        context.set_ciphers("DEFAULT:@SECLEVEL=2")
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            _load(context, certificate)
        return context


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    user: str = ""
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def headers(self) -> list[tuple[str, str]]:
        if not self.user:
            if self.groups or self.uid or self.extra:
                raise ConnectionSettingsError("impersonating groups, a uid or extra values needs a user too")
            return []
        headers = [("Impersonate-User", self.user)]
        headers += [("Impersonate-Group", group) for group in self.groups]
        if self.uid:
            headers.append(("Impersonate-Uid", self.uid))
        for key, values in self.extra:
            # A key may have characters that a header name may not: percent-encoded, lower case, as client-go does.
            headers += [(f"Impersonate-Extra-{quote(key.lower(), safe='')}", value) for value in values]
        return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    server: str
    """The URL, with its path if the API is not at the root."""
    trust: Trust = field(default_factory=Trust)
    credential: Credential = field(default_factory=Anonymous)
    impersonate: Impersonation = field(default_factory=Impersonation)
    proxy: Secret = field(default_factory=lambda: Secret(""))
    """The proxy's URL, which may have a password; empty means the environment's proxy, if any."""
    namespace: str = "default"
    """The context's own namespace."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConnectionSettingsError(f"server {without_user_info(self.server)!r} is not an http or https URL")
        if parts.username or parts.password:
            raise ConnectionSettingsError("the server's URL carries a user: put credentials where they belong")
        scheme = urlsplit(self.proxy.reveal()).scheme
        if self.proxy and scheme not in ("http", "https"):
            raise ConnectionSettingsError(f"proxies of scheme {scheme!r} are not spoken here: use http or https")

    def proxy_for(self, environment: Mapping[str, str] | None = None) -> str | None:
        """The proxy to use; the environment variables are HTTPS_PROXY, HTTP_PROXY and NO_PROXY."""
        if self.proxy:
            return self.proxy.reveal()
        parts = urlsplit(self.server)
        if proxy_bypass(parts.netloc):
            return None
        return (getproxies_environment() if environment is None else environment).get(parts.scheme)


def without_user_info(url: str) -> str:
    """The URL without user, password, query and fragment: fit for messages."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _load(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    with tempfile.TemporaryDirectory(prefix="argosy-") as directory:
        chain, key = Path(directory, "chain"), Path(directory, "key")
        for path, text in ((chain, certificate.chain), (key, certificate.key.reveal())):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
        try:
            context.load_cert_chain(chain, key)
        except ssl.SSLError:
            raise ConnectionSettingsError("the client certificate and its key are not a PEM pair") from None
