"""Submodules: parses `.gitmodules`, resolves its URLs, selects their credentials, and joins the trees. Pure.

A repository's owner writes these URLs, so they are checked like any untrusted URL: the superproject's credentials are
sent only to its own scheme and host, everywhere else a submodule is read anonymously.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import re2

from argosy.sources.paths import OutOfRoot, normalise, shown
from argosy.sources.port import Credentials, Entry, Rejected
from argosy.sources.scrub import scrub
from argosy.sources.tree import Storage
from argosy.sources.urls import authority_of, host_of

FILE: Final = ".gitmodules"
FILE_LIMIT: Final = 256 * 1024
MODULES_LIMIT: Final = 100
"""Maximum submodules of one commit, including nested ones."""
DEPTH_LIMIT: Final = 10

_SECTION = re2.compile(r'^\[submodule "(.*)"\]$')


@dataclass(frozen=True, slots=True)
class Module:
    path: str
    url: str


def parse_modules(text: str) -> list[Module]:
    """Those that git would check out. Raises Rejected for an invalid file."""
    found = []
    for name, fields in _sections(text).items():
        path, url = fields.get("path", ""), fields.get("url", "")
        if fields.get("update") == "none" or not path or not url:
            continue
        try:
            found.append(Module(normalise(path), url))
        except OutOfRoot:
            raise Rejected(f"{FILE}: the path of submodule {shown(name)} leaves the repository") from None
    if len(found) > MODULES_LIMIT:
        raise Rejected(f"{FILE}: more than {MODULES_LIMIT} submodules")
    return found


def _sections(text: str) -> dict[str, dict[str, str]]:
    """Git's configuration format, as far as `.gitmodules` uses it."""
    found: dict[str, dict[str, str]] = {}
    fields: dict[str, str] = {}
    for line in (raw.strip() for raw in text.splitlines()):
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            match = _SECTION.match(line)
            fields = found.setdefault(match.group(1), {}) if match else {}
        else:
            key, _, value = line.partition("=")
            fields[key.strip().lower()] = value.strip().strip('"')
    return found


def module_url(parent: str, url: str) -> str:
    """A `./` or `../` URL is relative to the superproject's own. Raises Rejected when it climbs past the host."""
    if not url.startswith(("./", "../")):
        return url
    base = parent.rstrip("/")
    rest = url
    while rest.startswith(("./", "../")):
        step, _, rest = rest.partition("/")
        if step == "..":
            base = _above(base, url)
    return f"{base}/{rest}".rstrip("/") if not base.endswith(":") else f"{base}{rest}"


def _above(base: str, url: str) -> str:
    scheme, separator, rest = base.rpartition("://")
    head, slash, _ = rest.rpartition("/")
    if not separator and not slash and ":" in rest:
        return f"{rest.partition(':')[0]}:"
    if not slash or (separator and scheme != "file" and not head):
        raise Rejected(f"{FILE}: the relative URL {scrub(url)!r} leads above the repository's host")
    return f"{scheme}{separator}{head}"


def module_credentials(parent: str, url: str, credentials: Credentials) -> Credentials:
    """The superproject's, if the submodule is on the same host with the same scheme; else only the public parts."""
    if _place(parent) == _place(url):
        return credentials
    return Credentials(
        known_hosts=credentials.known_hosts, proxy=credentials.proxy, no_proxy=credentials.no_proxy
    )  # the proxy's own password is sent to the proxy only


def _place(url: str) -> tuple[str, str]:
    if "://" not in url:
        return "ssh", host_of(url)
    parts = urlsplit(url)
    return parts.scheme, host_of(url) if parts.scheme == "ssh" and not parts.port else authority_of(url).lower()


class Budget:
    """How many more submodules one commit may have, so that repositories that refer to each other terminate."""

    def __init__(self) -> None:
        self._left = MODULES_LIMIT
        self.depth = 0

    def spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Rejected(f"more than {MODULES_LIMIT} submodules, nested ones included")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise Rejected(f"submodules are nested deeper than {DEPTH_LIMIT}")


class MountedStorage:
    """A storage with others mounted at some of its directories."""

    def __init__(self, base: Storage, mounts: Mapping[str, Storage], suffix: str) -> None:
        self._base = base
        self._mounts = dict(mounts)
        self.root = Entry("", "dir", f"{base.root.oid}{suffix}")

    def children(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        storage, inner = self._at(path)
        return storage.children(inner, entry if inner else storage.root)

    def content(self, path: str, entry: Entry, limit: int) -> bytes:
        storage, inner = self._at(path)
        return storage.content(inner, entry, limit)

    def target(self, path: str, entry: Entry) -> str:
        storage, inner = self._at(path)
        return storage.target(inner, entry)

    def _at(self, path: str) -> tuple[Storage, str]:
        end = len(path)
        while end > 0:
            if (mounted := self._mounts.get(path[:end])) is not None:
                return mounted, path[end + 1 :]
            end = path.rfind("/", 0, end)
        return self._base, path
