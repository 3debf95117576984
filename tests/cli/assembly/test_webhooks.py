"""The rooms' admission webhooks as a real cluster has them: an API server asks this process by HTTPS."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable

import pytest
from cryptography.x509 import load_pem_x509_certificate

from argosy.apis import crds
from argosy.apis.own_certificates import WEBHOOKS_SECRET
from argosy.cli.assembly.installing import resource_of
from argosy.cli.assembly.webhooks import AUTHORITY, MANAGER, WEBHOOKS, Place, Webhooks
from argosy.cli.outside import Webhooks as Caller
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.runtime.webhooks import certificates
from argosy.runtime.webhooks.server import Address
from tests.kit.certs import certificate, issuer
from tests.kit.ports import free_port
from tests.kit.verbs import Verbs, verbs

PATIENCE = 120.0
DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
CERTIFICATES = Resource("cert-manager.io", "v1", "certificates", "Certificate")
REQUESTS = Resource("cert-manager.io", "v1", "certificaterequests", "CertificateRequest")
ISSUERS = Resource("cert-manager.io", "v1", "issuers", "Issuer")
PROJECTS = Resource("kargo.akuity.io", "v1alpha1", "stages", "Stage")


def on_a_cluster(
    doing: Callable[[Verbs], Awaitable[None]], before: Callable[[Verbs, int], Awaitable[None]] | None = None
) -> None:
    """`before`: what is there when the webhooks begin, which will listen at this port."""

    async def main() -> None:
        clock, rng, caller = RealClock(), SystemRng(), Caller()
        async with EmbeddedCluster(clock=clock, rng=rng, webhook_caller=caller) as cluster:
            client = verbs(cluster.client("admin", ("system:masters",)))
            for crd in crds():
                if crd["spec"]["group"] in ("cert-manager.io", "kargo.akuity.io"):
                    await client.create(DEFINITIONS, crd)
            port = free_port()
            place = Place(address=Address("127.0.0.1", port), namespace="default", url=f"https://127.0.0.1:{port}")
            if before is not None:
                await before(client, port)
            webhooks = Webhooks(client, clock, rng, place, looks_each_seconds=0.1)
            try:
                async with asyncio.TaskGroup() as tasks:
                    serving = tasks.create_task(webhooks.run())
                    while not webhooks.is_configured:
                        await clock.sleep(0.02)
                    async with asyncio.timeout(PATIENCE):
                        await doing(client)
                    serving.cancel()
            finally:
                await caller.close()

    asyncio.run(main())


async def refusal(client: Verbs, resource: Resource, obj: JsonObject) -> str:
    with pytest.raises(StatusError) as refused:
        await client.create(resource, obj)
    return refused.value.message


def test_a_real_api_server_gets_errors_and_defaults_by_https() -> None:
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


SECRETS = Resource("", "v1", "secrets", "Secret")
CONFIGURATIONS = Resource(
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
)


def of_room(*names: str) -> JsonObject:
    """As the room `certs` leaves it, of a CA that the API server does not know."""
    now = RealClock().now()
    authority = certificates.make(now)
    pair = certificates.leaf(authority, names, now)
    data = dict(zip(("tls.crt", "tls.key", "ca.crt"), (*pair, authority.certificate), strict=True))
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": WEBHOOKS_SECRET, "namespace": "default"},
        "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
    }


def names() -> tuple[str, ...]:
    return (*certificates.service_names(("default", one.service) for one in WEBHOOKS), "127.0.0.1")


async def is_shown(client: Verbs, secret: JsonObject) -> bool:
    """Whether who listens where the API server is sent shows the certificate of `secret`."""
    found = await client.read(CONFIGURATIONS, "argosy-certs")
    port = int(found["webhooks"][0]["clientConfig"]["url"].split(":")[2].split("/")[0])
    shown = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
    first = base64.b64decode(secret["data"]["tls.crt"])
    return load_pem_x509_certificate(shown.encode()) == load_pem_x509_certificate(first)


async def until_shown(client: Verbs, secret: JsonObject) -> None:
    while not await is_shown(client, secret):
        assert "spec.secretName" in await refusal(client, CERTIFICATES, certificate(secretName=""))
        await RealClock().sleep(0.05)


def test_the_rooms_certificate_is_shown_and_trusted_and_a_renewed_one_after_it_without_a_write_that_fails() -> None:
    first, second = of_room(*names()), of_room(*names())

    async def before(client: Verbs, port: int) -> None:
        await client.create(SECRETS, first)

    async def doing(client: Verbs) -> None:
        await until_shown(client, first)
        assert "spec.secretName" in await refusal(client, CERTIFICATES, certificate(secretName=""))
        await client.patch(SECRETS, WEBHOOKS_SECRET, "default", {"data": second["data"]}, PatchType.MERGE)
        await until_shown(client, second)
        assert "spec.secretName" in await refusal(client, CERTIFICATES, certificate(secretName=""))

    on_a_cluster(doing, before)


def test_webhooks_that_were_registered_do_not_keep_the_room_from_its_first_certificate() -> None:
    """All Secrets are lost and the configurations are not: nothing could be issued if the webhooks waited for it."""
    made = of_room(*names())

    async def before(client: Verbs, port: int) -> None:
        for configuration in WEBHOOKS[0].configurations("default", "Q0E="):
            await client.apply(resource_of(configuration), configuration, field_manager=MANAGER)

    async def doing(client: Verbs) -> None:
        await client.create(ISSUERS, issuer())  # judged, by the certificate of our own authority
        await client.create(SECRETS, made)
        await until_shown(client, made)
        await client.delete(SECRETS, WEBHOOKS_SECRET, "default")
        while await is_shown(client, made):
            await RealClock().sleep(0.05)
        assert "spec.secretName" in await refusal(client, CERTIFICATES, certificate(secretName=""))

    on_a_cluster(doing, before)


@pytest.mark.parametrize("fault", ["names", "key", "nothing", "ended"])
def test_a_certificate_that_cannot_serve_is_not_taken(fault: str) -> None:
    secret = of_room(*(names()[1:] if fault == "names" else names()))
    now = RealClock().now()
    assert certificates.serving_of(of_room(*names()), names(), now) is not None
    if fault == "key":
        secret["data"]["tls.key"] = of_room(*names())["data"]["tls.key"]
    if fault == "nothing":
        secret["data"] = {}
    if fault == "ended":
        now += certificates.LEAF_LIFE
    assert certificates.serving_of(secret, names(), now) is None
