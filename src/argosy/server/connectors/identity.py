"""Who somebody is, as a connector came to know, and how connectors are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from argosy.machinery.unexpected import Told


class ConnectorError(Told):
    """The sign-in did not work. The text is shown to who signs in: no secret is in it."""


class Refused(ConnectorError):
    """Who signed in may not: the wrong organisation, domain or password."""


class WrongPassword(Refused):
    """Of an account that there is: guesses at it are counted."""


class SettingsError(ConnectorError):
    """`dex.config` is wrong; names the connector and the field."""


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
    """What is remembered of one sign-in while the browser is away, signed in its cookie."""

    callback: str
    state: str
    nonce: str
    verifier: str
    request_id: str = ""
    """Of a SAML request."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where the browser goes: an address, or a form that it posts there."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """None: it is a plain address."""


class Redirecting(Protocol):
    """Somebody else asks for the password, and sends the browser back."""

    async def begin(self, sign_in: SignIn) -> Sent: ...

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        """`given`: the query or form that the browser came back with. Raises ConnectorError."""
        ...


class AskingPassword(Protocol):
    """We ask for the password."""

    prompt: str

    async def check(self, username: str, password: str) -> Identity:
        """Raises Refused; ConnectorError when nobody can say."""
        ...


Connector = Redirecting | AskingPassword


@dataclass(frozen=True, slots=True)
class Options:
    """A connector's `config`; every text may name a Secret's value."""

    where: str
    """The connector, for messages."""
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
