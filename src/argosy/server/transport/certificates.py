"""Which certificate the server's port shows: read of its Secrets at each connection, so that a renewed one is used at once."""

from __future__ import annotations

import ssl

from argosy.cluster.http import tls
from argosy.server.configuration import Configuration, decoded


class Certificates:
    """The present TLS context; another one as soon as the Secret has another pair. Open connections stay."""

    def __init__(self, configuration: Configuration, *, insecure: bool) -> None:
        self._configuration, self._insecure = configuration, insecure
        self._pair: tuple[str, str] = ("", "")
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext | None:
        if self._insecure:
            return None
        pair = self._found()
        if pair != self._pair and all(pair):
            try:
                made = tls.server_context(tls.KeyPair(pair[0].encode(), pair[1].encode()), None)
            except (ssl.SSLError, ValueError):
                return self._context  # a broken pair does not take the working one away
            made.set_alpn_protocols(["http/1.1", "h2"])
            self._context, self._pair = made, pair
        return self._context

    def _found(self) -> tuple[str, str]:
        own = decoded(self._configuration.secret_object("argocd-server-tls") or {})
        if own.get("tls.crt") and own.get("tls.key"):
            return own["tls.crt"], own["tls.key"]
        secret = self._configuration.secret
        return secret.get("tls.crt", ""), secret.get("tls.key", "")
