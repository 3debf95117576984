"""External webhook solvers, served by the Kubernetes API server as an aggregated API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from argosy.certs.acme.ports import Record
from argosy.certs.adapters.dns.provider import ProviderError
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client


@dataclass(frozen=True, slots=True)
class Webhook:
    client: Client
    group: str
    solver: str
    config: Any
    record: Record

    async def present(self, fqdn: str, zone: str, value: str) -> None:
        await self._ask("Present", fqdn, zone)

    async def remove(self, fqdn: str, zone: str, value: str) -> None:
        await self._ask("CleanUp", fqdn, zone)

    async def _ask(self, action: str, fqdn: str, zone: str) -> None:
        request: JsonObject = {
            "uid": self.record.owner,
            "action": action,
            "type": "dns-01",
            "dnsName": self.record.domain,
            "key": self.record.key,
            "resourceNamespace": self.record.namespace,
            "resolvedFQDN": fqdn,
            "resolvedZone": zone,
            "allowAmbientCredentials": self.record.ambient,
        }
        if self.config is not None:
            request["config"] = self.config
        payload = {
            "apiVersion": f"{self.group}/v1alpha1",
            "kind": "ChallengePayload",
            "metadata": {"name": ""},
            "request": request,
        }
        kind = Resource(self.group, "v1alpha1", self.solver, "ChallengePayload", namespaced=False)
        try:
            answer = await self.client.write(requests.create(kind, payload))
        except StatusError as error:
            raise ProviderError(f"the webhook solver {self.group}/{self.solver}: {error.code} {error.reason}") from None
        response = answer.get("response") or {}
        if response.get("success") is not True:
            reason = str((response.get("status") or {}).get("message") or "without a reason")[:500]
            raise ProviderError(f"the webhook solver {self.group}/{self.solver} refused: {reason}")
