"""Normalises repository URLs, so that those of subscriptions, credentials, events and Freight can be compared.

Source: spec/kargo.md 3.3. A text that is not a URL of its kind is returned unchanged.
"""

from __future__ import annotations

import functools
import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_SCP: Final = re.compile(r"(?:([\w-]+)@)?([\w.-]+)(?::(.*))?", re.ASCII)
_SSH_HOST: Final = re.compile(r"(?:[^@/\s]+@)?[^@/\s:]+(?::\d+)?")
_HTTP_HOST: Final = re.compile(r"[^@/\s:]+(?::\d+)?")
_REPOSITORY: Final = re.compile(r"[a-z0-9_./-]{2,255}")
_TAG: Final = re.compile(r"[\w.-]{1,128}", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_HUB: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")


def printable(text: str) -> str:
    """Without non-printing characters and surrounding blanks."""
    return "".join(char for char in text if char.isprintable()).strip()


@functools.lru_cache(maxsize=4096)
def normalise_git(url: str) -> str:
    given = printable(url)
    lower = given.lower()
    if lower.startswith(("http://", "https://", "ssh://")):
        return _normalise_url(lower) or given
    if (found := _SCP.fullmatch(lower)) is None:
        return given
    user, host, path = found.groups()
    tail = _bare(path) if path else ""
    return f"ssh://{user + '@' if user else ''}{host}{'/' + tail if tail else ''}"


def _normalise_url(url: str) -> str:
    """Empty if it cannot be parsed, or has a query."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (a port that is not a number raises)
    except ValueError:
        return ""
    ssh = parts.scheme == "ssh"
    host = parts.netloc if ssh else parts.netloc.rpartition("@")[2]
    if parts.query or not (_SSH_HOST if ssh else _HTTP_HOST).fullmatch(host):
        return ""
    return urlunsplit((parts.scheme, host, _bare(parts.path), "", parts.fragment))


def _bare(path: str) -> str:
    return path.removesuffix("/").removesuffix(".git")


@functools.lru_cache(maxsize=4096)
def normalise_image(url: str) -> str:
    """Without Docker Hub's host, `library/`, tag and digest."""
    given = printable(url)
    if (repository := _repository(given.lower())) is None:
        return given
    registry, name = repository
    if not registry:
        return name.removeprefix("library/")
    return f"{registry}/{name}"


def _repository(text: str) -> tuple[str, str] | None:
    base, _, digest = text.partition("@")
    if digest and not _DIGEST.fullmatch(digest):
        return None
    head, colon, tag = base.rpartition(":")
    if colon and "/" not in tag:
        if not _TAG.fullmatch(tag):
            return None
        base = head
    first, slash, rest = base.partition("/")
    registry, name = (first, rest) if slash and ("." in first or ":" in first or first == "localhost") else ("", base)
    if not _REPOSITORY.fullmatch(name):
        return None

    return ("" if registry in _HUB else registry), name


def is_image_repository(text: str) -> bool:
    """A repository as in a subscription: no scheme, no tag, no digest."""
    found = _repository(text.lower()) if "@" not in text and ":" not in text.rpartition("/")[2] else None
    return found is not None and not found[1].startswith("/") and not found[0].endswith(":")


@functools.lru_cache(maxsize=4096)
def normalise_chart(url: str) -> str:
    return normalise_image(printable(url).lower().removeprefix("oci://"))
