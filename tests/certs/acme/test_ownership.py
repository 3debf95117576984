"""Credentials of a ClusterIssuer are used for Challenges alone that our own Orders made (security rule 5)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.certmanager import Challenge
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.acme.ports import PresentRecord, RemoveRecord
from argosy.certs.adapters.acme.simulated import SimulatedAcme
from argosy.certs.settings import Settings
from argosy.machinery.objects import JsonObject, Resource
from tests.kit.certs import CertsWorld, certificate, cluster_issuer

CANARY = "canary-of-the-dns"
DNS01 = {"cloudflare": {"apiTokenSecretRef": {"name": "dns", "key": "token"}}}
REF = {"name": "acme", "kind": "ClusterIssuer", "group": "cert-manager.io"}
CHALLENGES = Resource("acme.cert-manager.io", "v1", "challenges", "Challenge")


class Asked(SimulatedAcme):
    """Keeps the records that were asked for."""

    def __init__(self, clock: Any, rng: Any) -> None:
        super().__init__(clock, rng)
        self.presented: list[PresentRecord] = []
        self.removed: list[RemoveRecord] = []

    async def present(self, asked: PresentRecord) -> Any:
        self.presented.append(asked)
        return await super().present(asked)

    async def remove(self, asked: RemoveRecord) -> Any:
        self.removed.append(asked)
        return await super().remove(asked)


def world() -> CertsWorld:
    return CertsWorld(Settings(cluster_resource_namespace="operator"), acme=Asked, namespaces=["operator", "tenant"])


def prepared(running: CertsWorld) -> None:
    metadata = {"name": "dns", "namespace": "operator"}
    running.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": CANARY}})
    acme = {
        "server": "https://acme.test/dir",
        "privateKeySecretRef": {"name": "account"},
        "solvers": [{"dns01": DNS01}],
    }
    running.create(cluster_issuer("acme", acme=acme))


def wanted(running: CertsWorld) -> None:
    running.create(certificate(namespace="tenant", issuerRef=REF))
    running.run_until(lambda: bool(running.all_stored("Challenge")))


def forged(**spec: Any) -> JsonObject:
    made = {
        "url": "https://acme.test/chalZ/9",
        "authorizationURL": "https://acme.test/authZ/9",
        "dnsName": "operator.example",
        "type": "DNS-01",
        "token": "t",
        "key": "k",
        "solver": {"dns01": DNS01},
        "issuerRef": REF,
        **spec,
    }
    return {
        "apiVersion": "acme.cert-manager.io/v1",
        "kind": "Challenge",
        "metadata": {"name": "forged", "namespace": "tenant"},
        "spec": made,
    }


def asked(running: CertsWorld) -> Asked:
    assert isinstance(running.acme, Asked)
    return running.acme


def test_a_challenge_of_our_own_order_gets_its_record_and_loses_it_again() -> None:
    with world() as running:
        prepared(running)
        running.create(certificate(namespace="tenant", issuerRef=REF))
        running.run_until(lambda: running.certificate("web", "tenant").ready)
        running.pass_time(30)
        assert [one.record.domain for one in asked(running).presented] == ["web.example.test"]
        assert asked(running).removed and not asked(running).records


@pytest.mark.parametrize("owner", ["nobody", "our order"])
def test_a_challenge_that_somebody_wrote_gets_nothing_done_with_the_operators_credentials(owner: str) -> None:
    with world() as running:
        prepared(running)
        made = forged()
        if owner == "our order":
            wanted(running)
            order = running.all_stored("Order")[0]["metadata"]
            reference = {"apiVersion": "acme.cert-manager.io/v1", "kind": "Order", "controller": True}
            made["metadata"]["ownerReferences"] = [{**reference, "name": order["name"], "uid": order["uid"]}]
        running.create(made)
        running.pass_time(120)
        assert all(one.record.domain != "operator.example" for one in asked(running).presented)
        (told,) = running.events("NotOurs")
        assert told["involvedObject"]["name"] == "forged" and told["message"].startswith("not processed: ")


def test_another_solver_than_the_issuers_is_not_used() -> None:
    with world() as running:
        prepared(running)
        wanted(running)
        (true,) = running.all_stored("Challenge")
        solver = {"dns01": {"webhook": {"groupName": "evil.example", "solverName": "leak"}}}
        made = forged(**{**true["spec"], "solver": solver})
        made["metadata"]["ownerReferences"] = true["metadata"]["ownerReferences"]
        running.create(made)
        running.pass_time(120)
        assert all("evil.example" not in one.record.config for one in asked(running).presented)


def test_a_forged_challenge_that_says_it_was_presented_has_nothing_removed_for_it() -> None:
    with world() as running:
        prepared(running)
        solver = {"dns01": {"webhook": {"groupName": "evil.example", "solverName": "leak"}}}
        made = forged(solver=solver)
        made["metadata"]["finalizers"] = ["acme.cert-manager.io/finalizer"]
        running.create(made)
        told = {"status": {"presented": True, "processing": True, "state": "valid"}}
        running.patch(CHALLENGES, "forged", told, "tenant", subresource="status")
        running.delete(Challenge, "forged", "tenant")
        running.pass_time(60)
        assert not asked(running).removed
        assert running.stored("Challenge", "forged", "tenant") is None


def test_the_credentials_of_solvers_are_shown_nowhere() -> None:
    with world() as running:
        prepared(running)
        running.create(certificate(namespace="tenant", issuerRef=REF))
        running.run_until(lambda: running.certificate("web", "tenant").ready)
        running.pass_time(30)
        shown = (
            repr(asked(running).presented)
            + repr(running.all_stored("Event"))
            + repr(
                [
                    one
                    for kind in ("Challenge", "Order", "ClusterIssuer", "Certificate")
                    for one in running.all_stored(kind)
                ]
            )
        )
        assert CANARY not in shown
        keys = [one for one in running.list(Secret, "operator") if one["metadata"]["name"] == "account"]
        assert keys and keys[0]["data"]["tls.key"][40:80] not in shown
