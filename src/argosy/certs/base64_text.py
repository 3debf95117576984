"""Base64 in JSON: data of Secrets, requests and certificates."""

from __future__ import annotations

import base64
import binascii


def decoded(text: str) -> bytes:
    """Empty for what is no base64: a value that cannot be read is treated as one that is missing."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return b""


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
