"""TLS settings of a connection: the system's CAs, those of the credentials, and their client key."""

from __future__ import annotations

import os
import ssl
import tempfile

from argosy.sources.port import AccessDenied, Credentials
from argosy.sources.scrub import scrub


def tls_context(credentials: Credentials) -> ssl.SSLContext:
    """Verifies by default; TLS 1.2 at least. Raises AccessDenied for certificates that cannot be read."""
    try:
        context = ssl.create_default_context(cadata=credentials.ca_pem or None)
        if credentials.ca_pem:
            context.load_default_certs()
        if credentials.tls_client_cert and credentials.tls_client_key:
            _load_client_certificate(context, credentials)
    except (ssl.SSLError, ValueError) as error:
        raise AccessDenied(f"x509: a TLS certificate or key cannot be read: {scrub(str(error), credentials)}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if credentials.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_client_certificate(context: ssl.SSLContext, credentials: Credentials) -> None:
    """The standard library reads files only; these exist for this call, readable only by us."""
    with tempfile.TemporaryDirectory(prefix="argosy-tls-") as directory:
        paths = []
        for name, text in (("cert", credentials.tls_client_cert), ("key", credentials.tls_client_key)):
            paths.append(os.path.join(directory, name))  # noqa: PTH118
            descriptor = os.open(paths[-1], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
        context.load_cert_chain(*paths)
