"""Bases outside the repository: whether a text is a git repository, a file to fetch, or a path.

The rules are Kustomize's (its api/internal/git/repospec.go): a host, the repository's path and a path inside it after
`//`, `.git` or `_git/`; without one of these the repository's path has two parts.
"""

from __future__ import annotations

from typing import NamedTuple

import re2

_SCHEMES = ("ssh://", "https://", "http://", "file://")
_USER = re2.compile(r"^([a-zA-Z][a-zA-Z0-9-]*)@")
_FILE_ENDINGS = (".yaml", ".yml", ".json")


class Repository(NamedTuple):
    """`url` to clone, `path` inside it, `ref` to check out ("" for HEAD)."""

    url: str
    path: str
    ref: str

    @property
    def root(self) -> str:
        """As `Workspace.remote` takes it."""
        return f"{self.url}?ref={self.ref}" if self.ref else self.url


def is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def may_be_file(text: str) -> bool:
    """Whether a URL is worth fetching as a file before it is treated as a repository."""
    location = text.partition("?")[0]
    inside = location.partition("://")[2]
    marked = "//" in inside or "_git/" in inside or inside.endswith(".git") or ".git/" in inside
    return is_url(text) and (not marked or location.endswith(_FILE_ENDINGS))


def repository_of(text: str) -> Repository | None:
    """None if it is not a repository URL."""
    if text.startswith("/"):
        return None
    location, _, query = text.partition("?")
    found = _host(location)
    if found is None:
        return None
    host, rest = found
    parts = _split(rest, whole=host.startswith("file://"))
    if parts is None or not parts[0]:
        return None
    path = parts[1].removeprefix("/")
    if path.split("/")[0] == "..":
        return None
    return Repository(host + parts[0], path.strip("/"), _ref(query))


def _ref(query: str) -> str:
    if not query:
        return ""
    from urllib.parse import parse_qs  # here, since most builds have no URL

    values = parse_qs(query)
    return next((values[key][0] for key in ("ref", "version") if values.get(key)), "")


def _host(location: str) -> tuple[str, str] | None:
    """Scheme, user and host including the separator before the path; and the path."""
    if location[:5].lower() == "git::":
        location = location[5:]
    scheme = next((one for one in _SCHEMES if location[: len(one)].lower() == one), "")
    location = location[len(scheme) :]
    match = _USER.match(location)
    user = match.group(0) if match else ""
    location = location[len(user) :]
    github = location[:11].lower() in ("github.com/", "github.com:")
    scp = not scheme and bool(user or github)
    if not scheme and not scp:
        return None
    if scheme == "file://":
        return scheme, user + location
    end = _separator(location, scp=scp)
    host, rest = (location[: end + 1], location[end + 1 :]) if end >= 0 else (location, "")
    if github:
        ssh = scheme == "ssh://" or bool(user)
        scheme, user, host = ("", user, "github.com:") if ssh else ("https://", "", "github.com/")
        user = user or ("git@" if ssh else "")
    return (scheme + user + host, rest) if host else None


def _separator(location: str, *, scp: bool) -> int:
    slash = location.find("/")
    colon = location.find(":") if scp else -1
    return colon if colon > 0 and (slash == -1 or colon < slash) else slash


def _split(path: str, *, whole: bool) -> tuple[str, str] | None:
    """The repository's path, and the path inside."""
    if (at := path.find("_git/")) >= 0:
        name, _, inside = path[at + 5 :].partition("/")
        return path[: at + 5] + name, inside
    if (at := path.find("//")) >= 0:
        return path[:at], path[at + 2 :]
    if (at := path.find(".git")) >= 0:
        return path[: at + 4], path[at + 4 :]
    if whole:
        return path, ""
    parts = path.split("/")
    return ("/".join(parts[:2]), "/".join(parts[2:])) if len(parts) >= 2 else None
