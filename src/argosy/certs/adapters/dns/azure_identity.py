"""The token of the machine's managed identity, from Azure's instance metadata service.

This is our only request to a metadata service. Its address is fixed, and it may go to no other; one that the operator
configures instead is subject to the egress policy. An object can only choose which identity is used; no redirect is
followed and no proxy is used. Only issuers that may use the machine's identity can cause it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from argosy.certs.adapters.dns.provider import Api, ProviderError
from argosy.sources.egress import Answer, Egress, EgressPolicy

ADDRESS: Final = ip_address("169.254.169.254")
HOST: Final = f"http://{ADDRESS}"
HOST_NAME: Final = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
"""The environment variable that gives Azure's own clients another address."""
_VERSION: Final = "2018-02-01"


@dataclass(frozen=True, slots=True)
class MachineIdentity:
    """One of the machine's identities: by client id, by resource id, or the only one that it has."""

    client_id: str = ""
    resource_id: str = ""
    host: str = HOST

    @classmethod
    def of(cls, chosen: Mapping[str, Any], environment: Mapping[str, str]) -> MachineIdentity:
        """`chosen`: the solver's managedIdentity."""
        host = environment.get(HOST_NAME, "").rstrip("/") or HOST
        return cls(str(chosen.get("clientID") or ""), str(chosen.get("resourceID") or ""), host)


async def machine_token(api: Api, identity: MachineIdentity, resource: str) -> str:
    """A token for requests to `resource`. Raises ProviderError."""
    asked = {"api-version": _VERSION, "resource": resource}
    if identity.client_id:
        asked["client_id"] = identity.client_id
    elif identity.resource_id:
        asked["msi_res_id"] = identity.resource_id
    answer = await _sent(api, identity.host, f"/metadata/identity/oauth2/token?{urlencode(asked)}")
    if answer.status != 200:
        raise ProviderError(f"azure gave no token for the machine's identity: status {answer.status}")
    try:
        return str(orjson.loads(answer.body)["access_token"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ProviderError("azure's instance metadata holds no token") from None


async def _sent(api: Api, host: str, path: str) -> Answer:
    """Raises ProviderError."""
    if host != HOST:
        return await api.send("GET", f"{host}{path}", {"Metadata": "true"}, None)
    egress = Egress(EgressPolicy(only=ADDRESS))
    try:
        return await replace(api, egress=egress).send("GET", f"{host}{path}", {"Metadata": "true"}, None)
    finally:
        await egress.close()
