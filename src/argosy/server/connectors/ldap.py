"""`ldap`: an LDAP directory, through libldap with bonsai: the extra `argosy[ldap]`.

Searches for the user, then binds as the user with the given password; an empty password would be an anonymous bind
and is never tried. Names in filters are escaped (RFC 4515).
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Any, Final

from argosy.runtime.clock import Clock
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, SettingsError, WrongPassword

SECONDS: Final = 15.0
WRONG: Final = "Invalid username or password"
SCOPES: Final = ("sub", "one")


class Ldap:
    def __init__(self, options: Options, clock: Clock) -> None:
        """Raises SettingsError."""
        try:
            import bonsai
        except ImportError:
            raise SettingsError(f"dex.config: {options.where} needs a library: pip install 'argosy[ldap]'") from None
        self._bonsai: Any = bonsai
        self._name, self._clock = options.where, clock
        self.prompt = options.text("usernamePrompt", "Username")
        self._url = _url(options)
        self._start_tls = options.flag("startTLS")
        self._skips_check = options.flag("insecureSkipVerify")
        self._authority = options.text("rootCA") or _written(options.text("rootCAData"), options)
        self._bind = options.text("bindDN"), options.text("bindPW")
        self._users, self._groups = options.part("userSearch"), options.part("groupSearch")
        self._base = self._users.text("baseDN", required=True)
        self._login = self._users.text("username", required=True).split(",")
        self._id, self._email = self._users.text("idAttr", "uid"), self._users.text("emailAttr", "mail")
        self._suffix = self._users.text("emailSuffix")
        self._full_name = self._users.text("nameAttr")
        self._short_name = self._users.text("preferredUsernameAttr")

    async def check(self, username: str, password: str) -> Identity:
        if not username or not password:
            raise Refused(WRONG)
        errors = self._bonsai.errors
        try:
            return await self._clock.external(self._checked(username, password))
        except errors.AuthenticationError:
            raise ConnectorError(f"{self._name}: the directory does not take bindDN and bindPW") from None
        except (errors.LDAPError, OSError, TimeoutError) as error:
            raise ConnectorError(f"{self._name}: the directory cannot be asked: {type(error).__name__}") from None

    async def _checked(self, username: str, password: str) -> Identity:
        async with self._client(*self._bind).connect(is_async=True, timeout=SECONDS) as connection:
            entry = await self._found(connection, username)
            if entry is None:
                raise Refused(WRONG)
            try:
                async with self._client(str(entry.dn), password).connect(is_async=True, timeout=SECONDS):
                    pass
            except (self._bonsai.errors.AuthenticationError, self._bonsai.errors.UnwillingToPerform):
                raise WrongPassword(WRONG) from None
            return self._identity(entry, await self._groups_of(connection, entry))

    async def _found(self, connection: Any, username: str) -> Any:
        name = _escaped(username)
        wanted = "".join(f"({attribute.strip()}={name})" for attribute in self._login)
        wanted = f"(|{wanted})" if len(self._login) > 1 else wanted
        entries = await self._search(connection, self._users, self._base, wanted)
        if len(entries) > 1:
            raise ConnectorError(f"{self._name}: {len(entries)} entries have this name")
        return entries[0] if entries else None

    def _identity(self, entry: Any, groups: tuple[str, ...]) -> Identity:
        user = _first(entry, self._id)
        local, email = self._suffix, _first(entry, self._email)
        if local:
            email = f"{user}@{local}"
        if not user or not email:
            missing = self._id if not user else self._email
            raise ConnectorError(f"{self._name}: the entry has no attribute {missing}")
        return Identity(
            user_id=user,
            username=_first(entry, self._full_name) if self._full_name else "",
            preferred_username=_first(entry, self._short_name) if self._short_name else "",
            email=email,
            email_verified=True,
            groups=groups,
        )

    async def _groups_of(self, connection: Any, entry: Any) -> tuple[str, ...]:
        base = self._groups.text("baseDN")
        if not base:
            return ()
        matchers = [(one.text("userAttr"), one.text("groupAttr")) for one in self._groups.parts("userMatchers")]
        matchers = matchers or [(self._groups.text("userAttr"), self._groups.text("groupAttr"))]
        name, found = self._groups.text("nameAttr", required=True), dict[str, None]()
        for user_attribute, group_attribute in matchers:
            values = [str(entry.dn)] if user_attribute == "DN" else [str(one) for one in entry.get(user_attribute, ())]
            for value in values:
                wanted = f"({group_attribute}={_escaped(value)})"
                for group in await self._search(connection, self._groups, base, wanted):
                    if text := _first(group, name):
                        found[text] = None
        return tuple(found)

    async def _search(self, connection: Any, options: Options, base: str, wanted: str) -> list[Any]:
        scopes = self._bonsai.LDAPSearchScope
        scope = options.text("scope", "sub")
        if scope not in SCOPES:
            raise SettingsError(f"dex.config: {options.where}.scope must be sub or one, not {scope!r}")
        further = options.text("filter")
        text = f"(&{further}{wanted})" if further else wanted
        found = await connection.search(base, scopes.SUBTREE if scope == "sub" else scopes.ONELEVEL, text)
        return list(found)

    def _client(self, name: str, password: str) -> Any:
        client = self._bonsai.LDAPClient(self._url, self._start_tls)
        if name:
            client.set_credentials("SIMPLE", user=name, password=password)
        client.set_cert_policy("never" if self._skips_check else "demand")
        if self._authority:
            client.set_ca_cert(self._authority)
        return client


def _url(options: Options) -> str:
    host = options.text("host", required=True)
    plain = options.flag("insecureNoSSL")
    if plain and options.flag("startTLS"):
        raise SettingsError(f"dex.config: {options.where}: config.insecureNoSSL and config.startTLS exclude each other")
    scheme = "ldap" if plain or options.flag("startTLS") else "ldaps"
    return f"{scheme}://{host}"


def _written(encoded: str, options: Options) -> str:
    """libldap reads CAs only from files."""
    if not encoded:
        return ""
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise SettingsError(f"dex.config: {options.where}: config.rootCAData is not base64") from None
    with tempfile.NamedTemporaryFile(prefix="argosy-ldap-", suffix=".pem", delete=False) as file:
        file.write(data)
    return str(Path(file.name))


def _first(entry: Any, attribute: str) -> str:
    found = entry.get(attribute) or ()
    return str(found[0]) if found else ""


def _escaped(text: str) -> str:
    """RFC 4515, section 3."""
    special = {"\\", "*", "(", ")", "\0"}
    return "".join(f"\\{ord(char):02x}" if char in special else char for char in text)
