"""The connectors in argocd-cm's `dex.config`; each is created at its first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from argosy.runtime.clock import Clock
from argosy.server.configuration import Configuration
from argosy.server.connectors.identity import Connector, Options, SettingsError

PATH: Final = "/api/dex"


@dataclass(frozen=True, slots=True)
class Configured:
    """One entry of `connectors`."""

    id: str
    name: str
    type: str
    config: Mapping[str, Any]


class Connectors:
    def __init__(self, configuration: Configuration, clock: Clock) -> None:
        self._configuration, self._clock = configuration, clock
        self._read: tuple[str, tuple[Configured, ...]] = ("", ())
        self._made: dict[str, tuple[object, Connector]] = {}

    @property
    def issuer(self) -> str:
        return f"{self._configuration.url}{PATH}"

    @property
    def callback(self) -> str:
        return f"{self.issuer}/callback"

    def all(self) -> tuple[Configured, ...]:
        """Raises SettingsError."""
        text = self._configuration.settings.get("dex.config", "")
        if self._read[0] != text:
            self._read = (text, read(text))
        return self._read[1]

    def get(self, name: str) -> Connector:
        """Raises SettingsError."""
        found = next((one for one in self.all() if one.id == name), None)
        if found is None:
            raise SettingsError(f"dex.config has no connector {name!r}")
        # Recreated when a Secret changes, because it contains resolved values.
        depends = (found, self._configuration.url, id(self._configuration.secret))
        known = self._made.get(name)
        if known is None or known[0] != depends:
            options = Options(f"connector {found.id}", found.config, self._configuration.resolve)
            known = self._made[name] = (depends, made(found.type, options, self))
        return known[1]

    @property
    def configuration(self) -> Configuration:
        return self._configuration

    @property
    def clock(self) -> Clock:
        return self._clock


def read(text: str) -> tuple[Configured, ...]:
    """Raises SettingsError."""
    try:
        found: Any = yaml.load(text, Loader=yaml.CSafeLoader) if text else None  # the safe loader, in C
    except yaml.YAMLError:
        raise SettingsError("dex.config is not YAML") from None
    listed = (found.get("connectors") if isinstance(found, dict) else None) or []
    if not isinstance(listed, list):
        raise SettingsError("dex.config: connectors must be a list")
    made_of = []
    for at, item in enumerate(listed):
        if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in ("id", "name", "type")):
            raise SettingsError(f"dex.config: connectors[{at}] needs id, name and type")
        config = item.get("config") or {}
        if not isinstance(config, dict):
            raise SettingsError(f"dex.config: connectors[{at}].config must be an object")
        made_of.append(Configured(item["id"], item["name"], item["type"], config))
    return tuple(made_of)


def made(kind: str, options: Options, of: Connectors) -> Connector:
    """Raises SettingsError."""
    make = KINDS.get(kind)
    if make is None:
        known = ", ".join(sorted(KINDS))
        raise SettingsError(f"dex.config: {options.where}: type {kind!r} is not known here; those that are: {known}")
    return make(options, of)


def _github(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.github import GitHub

    return GitHub(options)


def _gitlab(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.gitlab import GitLab

    return GitLab(options)


def _google(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.google import Google

    return Google(options, of.configuration, of.clock)


def _ldap(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.ldap import Ldap

    return Ldap(options, of.clock)


def _microsoft(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.microsoft import Microsoft

    return Microsoft(options)


def _oidc(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.oidc import OpenIdConnect

    return OpenIdConnect(options, of.configuration, of.clock)


def _saml(options: Options, of: Connectors) -> Connector:
    from argosy.server.connectors.saml import Saml

    return Saml(options, of.clock, of.callback)


KINDS: Final[Mapping[str, Callable[[Options, Connectors], Connector]]] = {
    "github": _github,
    "gitlab": _gitlab,
    "google": _google,
    "ldap": _ldap,
    "microsoft": _microsoft,
    "oidc": _oidc,
    "saml": _saml,
}
