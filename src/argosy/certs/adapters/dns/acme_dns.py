"""acme-dns: a server that only serves challenge answers; a name is delegated to its own record by a CNAME.

It keeps only the last two values itself, so nothing is deleted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from argosy.certs.adapters.dns.provider import Api, ProviderError


@dataclass(frozen=True, slots=True)
class AcmeDns:
    """`accounts` is the JSON of a Secret, by domain."""

    api: Api
    host: str
    accounts: bytes
    domain: str

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        account = self._account()
        headers = {"X-Api-User": str(account.get("username", "")), "X-Api-Key": str(account.get("password", ""))}
        body = {"subdomain": account.get("subdomain", ""), "txt": value}
        host = self.host if "://" in self.host else f"https://{self.host}"
        await self.api.call("POST", f"{host.rstrip('/')}/update", headers=headers, body=body)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        """Nothing to do."""

    def _account(self) -> dict[str, Any]:
        try:
            found = json.loads(self.accounts)[self.domain]
        except (ValueError, KeyError, TypeError):
            raise ProviderError(
                f"the account Secret has no acme-dns account of {self.domain}, as JSON by domain"
            ) from None
        if not isinstance(found, dict):
            raise ProviderError(f"the acme-dns account of {self.domain} is not a JSON object")
        return found
