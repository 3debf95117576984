"""`saml`: SAML 2.0 with HTTP-POST, through pysaml2 and the program xmlsec1: the extra `argosy[saml]`.

A response is accepted only for the request that was sent, for our audience, within its time, and with a signature by
the provider's certificate. Signature checks cannot be disabled.
"""

from __future__ import annotations

import asyncio
import base64
import html
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from argosy.runtime.clock import Clock
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, Sent, SettingsError, SignIn

FORMATS: Final = {
    "emailaddress": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
}
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
MOST_BYTES: Final = 1 << 20


class Saml:
    def __init__(self, options: Options, clock: Clock, callback: str) -> None:
        """Raises SettingsError."""
        self._name, self._clock, self._callback = options.where, clock, callback
        if options.flag("insecureSkipSignatureValidation"):
            raise SettingsError(
                f"dex.config: {options.where}: config.insecureSkipSignatureValidation cannot be: anybody could be "
                "anybody"
            )
        self._url = options.text("ssoURL", required=True)
        self._issuer = options.text("ssoIssuer") or self._url
        self._entity = options.text("entityIssuer") or callback
        self._certificate = _certificate(options)
        self._user, self._email = options.text("usernameAttr", required=True), options.text("emailAttr", required=True)
        self._groups, self._delimiter = options.text("groupsAttr"), options.text("groupsDelim")
        self._allowed, self._filters = options.texts("allowedGroups"), options.flag("filterGroups")
        named = options.text("nameIDPolicyFormat", "persistent")
        self._format = FORMATS.get(named.lower(), named)
        self._client = self._made(options)

    def _made(self, options: Options) -> Any:
        program = shutil.which("xmlsec1")
        if program is None:
            raise SettingsError(f"dex.config: {options.where} needs the program xmlsec1")
        try:
            from saml2.client import Saml2Client
            from saml2.config import SPConfig
        except ImportError:
            raise SettingsError(f"dex.config: {options.where} needs a library: pip install 'argosy[saml]'") from None
        config = SPConfig()
        config.load(
            {
                "entityid": self._entity,
                "service": {
                    "sp": {
                        "endpoints": {"assertion_consumer_service": [(self._callback, POST)]},
                        "allow_unsolicited": False,
                        "authn_requests_signed": False,
                        "want_response_signed": False,
                        "want_assertions_signed": False,
                        "want_assertions_or_response_signed": True,
                    }
                },
                "metadata": {"inline": [self._metadata()]},
                "xmlsec_binary": program,
                "allow_unknown_attributes": True,
                "accepted_time_diff": 60,
            }
        )
        return Saml2Client(config)

    def _metadata(self) -> str:
        issuer, url = html.escape(self._issuer), html.escape(self._url)
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}">'
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
            f"<ds:X509Certificate>{self._certificate}</ds:X509Certificate>"
            "</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            f'<md:SingleSignOnService Binding="{POST}" Location="{url}"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    async def begin(self, sign_in: SignIn) -> Sent:
        _, request = self._client.create_authn_request(
            self._url, binding=POST, nameid_format=self._format, message_id=sign_in.request_id, sign=False
        )
        encoded = base64.b64encode(str(request).encode()).decode()
        return Sent(self._url, {"SAMLRequest": encoded, "RelayState": sign_in.state})

    async def finish(self, sign_in: SignIn, given: Mapping[str, str]) -> Identity:
        text = given.get("SAMLResponse", "")
        if not text or len(text) > MOST_BYTES:
            raise ConnectorError(f"{self._name} sent no response")
        try:
            response = await self._clock.external(
                asyncio.to_thread(
                    self._client.parse_authn_request_response, text, POST, outstanding={sign_in.request_id: "/"}
                )
            )
        except Exception as error:  # the library raises dozens of types, and their texts quote its input
            raise ConnectorError(f"{self._name}: the response does not count: {type(error).__name__}") from None
        if response is None or response.name_id is None or response.in_response_to != sign_in.request_id:
            raise ConnectorError(f"{self._name}: the response does not count")
        return self._identity(str(response.name_id.text), response.ava)

    def _identity(self, subject: str, attributes: Mapping[str, Any]) -> Identity:
        user, email = (_values(attributes, name) for name in (self._user, self._email))
        if not user or not email:
            missing = self._user if not user else self._email
            raise ConnectorError(f"{self._name}: the response has no attribute {missing}")
        return Identity(
            user_id=subject,
            username=user[0],
            preferred_username=user[0],
            email=email[0],
            email_verified=True,
            groups=self._groups_of(attributes),
        )

    def _groups_of(self, attributes: Mapping[str, Any]) -> tuple[str, ...]:
        found = _values(attributes, self._groups) if self._groups else []
        if self._delimiter:
            found = [part for value in found for part in value.split(self._delimiter)]
        if self._allowed and not set(found) & set(self._allowed):
            raise Refused(f"{self._name}: the user is in none of the groups that are allowed")
        if self._allowed and self._filters:
            found = [name for name in found if name in self._allowed]
        return tuple(found)


def _values(attributes: Mapping[str, Any], name: str) -> list[str]:
    found = attributes.get(name) or ()
    return [str(item) for item in ([found] if isinstance(found, str) else found)]


def _certificate(options: Options) -> str:
    """Base64 of the provider's certificate, without the PEM lines."""
    encoded, path = options.text("caData"), options.text("ca")
    try:
        text = base64.b64decode(encoded, validate=True).decode() if encoded else Path(path).read_text()
    except (OSError, ValueError):
        raise SettingsError(f"dex.config: {options.where}: config.ca or config.caData is not a certificate") from None
    found = re.search(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", text, re.DOTALL)
    if found is None:
        raise SettingsError(f"dex.config: {options.where}: config.ca or config.caData is not a certificate in PEM")
    return "".join(found[1].split())
