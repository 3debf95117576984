"""The identity that a connector found, and the connectors' interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from argosy.machinery.unexpected import Shown


class ConnectorError(Shown):
    """The sign-in failed. The text is shown to the user: it contains no secret."""


class Refused(ConnectorError):
    """The user may not sign in: wrong organisation, domain or password."""


class WrongPassword(Refused):
    """The account exists: failed attempts for it are counted."""


class SettingsError(ConnectorError):
    """`dex.config` is invalid; the text names the connector and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    user_id: str
    username: str = ""
    preferred_username: str = ""
    email: str = ""
    email_verified: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """State of one sign-in while the browser is at the provider, signed in its cookie."""

    callback: str
    state: str
    nonce: str
    verifier: str
    request_id: str = ""
    """The ID of the SAML request."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the browser is sent: a URL, or a form that it posts there."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """None for a plain URL."""


class Redirecting(Protocol):
    """The provider asks for the password and redirects the browser back."""

    async def begin(self, sign_in: SignIn) -> Sent: ...

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        """`given`: the query or form with which the browser returned. Raises ConnectorError."""
        ...


class AskingPassword(Protocol):
    """The server asks for the password itself."""

    prompt: str

    async def check(self, username: str, password: str) -> Identity:
        """Raises Refused; ConnectorError if the provider cannot be reached."""
        ...


Connector = Redirecting | AskingPassword


@dataclass(frozen=True, slots=True)
class Options:
    """A connector's `config`; any string may refer to a Secret's value."""

    where: str
    """The connector's name for messages."""
    given: Mapping[str, Any]
    resolve: Callable[[str], str] = field(repr=False)

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        value = self.given.get(name)
        if value is None and required:
            raise SettingsError(f"dex.config: {self.where}: config.{name} is missing")
        if value is not None and not isinstance(value, str | int | float):
            raise SettingsError(f"dex.config: {self.where}: config.{name} must be a text")
        found = self.resolve(str(value)) if value is not None else ""
        if required and not found:
            raise SettingsError(f"dex.config: {self.where}: config.{name} is empty")
        return found or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.given.get(name, default)
        if not isinstance(value, bool):
            raise SettingsError(f"dex.config: {self.where}: config.{name} must be true or false, not {value!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.given.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SettingsError(f"dex.config: {self.where}: config.{name} must be a list of texts")
        return tuple(self.resolve(item) for item in value)

    def part(self, name: str) -> Options:
        value = self.given.get(name) or {}
        if not isinstance(value, dict):
            raise SettingsError(f"dex.config: {self.where}: config.{name} must be an object")
        return Options(f"{self.where}: config.{name}", value, self.resolve)

    def parts(self, name: str) -> tuple[Options, ...]:
        value = self.given.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise SettingsError(f"dex.config: {self.where}: config.{name} must be a list of objects")
        return tuple(Options(f"{self.where}: config.{name}", item, self.resolve) for item in value)
