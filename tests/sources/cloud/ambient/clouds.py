"""The clouds' services on one scripted server: each request keeps the host that it was meant for."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from argosy.sources.cloud.ambient.aws import AwsIdentity
from argosy.sources.cloud.ambient.azure import AzureIdentity
from argosy.sources.cloud.ambient.google import GoogleIdentity
from argosy.sources.cloud.ambient.machine import MachineServices
from argosy.sources.cloud.ambient.tokens import AmbientTokens
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Answer, Egress, EgressPolicy
from argosy.sources.egress.policy import Address
from argosy.sources.port import Credentials, SourceError
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

AWS = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GOOGLE = "europe-docker.pkg.dev"
AZURE = "shop.azurecr.io"


def wanted(host: str, project: str = "demo") -> Credentials:
    return Credentials(ambient_registry=host, ambient_project=project)


@dataclass
class Request:
    """`sent`: the fields of a form."""

    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    direct: str = ""
    """The only address that it may go to; empty under the usual policy."""

    @property
    def sent(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class Rerouted(Egress):
    """Connects every request to the scripted server; the URL's host is in a header."""

    def __init__(self, server: str, direct: str = "") -> None:
        super().__init__(EgressPolicy(allow_loopback=True))
        self._server, self._direct = server, direct

    async def request(self, method: str, url: str, *arguments: Any, **keywords: Any) -> Answer:
        return await super().request(method, self._there(url), *arguments, **self._marked(url, keywords))

    async def post(self, url: str, *arguments: Any, **keywords: Any) -> Answer:
        return await super().post(self._there(url), *arguments, **self._marked(url, keywords))

    def _there(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{self._server}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    def _marked(self, url: str, keywords: dict[str, Any]) -> dict[str, Any]:
        marks = {"X-Host": f"{urlsplit(url).scheme}://{urlsplit(url).netloc}", "X-Direct": self._direct}
        return {**keywords, "headers": {**(keywords.get("headers") or {}), **marks}}


@dataclass
class Clouds:
    """`answer` gives the reply of each request; results are the credentials, or the errors."""

    clock: Any
    environment: Mapping[str, str]
    answer: Callable[[Request], Reply]
    product: str = ""
    asked: list[Request] = field(default_factory=list)

    def effective(self, *given: Credentials, pause: float = 0.0, together: bool = False) -> list[Any]:
        return asyncio.run(self._effective(given, pause, together))

    async def _effective(self, given: tuple[Credentials, ...], pause: float, together: bool) -> list[Any]:
        site = ScriptedHttp(self._reply)
        async with site.running():
            egress = Rerouted(site.url)
            tokens = self._tokens(egress, lambda address: Rerouted(site.url, str(address)))
            try:
                if together:
                    return list(await asyncio.gather(*(tokens.effective(one) for one in given), return_exceptions=True))
                found: list[Any] = []
                for one in given:
                    try:
                        found.append(await tokens.effective(one))
                    except SourceError as error:
                        found.append(error)
                    self.clock.seconds += pause
                return found
            finally:
                await egress.close()

    def _tokens(self, egress: Egress, only: Callable[[Address], Egress]) -> AmbientTokens:
        machine, given = MachineServices(egress, only), self.environment
        google = GoogleIdentity(egress, self.clock, given, machine, lambda: self.product)
        azure = AzureIdentity(egress, self.clock, given, CloudTokens(egress, self.clock, given))
        aws = AwsIdentity(egress, self.clock, given, machine)
        return AmbientTokens(self.clock, {"aws": aws, "google": google, "azure": azure})

    def _reply(self, asked: Asked) -> Reply:
        given = asked.headers
        request = Request(given["x-host"], asked.path, given, asked.body, given["x-direct"])
        self.asked.append(request)
        return self.answer(request)


def ecr_answer(password: str, expires: float) -> Any:
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    return {"authorizationData": [{"authorizationToken": token, "expiresAt": expires}]}
