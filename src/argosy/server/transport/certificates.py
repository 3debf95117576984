"""Which certificate the server's port shows: looked up at each connection, so that a renewed one is used at once.

In this order: the Secret `argocd-server-tls`, which is its owner's; a pair that somebody wrote into argocd-secret; the
Secret of the Certificate `argosy-server`; the pair that the server made for itself when it first started. Source:
spec/argo-cd-api.md has the first two.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from argosy.apis.own_certificates import SERVER_SECRET
from argosy.cluster.http import tls
from argosy.server.bootstrap import AUTHORITY_NAME
from argosy.server.configuration import Configuration, decoded

OWNERS: Final = "argocd-server-tls"
Pair = tuple[str, str]
"""Certificates and key, PEM."""


class Certificates:
    """The current TLS context; replaced when its Secret has a new pair. Open connections stay."""

    def __init__(self, configuration: Configuration, *, insecure: bool) -> None:
        self._configuration, self._insecure = configuration, insecure
        self._pair: Pair = ("", "")
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext | None:
        if self._insecure:
            return None
        pair = self._found()
        if pair != self._pair and all(pair):
            try:
                made = tls.server_context(tls.KeyPair(pair[0].encode(), pair[1].encode()), None)
            except (ssl.SSLError, ValueError):
                return self._context  # an invalid pair does not replace a working one
            made.set_alpn_protocols(["http/1.1", "h2"])
            self._context, self._pair = made, pair
        return self._context

    def _found(self) -> Pair:
        owners, of_room = self._pair_of(OWNERS), self._pair_of(SERVER_SECRET)
        secret = self._configuration.secret
        first = secret.get("tls.crt", ""), secret.get("tls.key", "")
        if all(owners):
            return owners
        return of_room if all(of_room) and (not all(first) or was_made_here(first[0])) else first

    def _pair_of(self, name: str) -> Pair:
        data = decoded(self._configuration.secret_object(name) or {})
        return data.get("tls.crt", ""), data.get("tls.key", "")


@lru_cache(maxsize=4)
def was_made_here(certificate: str) -> bool:
    """Whether the server issued it to itself; what cannot be read is somebody's, and shown to be so."""
    try:
        issuer = x509.load_pem_x509_certificate(certificate.encode()).issuer
    except ValueError:
        return False
    return [name.value for name in issuer.get_attributes_for_oid(NameOID.COMMON_NAME)] == [AUTHORITY_NAME]
