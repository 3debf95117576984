"""Azure DNS, with a service principal, or with the identity of this process or its machine if that is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from argosy.certs.adapters.dns.azure_identity import MachineIdentity, machine_token
from argosy.certs.adapters.dns.provider import TTL, Api, ProviderError, bare, relative

LOGIN: Final = {
    "AzureUSGovernmentCloud": "https://login.microsoftonline.us",
    "AzureChinaCloud": "https://login.chinacloudapi.cn",
}
MANAGEMENT: Final = {
    "AzureUSGovernmentCloud": "https://management.usgovcloudapi.net",
    "AzureChinaCloud": "https://management.chinacloudapi.cn",
}
_VERSIONS: Final = {"dnsZones": "2018-05-01", "privateDnsZones": "2020-06-01"}
_TRIES: Final = 3
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Principal:
    """The client that asks, and the form fields that authenticate it."""

    tenant: str
    client_id: str
    proof: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AzureDns:
    api: Api
    principal: Principal | MachineIdentity
    subscription: str
    resource_group: str
    zone_name: str = ""
    is_private: bool = False
    login: str = "https://login.microsoftonline.com"
    management: str = "https://management.azure.com"

    @classmethod
    def of(
        cls, api: Api, config: Mapping[str, Any], secret: bytes, environment: Mapping[str, str] | None = None
    ) -> AzureDns:
        """`environment`: of the process, if its own identity may be used. Raises ProviderError."""
        cloud = str(config.get("environment") or "")
        return cls(
            api,
            _principal(config, secret, environment),
            str(config.get("subscriptionID") or ""),
            str(config.get("resourceGroupName") or ""),
            str(config.get("hostedZoneName") or ""),
            config.get("zoneType") == "AzurePrivateZone",
            LOGIN.get(cloud, "https://login.microsoftonline.com"),
            MANAGEMENT.get(cloud, "https://management.azure.com"),
        )

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=True)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        await self._change(fqdn, zone, value, adding=False)

    async def _change(self, fqdn: str, zone: str, value: str, *, adding: bool) -> None:
        """Uses the etag, so that a concurrent change of the record is not overwritten."""
        authorization, url = f"Bearer {await self._token()}", self._url(fqdn, zone)
        for _ in range(_TRIES):
            status, found = await self.api.call("GET", url, authorization=authorization, allowed=(404,))
            records = (((found or {}).get("properties") or {}).get("TXTRecords") or []) if status != 404 else []
            if not records and status != 404:
                records = ((found or {}).get("properties") or {}).get("txtRecords") or []
            before = ["".join(one.get("value") or ()) for one in records]
            kept = [one for one in before if one != value]
            wanted = [*kept, value] if adding else kept
            if wanted == before or (not adding and value not in before):
                return
            headers = {"If-Match": str(found.get("etag", "*"))} if status != 404 else {"If-None-Match": "*"}
            method = "PUT" if wanted else "DELETE"
            body = {"properties": {"TTL": TTL, "TXTRecords": [{"value": [one]} for one in wanted]}} if wanted else None
            done, _ = await self.api.call(
                method, url, headers=headers, body=body, authorization=authorization, allowed=(412,)
            )
            if done != 412:
                return
        raise ProviderError("azure: the record is changed by others all the time")

    def _url(self, fqdn: str, zone: str) -> str:
        kind = "privateDnsZones" if self.is_private else "dnsZones"
        name = self.zone_name or bare(zone)
        parts = (
            f"subscriptions/{quote(self.subscription, safe='')}",
            f"resourceGroups/{quote(self.resource_group, safe='')}",
            f"providers/Microsoft.Network/{kind}/{quote(name, safe='')}",
            f"TXT/{quote(relative(fqdn, f'{name}.') or '@', safe='')}",
        )
        return f"{self.management}/{'/'.join(parts)}?api-version={_VERSIONS[kind]}"

    async def _token(self) -> str:
        principal = self.principal
        if isinstance(principal, MachineIdentity):
            return await machine_token(self.api, principal, self.management)
        form = {
            "grant_type": "client_credentials",
            "client_id": principal.client_id,
            "scope": f"{self.management}/.default",
            **principal.proof,
        }
        url = f"{self.login}/{quote(principal.tenant, safe='')}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.api.send("POST", url, headers, urlencode(form).encode())
        if answer.status != 200:
            raise ProviderError(f"azure gave no token for the client {principal.client_id}: status {answer.status}")
        try:
            return str(orjson.loads(answer.body)["access_token"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise ProviderError("azure's answer holds no token") from None


def _principal(
    config: Mapping[str, Any], secret: bytes, environment: Mapping[str, str] | None
) -> Principal | MachineIdentity:
    """The solver's identity, else this process's, else the machine's. Raises ProviderError if there is none."""
    if config.get("clientID"):
        if not (config.get("tenantID") and secret):
            raise ProviderError("azureDNS: clientID, clientSecretSecretRef and tenantID are needed together")
        proof = {"client_secret": secret.decode("utf-8", "replace").strip()}
        return Principal(str(config["tenantID"]), str(config["clientID"]), proof)
    if environment is None:
        raise ProviderError("azureDNS: the machine's own identity may not be used for this issuer: name a clientID")
    chosen = config.get("managedIdentity") or {}
    file = environment.get("AZURE_FEDERATED_TOKEN_FILE", "")
    if not file:
        return MachineIdentity.of(chosen, environment)
    tenant = str(chosen.get("tenantID") or environment.get("AZURE_TENANT_ID", ""))
    client = str(chosen.get("clientID") or environment.get("AZURE_CLIENT_ID", ""))
    if not (tenant and client):
        raise ProviderError(
            "azureDNS: this process has the file of a workload identity, and neither the solver nor AZURE_TENANT_ID "
            "and AZURE_CLIENT_ID say whose it is"
        )
    try:
        assertion = Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ProviderError(f"AZURE_FEDERATED_TOKEN_FILE: {file}: {type(error).__name__}") from None
    return Principal(tenant, client, {"client_assertion_type": _ASSERTION, "client_assertion": assertion})
