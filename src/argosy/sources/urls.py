"""Repository URLs: which ones are equal, and which are refused (spec/argo-cd-engine-2.md 12). Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

import re2

from argosy.sources.port import Rejected
from argosy.sources.scrub import scrub

SCHEMES: Final = frozenset({"https", "http", "ssh"})
URL_LIMIT: Final = 4096

_SCP = re2.compile(r"^(?:([^@/\s:]+)@)?([^@/\s:\[\]]+|\[[0-9a-fA-F:]+\]):([^\s]*)$")


def normalise_url(url: str) -> str:
    """A form that is equal for two spellings of one git repository; for comparing, never for connecting."""
    text = url.strip().lower().rstrip("/")
    text = text.removesuffix(".git")
    if "://" not in text and (match := _SCP.match(text)):
        user = f"{match.group(1)}@" if match.group(1) else ""
        text = f"ssh://{user}{match.group(2)}/{match.group(3).lstrip('/')}"
    if "://" in text:
        parts = urlsplit(text)
        keeps_user = parts.scheme == "ssh" and parts.username
        host = parts.netloc.rpartition("@")[2]
        user = f"{parts.username}@" if keeps_user else ""
        text = f"{parts.scheme}://{user}{host}{parts.path}"
        text += f"?{parts.query}" if parts.query else ""
    return text.removeprefix("ssh://")


def check_git_url(url: str, *, allow_local: bool = False) -> str:
    """The URL to pass to git. Raises Rejected for options, other transports and, unless allowed, local paths."""
    text = url.strip()
    if not text or text.startswith("-") or len(text) > URL_LIMIT or not text.isprintable():
        raise Rejected(f"repository URL {scrub(text)!r} is not allowed")
    if "://" in text:
        return _checked_scheme(text, allow_local)
    if "::" in text or not _SCP.match(text) or text.startswith(("/", ".")):
        if allow_local and text.startswith("/"):
            return text
        raise Rejected(f"repository URL {scrub(text)!r} is not allowed: use https://, ssh:// or user@host:path")
    if (host := _SCP.match(text).group(2)).startswith("-"):
        raise Rejected(f"repository host {host!r} is not allowed")
    return text


def is_ssh(url: str) -> bool:
    return url.startswith("ssh://") or ("://" not in url and not url.startswith("/"))


def host_of(url: str) -> str:
    """Host without port and user, lower case; "" for a local path."""
    if "://" in url:
        return (urlsplit(url).hostname or "").lower()
    match = _SCP.match(url.strip())
    return match.group(2).strip("[]").lower() if match else ""


def is_local(url: str) -> bool:
    """Whether it is a path on this machine."""
    return url.startswith(("/", "file:"))


def port_of(url: str) -> int:
    """The explicit port, or that of its scheme."""
    if "://" not in url:
        return 22
    parts = urlsplit(url)
    return parts.port or {"https": 443, "http": 80}.get(parts.scheme, 22)


def exact_url(url: str) -> str:
    """One form for URLs that are certainly one repository for one user: only the host is case-insensitive. For keys
    of verified or fetched data; `normalise_url` is for what users mean by a URL."""
    text = url.strip()
    if "://" not in text:
        match = _SCP.match(text)
        if not match:
            return text
        user, host, path = match.group(1) or "", match.group(2).lower(), match.group(3)
        return f"{user}@{host}:{path}"
    parts = urlsplit(text)
    user, separator, host = parts.netloc.rpartition("@")
    return parts._replace(scheme=parts.scheme.lower(), netloc=f"{user}{separator}{host.lower()}").geturl()


def authority_of(url: str) -> str:
    """Host and port as written in the URL, without user info."""
    return urlsplit(url).netloc.rpartition("@")[2]


def proxy_for(url: str, proxy: str, no_proxy: str) -> str:
    """The proxy for the URL, or "": `no_proxy` lists host names, `.suffixes`, or `*` for every host."""
    host = host_of(url)
    for entry in (part.strip().lower().lstrip("*") for part in no_proxy.split(",") if part.strip()):
        if not entry or host == entry.lstrip(".") or host.endswith(f".{entry.lstrip('.')}"):
            return ""
    return proxy


def _checked_scheme(text: str, allow_local: bool) -> str:
    parts: SplitResult = urlsplit(text)
    if parts.scheme == "file" and allow_local:
        return text
    if parts.scheme not in SCHEMES:
        raise Rejected(f"repository URL {scrub(text)!r} is not allowed: the scheme must be https, http or ssh")
    if not parts.hostname or parts.hostname.startswith("-") or (parts.username or "").startswith("-"):
        raise Rejected(f"repository URL {scrub(text)!r} is not allowed: its host is not a host name")
    return text
