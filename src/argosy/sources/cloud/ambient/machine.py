"""Requests to the services of the machine that this process runs on.

Their addresses are link-local, which the egress policy refuses. A request to one of them may go to that address and to
no other; a host that the operator configures instead is subject to the policy. No redirect is followed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping
from urllib.parse import urlsplit

from argosy.sources.cloud.ambient.passwords import ANSWER_LIMIT, SECONDS
from argosy.sources.egress import Answer, Egress, EgressPolicy
from argosy.sources.egress.policy import Address
from argosy.sources.port import Credentials


def only(address: Address) -> Egress:
    return Egress(EgressPolicy(only=address))


class MachineServices:
    """`only`: makes the client for one address."""

    def __init__(self, egress: Egress, only: Callable[[Address], Egress] = only) -> None:
        self._egress, self._only = egress, only

    async def get(self, url: str, headers: Mapping[str, str], addresses: Collection[str]) -> Answer:
        """`addresses`: those of the service that may be contacted directly. Raises like `Egress.request`."""
        host = urlsplit(url).hostname or ""
        if host not in addresses:
            return await _got(self._egress, url, headers)
        egress = self._only(ipaddress.ip_address(host))
        try:
            return await _got(egress, url, headers)
        finally:
            await egress.close()


async def _got(egress: Egress, url: str, headers: Mapping[str, str]) -> Answer:
    return await egress.request("GET", url, Credentials(), limit=ANSWER_LIMIT, headers=headers, seconds=SECONDS)
