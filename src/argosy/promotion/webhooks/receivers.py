"""Receivers: their types, the key of their Secret, and the path that they are served at (spec/kargo-api.md 7)."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import urlsplit

SECRET_KEYS: Final = {
    "artifactory": "secret-token",
    "azure": "secret",
    "bitbucket": "secret",
    "dockerhub": "secret",
    "generic": "secret",
    "gitea": "secret",
    "github": "secret",
    "gitlab": "secret-token",
    "harbor": "auth-header",
    "quay": "secret",
}


def secret_key(kind: str) -> str:
    return SECRET_KEYS[kind]


def path_of(base_url: str, kind: str, project: str, name: str, secret: str) -> str:
    """Cannot be guessed without the Secret."""
    digest = hashlib.sha256(f"{project}{name}{secret}".encode()).hexdigest()
    return f"{urlsplit(base_url).path.rstrip('/')}/{kind}/{digest}"
