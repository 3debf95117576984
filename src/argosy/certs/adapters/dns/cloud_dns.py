"""Google Cloud DNS, with a service account's key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from argosy.certs.adapters.dns.provider import TTL, Api, ProviderError

URL: Final = "https://dns.googleapis.com/dns/v1"


@dataclass(frozen=True, slots=True)
class CloudDns:
    """`token` returns an access token."""

    api: Api
    token: Callable[[], Awaitable[str]]
    project: str
    zone_name: str = ""
    url: str = URL

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=True)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=False)

    async def _change(self, fqdn: str, zone: str, value: str, *, adding: bool) -> None:
        authorization = f"Bearer {await self.token()}"
        place = await self._place(zone, authorization)
        query = urlencode({"name": fqdn, "type": "TXT"})
        _, answer = await self.api.call("GET", f"{place}/rrsets?{query}", authorization=authorization)
        there: dict[str, Any] | None = next(iter((answer or {}).get("rrsets") or ()), None)
        before = [one.strip('"') for one in (there or {}).get("rrdatas") or ()]
        kept = [one for one in before if one != value]
        wanted = [*kept, value] if adding else kept
        if wanted == before or (not adding and value not in before):
            return
        body: dict[str, Any] = {"deletions": [there] if there else [], "additions": []}
        if wanted:
            rrdatas = [f'"{one}"' for one in wanted]
            body["additions"] = [{"name": fqdn, "type": "TXT", "ttl": TTL, "rrdatas": rrdatas}]
        await self.api.call("POST", f"{place}/changes", authorization=authorization, body=body)

    async def _place(self, zone: str, authorization: str) -> str:
        base = f"{self.url}/projects/{quote(self.project, safe='')}/managedZones"
        name = self.zone_name
        if not name:
            _, answer = await self.api.call(
                "GET", f"{base}?{urlencode({'dnsName': zone})}", authorization=authorization
            )
            listed = (answer or {}).get("managedZones") or []
            name = next((str(one["name"]) for one in listed if one.get("visibility", "public") == "public"), "")
        if not name:
            raise ProviderError(f"the project {self.project} has no public zone {zone}")
        return f"{base}/{quote(name, safe='')}"
