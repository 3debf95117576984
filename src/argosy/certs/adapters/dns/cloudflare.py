"""Cloudflare's API, with a token or with e-mail and key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from argosy.certs.adapters.dns.provider import Api, ProviderError, bare

URL: Final = "https://api.cloudflare.com/client/v4"
TTL: Final = 120
_EXISTS: Final = 81057, 81058


@dataclass(frozen=True, slots=True)
class Cloudflare:
    api: Api
    headers: dict[str, str]
    url: str = URL

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        place = await self._records(zone)
        if await self._found(place, fqdn, value):
            return
        body = {"type": "TXT", "name": bare(fqdn), "content": f'"{value}"', "ttl": TTL}
        status, answer = await self.api.call("POST", place, headers=self.headers, body=body, allowed=(400,))
        if status == 400 and not any(one.get("code") in _EXISTS for one in (answer or {}).get("errors") or ()):
            raise ProviderError(f"cloudflare did not make the record: {_error_text(answer)}")

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        place = await self._records(zone)
        for one in await self._found(place, fqdn, value):
            url = f"{place}/{quote(str(one['id']), safe='')}"
            await self.api.call("DELETE", url, headers=self.headers, allowed=(404,))

    async def _records(self, zone: str) -> str:
        _, answer = await self.api.call(
            "GET", f"{self.url}/zones?{urlencode({'name': bare(zone)})}", headers=self.headers
        )
        found = (answer or {}).get("result") or []
        if not found:
            raise ProviderError(f"cloudflare has no zone {bare(zone)} that this token may see")
        return f"{self.url}/zones/{quote(str(found[0]['id']), safe='')}/dns_records"

    async def _found(self, place: str, fqdn: str, value: str) -> list[dict[str, Any]]:
        query = urlencode({"type": "TXT", "name": bare(fqdn), "per_page": 100})
        _, answer = await self.api.call("GET", f"{place}?{query}", headers=self.headers)
        listed = (answer or {}).get("result") or []
        return [one for one in listed if str(one.get("content", "")).strip('"') == value]


def _error_text(answer: Any) -> str:
    return "; ".join(str(one.get("message", ""))[:200] for one in (answer or {}).get("errors") or ())
