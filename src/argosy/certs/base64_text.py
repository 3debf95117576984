"""Base64 in JSON: data of Secrets, requests and certificates."""

from __future__ import annotations

import base64
import binascii


def decoded(text: str) -> bytes:
    """Empty if it is not base64: a value that cannot be decoded is treated as missing."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return b""


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def url_encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def url_decoded(text: str) -> bytes:
    """Decodes base64url with or without padding. Raises ValueError."""
    bare = text.strip().rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), b"-_", validate=True)
