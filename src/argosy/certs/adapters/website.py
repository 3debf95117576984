"""Whether a website serves the key of an HTTP-01 challenge: asked several times, since it may have several replicas."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from argosy.certs.acme.http01_objects import PATH
from argosy.certs.acme.ports import CheckWebsite, NotYet, Visible
from argosy.certs.adapters.dns.lookup import Lookup, LookupFailed
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer, Egress
from argosy.sources.port import Credentials, SourceError

TIMES: Final = 5
APART: Final = 2.0
SECONDS: Final = 10.0
LIMIT: Final = 1024 * 1024
_ANY_CERTIFICATE: Final = Credentials(insecure=True)
"""A redirect may lead to HTTPS with the very certificate that is being ordered, so TLS is not verified."""


class Websites:
    """`lookup` resolves names if DNS servers other than the machine's are configured."""

    def __init__(self, egress: Egress, clock: Clock, lookup: Lookup) -> None:
        self._egress, self._clock, self._lookup = egress, clock, lookup

    async def check(self, asked: CheckWebsite) -> Visible | NotYet:
        host = f"[{asked.host}]" if ":" in asked.host else asked.host
        url = f"http://{host}{PATH}{quote(asked.token, safe='')}"  # quoted: an untrusted token cannot change the path
        for number in range(TIMES):
            if number:
                await self._clock.sleep(APART)
            if (fault := await self._fault(url, asked)) is not None:
                return NotYet(fault)
        return Visible()

    async def _fault(self, url: str, asked: CheckWebsite) -> str | None:
        try:
            answer = await self._clock.external(self._get(url, asked))
        except SourceError as error:
            why = str(error).removeprefix(f"{url}: ")
            return f"failed to perform self check GET request '{url}': Get \"{url}\": {why}"
        except LookupFailed as error:
            return f"failed to perform self check GET request '{url}': {error}"
        if answer.status != 200:
            return f"wrong status code '{answer.status}', expected '200'"
        if answer.body.strip() != asked.key.encode():
            return f"another answer than the key of the challenge is served at {url}, of {len(answer.body)} bytes"
        return None

    async def _get(self, url: str, asked: CheckWebsite) -> Answer:
        if not asked.nameservers:
            return await self._egress.get(url, _ANY_CERTIFICATE, limit=LIMIT)
        addresses = await self._lookup.addresses(asked.host, asked.nameservers)
        place = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        there = url.replace(f"//{asked.host}/", f"//{place}/", 1)
        return await self._egress.get(there, _ANY_CERTIFICATE, limit=LIMIT, headers={"Host": asked.host})
