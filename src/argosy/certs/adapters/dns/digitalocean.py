"""DigitalOcean's API, with a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from argosy.certs.adapters.dns.provider import TTL, Api, bare

URL: Final = "https://api.digitalocean.com/v2"


@dataclass(frozen=True, slots=True)
class DigitalOcean:
    api: Api
    authorization: str
    url: str = URL

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        if await self._found(fqdn, zone, value):
            return
        body = {"type": "TXT", "name": fqdn, "data": value, "ttl": TTL}
        await self.api.call("POST", self._place(zone), authorization=self.authorization, body=body)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        for one in await self._found(fqdn, zone, value):
            url = f"{self._place(zone)}/{quote(str(one['id']), safe='')}"
            await self.api.call("DELETE", url, authorization=self.authorization, allowed=(404,))

    def _place(self, zone: str) -> str:
        return f"{self.url}/domains/{quote(bare(zone), safe='')}/records"

    async def _found(self, fqdn: str, zone: str, value: str) -> list[dict[str, Any]]:
        query = urlencode({"type": "TXT", "name": bare(fqdn), "per_page": 200})
        _, answer = await self.api.call("GET", f"{self._place(zone)}?{query}", authorization=self.authorization)
        listed = (answer or {}).get("domain_records") or []
        return [one for one in listed if str(one.get("data", "")).strip('"') == value]
