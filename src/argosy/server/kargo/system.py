"""The server itself: administrator's sign-in, public configuration, versions, and live controllers."""

from __future__ import annotations

import platform
from datetime import datetime, timedelta
from typing import Any, Final

from argosy import __version__
from argosy.machinery import requests, timestamps
from argosy.machinery.objects import JsonObject, Resource
from argosy.server.calls import nothing, sign_in
from argosy.server.context import ServerContext
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.identity import SignIn
from argosy.server.kargo.settings import SCOPES, KargoSettings

LEASES: Final = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CONTROLLER: Final = "kargo.akuity.io/controller"


def system_endpoints(context: ServerContext, settings: KargoSettings, signing_in: SignIn) -> tuple[Endpoint, ...]:
    async def login(request: ApiRequest) -> Reply:
        return Reply({"idToken": await signing_in.login(request.headers, request.peer)})

    async def public(_: ApiRequest) -> Reply:
        shown: JsonObject = {"adminAccountEnabled": signing_in.has_admin}
        if (oidc := _oidc(context, settings)) is not None:
            shown["oidcConfig"] = oidc
        return Reply({**shown, "skipAuth": False})

    async def config(_: ApiRequest) -> Reply:
        shards = {name: {"url": url, "namespace": settings.argocd_namespace} for name, url in settings.shards.items()}
        return Reply(
            {
                "argocdShards": shards,
                "secretManagementEnabled": settings.manages_secrets,
                "systemResourcesNamespace": settings.system_namespace,
                "sharedResourcesNamespace": settings.shared_namespace,
                "kargoNamespace": settings.namespace,
                "hasAnalysisRunLogsUrlTemplate": bool(settings.logs.url),
            }
        )

    async def version(_: ApiRequest) -> Reply:
        return Reply(version_info())

    async def heartbeats(_: ApiRequest) -> Reply:
        """From the controllers' Leases; nothing is secret, so that any sign-in suffices, like upstream."""
        page = await context.client.page(
            requests.List(resource=LEASES, namespace=settings.namespace, label_selector=CONTROLLER)
        )
        found = {one["metadata"]["labels"][CONTROLLER]: heartbeat(one, context.clock.now()) for one in page.items}
        return Reply({"heartbeats": found, "defaultController": settings.default_controller})

    return (
        Endpoint(method="POST", path="/login", needs=nothing(mutates=True), answer=login),
        Endpoint(method="GET", path="/system/public-server-config", needs=nothing(), answer=public),
        Endpoint(method="GET", path="/system/server-config", needs=sign_in(), answer=config),
        Endpoint(method="GET", path="/system/server-version", needs=sign_in(), answer=version),
        Endpoint(method="GET", path="/system/controller-heartbeats", needs=sign_in(), answer=heartbeats),
    )


def _oidc(context: ServerContext, settings: KargoSettings) -> JsonObject | None:
    if settings.oidc is not None:
        issuer, client, cli = settings.oidc.issuer, settings.oidc.client_id, settings.oidc.cli_client_id
        scopes = [*SCOPES, *settings.additional_scopes]
    else:
        from argosy.server.sessions.provider import config_of

        config = config_of(context.configuration)
        if config is None:
            return None
        issuer, client, cli, scopes = config.issuer, config.client_id, config.cli_client_id, list(config.scopes)
    found: JsonObject = {"issuerUrl": issuer, "clientId": client}
    return {**found, **({"cliClientId": cli} if cli else {}), "scopes": scopes}


def version_info() -> JsonObject:
    """With the fields of a Go program; inapplicable ones are empty."""
    return {
        "version": f"v{__version__}",
        "gitCommit": "",
        "gitTreeDirty": False,
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": f"python{platform.python_version()}",
        "compiler": platform.python_implementation().lower(),
        "platform": f"{platform.system().lower()}/{platform.machine()}",
    }


def heartbeat(lease: JsonObject, now: datetime) -> JsonObject:
    """Alive until the lease expires."""
    spec: dict[str, Any] = lease.get("spec") or {}
    found: JsonObject = {"controller": lease["metadata"]["labels"][CONTROLLER], "status": "Dead"}
    if not spec.get("renewTime"):
        return found
    found["timestamp"] = spec["renewTime"]
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and now < timestamps.parse(spec["renewTime"]) + timedelta(seconds=int(seconds)):
        found["status"] = "Alive"
    return found
