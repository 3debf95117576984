"""The key authorization: a token with the thumbprint of the account's key (RFC 8555 sections 8.1 to 8.4)."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from argosy.certs.acme.ports import Login
from argosy.certs.base64_text import url_encoded
from argosy.certs.pki import keys
from argosy.certs.pki.jwk import thumbprint


def key_of(token: str, type_: str, login: Login) -> str:
    """The content that a website serves (http-01) or that a TXT record holds (dns-01)."""
    value = login.key.value
    text = f"{token}.{_thumbprint(value if isinstance(value, bytes) else value.encode())}"
    return url_encoded(hashlib.sha256(text.encode()).digest()) if type_ == "dns-01" else text


@lru_cache(maxsize=256)
def _thumbprint(key: bytes) -> str:
    return thumbprint(keys.load(key, checked=False))
