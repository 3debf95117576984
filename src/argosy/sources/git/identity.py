"""The names of mirrors: one for each repository, by its exact URL, and each identity that reads it.

The name is a keyed digest, so that passwords cannot be guessed from a directory's name.
"""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Final

from argosy.sources.port import Credentials
from argosy.sources.urls import exact_url

KEY_BYTES: Final = 32


class Naming:
    """`directory`: of the mirrors; the key is next to it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = b""
        self._known: dict[tuple[str, Credentials], str] = {}

    def name(self, url: str, credentials: Credentials) -> str:
        key = (exact_url(url), credentials)
        if key not in self._known:
            digest = blake2b(key[0].encode("utf-8", "surrogateescape"), digest_size=16, key=self._secret())
            digest.update(b"\0" + _identity(credentials))
            self._known[key] = digest.hexdigest()
        return self._known[key]

    def _secret(self) -> bytes:
        if self._key:
            return self._key
        file = self._directory.with_name(f"{self._directory.name}.key")
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._key = file.read_bytes()
        except FileNotFoundError:
            self._key = b""
        if len(self._key) != KEY_BYTES:
            self._key = os.urandom(KEY_BYTES)
            made = file.with_suffix(".new")
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as opened:
                opened.write(self._key)
            made.replace(file)
        return self._key


def _identity(credentials: Credentials) -> bytes:
    """The identity, and what is fetched for it; how the host is reached does not matter."""
    relevant = replace(credentials, proxy="", no_proxy="", ca_pem="", known_hosts="", enable_lfs=False)
    return "\0".join(str(getattr(relevant, name)) for name in relevant.__slots__).encode("utf-8", "surrogateescape")
