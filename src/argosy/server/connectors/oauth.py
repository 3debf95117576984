"""The authorization code flow (RFC 6749) with PKCE (RFC 7636), shared by the OAuth connectors."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from argosy.server.connectors.asking import Web
from argosy.server.connectors.identity import ConnectorError, Refused, Sent, SignIn


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFlow:
    name: str
    authorize_url: str
    token_url: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    web: Web

    def begin(self, sign_in: SignIn, **more: str) -> Sent:
        digest = hashlib.sha256(sign_in.verifier.encode()).digest()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": sign_in.callback,
            "response_type": "code",
            "scope": " ".join(self.scopes),
            "state": sign_in.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **{name: value for name, value in more.items() if value},
        }
        separator = "&" if urlsplit(self.authorize_url).query else "?"
        return Sent(f"{self.authorize_url}{separator}{urlencode(asked)}")

    async def tokens(self, sign_in: SignIn, given: Mapping[str, str]) -> dict[str, str]:
        """The token endpoint's answer to a code, strings only. Raises ConnectorError."""
        if problem := given.get("error"):
            raise Refused(f"{self.name}: {problem[:100]}")
        if not given.get("code"):
            raise ConnectorError(f"{self.name} sent no code")
        found = await self.web.post(
            self.token_url,
            {
                "grant_type": "authorization_code",
                "code": given["code"],
                "redirect_uri": sign_in.callback,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "code_verifier": sign_in.verifier,
            },
        )
        if problem := found.get("error"):  # GitHub reports errors with 200
            raise ConnectorError(f"{self.name}: {str(problem)[:100]}")
        texts = {name: value for name, value in found.items() if isinstance(value, str)}
        if not texts.get("access_token") and not texts.get("id_token"):
            raise ConnectorError(f"{self.name} gave no token")
        return texts
