"""Akamai Edge DNS, with requests signed by EdgeGrid's scheme."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from argosy.certs.adapters.dns.provider import Api, bare
from argosy.runtime.chance import Rng

TTL: Final = 300


@dataclass(frozen=True, slots=True)
class Akamai:
    api: Api
    rng: Rng
    domain: str
    client_token: str = field(repr=False)
    client_secret: str = field(repr=False)
    access_token: str = field(repr=False)

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        there = await self._values(fqdn, zone)
        if value not in there:
            await self._write("PUT" if there else "POST", fqdn, zone, [*there, value])

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        there = await self._values(fqdn, zone)
        if value in there:
            kept = [one for one in there if one != value]
            await self._write("PUT" if kept else "DELETE", fqdn, zone, kept)

    async def _values(self, fqdn: str, zone: str) -> list[str]:
        url = self._url(fqdn, zone)
        authorization = self._signed("GET", url, b"")
        status, answer = await self.api.call("GET", url, authorization=authorization, allowed=(404,))
        return [] if status == 404 else [str(one).strip('"') for one in (answer or {}).get("rdata") or ()]

    async def _write(self, method: str, fqdn: str, zone: str, values: list[str]) -> None:
        url = self._url(fqdn, zone)
        rdata = [f'"{one}"' for one in values]
        body: Any = {"name": bare(fqdn), "type": "TXT", "ttl": TTL, "rdata": rdata} if values else None

        content = json.dumps(body).encode() if body else b""
        authorization = self._signed(method, url, content if method == "POST" else b"")
        await self.api.call(method, url, body=body, authorization=authorization, allowed=(404,))

    def _url(self, fqdn: str, zone: str) -> str:
        host = self.domain if "://" in self.domain else f"https://{self.domain}"
        place = f"zones/{quote(bare(zone), safe='')}/names/{quote(bare(fqdn), safe='')}/types/TXT"
        return f"{host.rstrip('/')}/config-dns/v2/{place}"

    def _signed(self, method: str, url: str, content: bytes) -> str:
        """EG1-HMAC-SHA256: only the body of a POST is signed."""
        moment = self.api.clock.now().strftime("%Y%m%dT%H:%M:%S+0000")
        head = (
            f"EG1-HMAC-SHA256 client_token={self.client_token};access_token={self.access_token};"
            f"timestamp={moment};nonce={self.rng.uuid()};"
        )
        parts = urlsplit(url)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode() if content else ""
        text = "\t".join((method, parts.scheme, parts.netloc, parts.path, "", digest, head))
        key = base64.b64encode(hmac.digest(self.client_secret.encode(), moment.encode(), "sha256"))
        return f"{head}signature={base64.b64encode(hmac.digest(key, text.encode(), 'sha256')).decode()}"
