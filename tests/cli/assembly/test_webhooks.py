"""The rooms' admission webhooks as a real cluster has them: an API server asks this process by HTTPS."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from argosy.apis import crds
from argosy.cli.assembly.webhooks import AUTHORITY, WEBHOOKS, Place, Webhooks
from argosy.cli.outside import Webhooks as Caller
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.runtime.webhooks.server import Address
from tests.kit.certs import certificate, issuer
from tests.kit.ports import free_port
from tests.kit.verbs import Verbs, verbs

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
CERTIFICATES = Resource("cert-manager.io", "v1", "certificates", "Certificate")
REQUESTS = Resource("cert-manager.io", "v1", "certificaterequests", "CertificateRequest")
ISSUERS = Resource("cert-manager.io", "v1", "issuers", "Issuer")
PROJECTS = Resource("kargo.akuity.io", "v1alpha1", "stages", "Stage")


def on_a_cluster(doing: Callable[[Verbs], Awaitable[None]]) -> None:
    async def main() -> None:
        clock, rng, caller = RealClock(), SystemRng(), Caller()
        async with EmbeddedCluster(clock=clock, rng=rng, webhook_caller=caller) as cluster:
            client = verbs(cluster.client("admin", ("system:masters",)))
            for crd in crds():
                if crd["spec"]["group"] in ("cert-manager.io", "kargo.akuity.io"):
                    await client.create(DEFINITIONS, crd)
            port = free_port()
            place = Place(address=Address("127.0.0.1", port), namespace="default", url=f"https://127.0.0.1:{port}")
            webhooks = Webhooks(client, clock, rng, place)
            try:
                async with asyncio.TaskGroup() as tasks:
                    serving = tasks.create_task(webhooks.run())
                    while not webhooks.is_configured:
                        await clock.sleep(0.02)
                    await doing(client)
                    serving.cancel()
            finally:
                await caller.close()

    asyncio.run(main())


async def refusal(client: Verbs, resource: Resource, obj: JsonObject) -> str:
    with pytest.raises(StatusError) as refused:
        await client.create(resource, obj)
    return refused.value.message


def test_a_real_api_server_is_told_of_faults_and_defaults_by_https() -> None:
    async def doing(client: Verbs) -> None:
        said = await refusal(client, CERTIFICATES, certificate(secretName="", dnsNames=[]))
        assert said.startswith('admission webhook "webhook.cert-manager.io" denied the request: [spec.secretName: ')
        assert "spec: Invalid value" in said

        await client.create(ISSUERS, issuer())
        asked = certificate()
        assert (await client.create(CERTIFICATES, asked))["spec"] == asked["spec"]
        await refusal(client, REQUESTS, {**asked, "kind": "CertificateRequest", "spec": {"request": "eA=="}})

        stage = {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Stage",
            "metadata": {"name": "a", "namespace": "default"},
        }
        said = await refusal(
            client,
            PROJECTS,
            {**stage, "spec": {"requestedFreight": [{"origin": {"kind": "Warehouse", "name": "w"}, "sources": {}}]}},
        )
        assert "stage.kargo.akuity.io" in said

        stored = await client.read(Resource("", "v1", "secrets", "Secret"), AUTHORITY, "default")
        assert set(stored["data"]) == {"ca.crt", "tls.crt", "tls.key"}

    on_a_cluster(doing)


def test_every_room_has_paths_and_a_service_of_its_own() -> None:
    assert len({one.room for one in WEBHOOKS}) == len(WEBHOOKS) == len({one.service for one in WEBHOOKS})
    for one in WEBHOOKS:
        for made in one.configurations("argocd", "Q0E="):
            for webhook in made["webhooks"]:
                service = webhook["clientConfig"]["service"]
                assert (service["name"], webhook["clientConfig"]["caBundle"]) == (one.service, "Q0E=")
                assert service["path"] in one.paths
