"""The file of sign-ins: which servers, how each is trusted, and the token it gave. Readable by its owner alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.cli.client_flags import SIGN_INS_VARIABLE
from argosy.cli.failing import CommandError, Exit

FILE: Final = "sign-ins.json"
STORED: Final = ("url", "token", "refresh_token", "authority", "insecure", "label")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """`token` and `refresh_token` are secrets: `account session-token` alone prints the first."""

    url: str
    token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    authority: str = ""
    """PEM; empty: the system's own."""
    insecure: bool = False
    label: str = ""
    """The name that the user chose; empty: the server's."""
    certificate: str = ""
    """PEM of the client certificate that a proxy in front of the server asks for; given by flags and not stored."""
    certificate_key: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        return self.label or name_of(self.url)


class SignIns:
    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        own = os.environ if environment is None else environment
        given = own.get("ARGOSY_CONFIG_DIR")
        config = Path(own.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        file = own.get(SIGN_INS_VARIABLE)
        self.path = Path(file) if file else (Path(given) if given else config / "argosy") / FILE
        self.prompts = False
        """Whether commands ask before they delete, where `argocd` asks only if this is set."""
        self.current, self.by_name = self._read()

    def get(self, server: str) -> SignIn | None:
        """By the name that the user chose, else by the server."""
        if server in self.by_name:
            return self.by_name[server]
        wanted = name_of(url_of(server))
        return next((one for one in self.by_name.values() if name_of(one.url) == wanted), None)

    def put(self, one: SignIn, *, is_current: bool = False) -> None:
        self.by_name[one.name] = one
        if is_current:
            self.current = one.name
        self._write()

    def set_prompts(self, *, enabled: bool) -> None:
        self.prompts = enabled
        self._write()

    def drop(self, name: str) -> None:
        self.by_name.pop(name, None)
        if self.current == name:
            self.current = ""
        self._write()

    def renewed(self, one: SignIn, token: str, refresh_token: str) -> SignIn:
        made = replace(one, token=token, refresh_token=refresh_token or one.refresh_token)
        self.put(made)
        return made

    def _read(self) -> tuple[str, dict[str, SignIn]]:
        try:
            document: Any = json.loads(self.path.read_bytes())
            servers = [SignIn(**item) for item in document.get("servers") or ()]
            self.prompts = bool(document.get("prompts"))
            return str(document.get("current") or ""), {one.name: one for one in servers}
        except FileNotFoundError:
            return "", {}
        except (OSError, ValueError, TypeError, AttributeError):
            raise CommandError(f"{self.path} cannot be read: fix or delete it, and sign in again") from None

    def _write(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        servers = [{name: getattr(one, name) for name in STORED} for one in self.by_name.values()]
        beside = self.path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"current": self.current, "prompts": self.prompts, "servers": servers}, file, indent=1)
        beside.replace(self.path)


def url_of(server: str, *, plaintext: bool = False) -> str:
    """Of HOST[:PORT] or a URL. Raises CommandError."""
    text = server if "://" in server else f"{'http' if plaintext else 'https'}://{server}"
    parts = urlsplit(text)
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise CommandError(f"server {server!r}: give HOST, HOST:PORT or an http or https URL", Exit.CALL_FAILED)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def name_of(url: str) -> str:
    """Host, port and path: what a user calls the server."""
    return url.partition("://")[2]
