"""CertificateSigningRequests by an ACME server: an Order of their own, its challenges, and its certificate."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.certs.adapters.acme.simulated import SimulatedServer
from argosy.machinery.objects import JsonObject
from tests.kit.certs import CertsWorld, cluster_issuer, issuer
from tests.kit.signing_requests import SETTINGS, approve, failure, issued, request_pem, signing_request, status

ACME: dict[str, Any] = {
    "server": "https://acme.test/directory",
    "privateKeySecretRef": {"name": "account"},
    "solvers": [{"http01": {"ingress": {}}, "waitInsteadOfSelfCheck": "1s"}],
}
CLUSTER = "clusterissuers.cert-manager.io/acme"
NAMESPACED = "issuers.cert-manager.io/default.acme"


def prepared(world: CertsWorld, signer: str, request: JsonObject | None = None) -> None:
    made = cluster_issuer("acme", acme=ACME) if signer == CLUSTER else issuer("acme", acme=ACME)
    world.create(made)
    world.create(request or signing_request(signer))
    approve(world)


@pytest.mark.parametrize("signer", [CLUSTER, NAMESPACED])
def test_the_order_is_next_to_the_issuer_and_belongs_to_the_request(signer: str) -> None:
    with CertsWorld(SETTINGS) as world:
        prepared(world, signer)
        world.run_until(lambda: bool(world.all_stored("Order")))
        (order,) = world.all_stored("Order")
        kind = "ClusterIssuer" if signer == CLUSTER else "Issuer"
        assert order["metadata"]["namespace"] == "default"
        assert order["spec"]["issuerRef"] == {"name": "acme", "kind": kind, "group": "cert-manager.io"}
        assert order["spec"]["dnsNames"] == ["csr.test"]
        (owner,) = order["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["controller"]) == ("CertificateSigningRequest", "x", True)
        assert issued(world).alt_names.dns == ("csr.test",)
        assert [len(world.events(reason)) for reason in ("OrderCreated", "CertificateIssued")] == [1, 1]


def test_an_order_that_fails_fails_the_request() -> None:
    with CertsWorld(SETTINGS) as world:
        world.acme.servers[ACME["server"]] = SimulatedServer(failing={"csr.test": "403 unauthorized: no"})
        prepared(world, NAMESPACED)
        world.run_until(lambda: failure(world).get("reason") == "OrderFailed")
        assert not status(world).get("certificate")


def test_a_common_name_that_is_no_alternative_name_is_refused_before_anything_is_ordered() -> None:
    pem = request_pem(commonName="other.test", dnsNames=["csr.test"])
    with CertsWorld(SETTINGS) as world:
        prepared(world, NAMESPACED, signing_request(NAMESPACED, pem=pem))
        world.run_until(lambda: failure(world).get("reason") == "InvalidOrder")
        assert not world.all_stored("Order")


@pytest.mark.parametrize("fault", ["signer", "request", "approval"])
def test_a_challenge_of_an_order_that_its_request_did_not_ask_for_is_not_worked_on(fault: str) -> None:
    """A user who may write Orders and signing requests must not be able to use a ClusterIssuer's credentials."""
    with CertsWorld(SETTINGS) as world:
        world.create(cluster_issuer("acme", acme=ACME))
        world.create(issuer("other", acme={**ACME, "server": "https://other.test/directory"}))
        signer = "issuers.cert-manager.io/default.other" if fault == "signer" else CLUSTER
        world.create(signing_request(signer))
        owner = world.stored("CertificateSigningRequest", "x", "") or {}
        if fault != "approval":
            approve(world)
        asked = owner["spec"]["request"]
        forged = {
            "apiVersion": "acme.cert-manager.io/v1",
            "kind": "Order",
            "metadata": {
                "name": "forged",
                "namespace": "default",
                "ownerReferences": [
                    {
                        "apiVersion": "certificates.k8s.io/v1",
                        "kind": "CertificateSigningRequest",
                        "name": "x",
                        "uid": owner["metadata"]["uid"],
                        "controller": True,
                    }
                ],
            },
            "spec": {
                "request": asked if fault != "request" else base64.b64encode(request_pem()).decode(),
                "issuerRef": {"name": "acme", "kind": "ClusterIssuer"},
                "dnsNames": ["csr.test"],
            },
        }
        world.create(forged)
        world.pass_time(600)
        forged_challenges = [
            one for one in world.all_stored("Challenge") if one["metadata"]["ownerReferences"][0]["name"] == "forged"
        ]
        assert forged_challenges, "the Order itself is placed; what its name could cost is in the Challenge"
        assert all(not (one.get("status") or {}).get("presented") for one in forged_challenges)
