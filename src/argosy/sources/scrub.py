"""Removes credentials from messages (spec/security.md rule 9): errors of git, Helm and registries are filtered here."""

from __future__ import annotations

from typing import Final

import re2

from argosy.sources.port import Credentials

MASK: Final = "******"
LENGTH_LIMIT: Final = 1000

_USER_INFO = re2.compile(r"://[^/\s'\"@]*@")
_QUERY = re2.compile(
    r"(?i)([?&](?:[a-z_-]*(?:token|secret|password|signature|sig|key|auth|credential)[a-z_-]*)=)[^&\s'\"]+"
)
_HEADER = re2.compile(r"(?i)(authorization:\s*(?:basic|bearer)\s+)\S+")


def scrub(text: str, credentials: Credentials | None = None) -> str:
    """The text without user info in URLs, token parameters, authorization headers and these credentials' values."""
    for secret in _secrets(credentials):
        text = text.replace(secret, MASK)
    text = _USER_INFO.sub("://", text)
    text = _QUERY.sub(r"\1" + MASK, text)
    text = _HEADER.sub(r"\1" + MASK, text)
    return "".join(char if char.isprintable() else " " for char in text)[:LENGTH_LIMIT].strip()


def _secrets(credentials: Credentials | None) -> list[str]:
    if credentials is None:
        return []
    values = (
        credentials.password, credentials.bearer_token, credentials.ssh_private_key, credentials.tls_client_key,
        credentials.github_app_private_key,
    )  # fmt: skip
    return sorted((value.strip() for value in values if len(value.strip()) >= 3), key=len, reverse=True)
