"""Kubernetes CertificateSigningRequests: approval, the right to refer to an issuer, durations, and failures."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.certs.ports import MayRefer
from argosy.runtime.engine import Answerer
from tests.kit.certs import CertsWorld, certificate, cluster_issuer, issuer
from tests.kit.signing_requests import SETTINGS, approve, failure, issued, signing_request, status

PREFIX = "experimental.cert-manager.io/"


def with_ca(world: CertsWorld, *, cluster: bool = False) -> None:
    world.create(issuer())
    world.create(certificate("root", isCA=True, commonName="root"))
    world.create(
        cluster_issuer("ca", ca={"secretName": "root-tls"}) if cluster else issuer("ca", ca={"secretName": "root-tls"})
    )
    world.run_until(lambda: world.certificate("root").ready)


@pytest.mark.parametrize("cluster", [False, True])
def test_nothing_is_signed_before_approval_and_then_at_once(cluster: bool) -> None:
    with CertsWorld(SETTINGS) as world:
        with_ca(world, cluster=cluster)
        world.create(
            signing_request("clusterissuers.cert-manager.io/ca" if cluster else "issuers.cert-manager.io/default.ca")
        )
        world.pass_time(600)
        assert not status(world) and len(world.events("WaitingApproval")) == 1
        approve(world)
        assert issued(world).alt_names.dns == ("csr.test",)


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({"annotations": {f"{PREFIX}request-duration": "24h"}, "expirationSeconds": 3600}, 86400),
        ({"expirationSeconds": 3600}, 3600),
        ({}, 90 * 86400),
    ],
)
def test_the_annotation_takes_precedence_over_the_field_and_the_default_is_ninety_days(more: Any, seconds: int) -> None:
    with CertsWorld(SETTINGS) as world:
        with_ca(world)
        world.create(signing_request(**more))
        approve(world)
        found = issued(world)
        assert (found.not_after - found.not_before).total_seconds() == seconds


@pytest.mark.parametrize("text", ["5m", "soon"])
def test_a_duration_that_is_too_short_or_none_fails_the_request(text: str) -> None:
    with CertsWorld(SETTINGS) as world:
        with_ca(world)
        world.create(signing_request(annotations={f"{PREFIX}request-duration": text}))
        approve(world)
        world.run_until(lambda: failure(world).get("reason") == "InvalidDuration")


def test_who_may_not_refer_to_the_issuer_gets_nothing_from_it() -> None:
    asked: list[MayRefer] = []

    async def refuse(question: MayRefer) -> bool:
        asked.append(question)
        return False

    with CertsWorld(SETTINGS, answerers={MayRefer: Answerer(answer=refuse)}) as world:
        with_ca(world)
        world.create(signing_request())
        approve(world)
        world.run_until(lambda: failure(world).get("reason") == "DeniedReference")
        assert not status(world).get("certificate")
        assert {(one.namespace, one.issuer) for one in asked} == {("default", "ca")}


def test_signers_of_others_are_left_to_them() -> None:
    with CertsWorld(SETTINGS) as world:
        world.create(signing_request("kubernetes.io/kube-apiserver-client"))
        world.pass_time(60)
        assert not status(world) and not world.events()
