"""Metrics under upstream's names: certificates, issuers, challenges, requests to ACME servers."""

from __future__ import annotations

from argosy.certs.metrics import Metrics
from argosy.machinery.timestamps import parse
from argosy.observe.metrics import Registry
from tests.kit.certs import CertsWorld, certificate, cluster_issuer, issuer

ACME = {
    "server": "https://acme.test/dir",
    "privateKeySecretRef": {"name": "account"},
    "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
}


def lines(world: CertsWorld) -> list[str]:
    registry = Registry()
    made = Metrics(lambda kind: world.all_stored(kind.kind), ["orders"], world.clock, registry)
    made.acme("https://acme.test/new-order", "newOrder", "POST", "201", 0.25)
    made.acme("https://acme.test/new-order", "newOrder", "POST", "201", 0.75)
    return registry.text().splitlines()


def test_each_certificate_has_three_verdicts_and_its_times() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(cluster_issuer("broken", ca={"secretName": "missing"}))
        world.create(certificate(duration="1h"))
        world.create(certificate("late", issuer="nobody"))
        world.run_until(lambda: world.certificate("web").ready)
        world.pass_time(1)
        found = lines(world)
        status = world.certificate("web").status

    of_web = 'issuer_name="selfsigned",issuer_kind="Issuer",issuer_group="cert-manager.io"'
    ready = 'certmanager_certificate_ready_status{name="web",namespace="default",condition='
    for verdict, number in (("True", 1), ("False", 0), ("Unknown", 0)):
        assert f'{ready}"{verdict}",{of_web}}} {number}' in found
    times = f'{{name="web",namespace="default",{of_web}}}'
    ends, due = int(parse(status.not_after).timestamp()), int(parse(status.renewal_time).timestamp())
    assert f"certmanager_certificate_expiration_timestamp_seconds{times} {ends}" in found
    assert f"certmanager_certificate_renewal_timestamp_seconds{times} {due}" in found
    of_late = times.replace("web", "late").replace("selfsigned", "nobody")
    assert f"certmanager_certificate_not_after_timestamp_seconds{of_late} 0" in found
    assert 'certmanager_clusterissuer_ready_status{name="broken",condition="False"} 1' in found
    assert 'certmanager_issuer_ready_status{name="selfsigned",namespace="default",condition="True"} 1' in found
    labels = 'scheme="https",host="acme.test",action="newOrder",method="POST",status="201"'
    assert f"certmanager_http_acme_client_request_count{{{labels}}} 2" in found
    assert f'certmanager_http_acme_client_request_duration_seconds{{{labels},quantile="0.99"}} 0.75' in found
    assert f"certmanager_http_acme_client_request_duration_seconds_sum{{{labels}}} 1" in found


def test_a_challenge_has_one_series_for_each_state() -> None:
    with CertsWorld() as world:
        world.acme.unseen = {"*": "nobody is there"}
        world.create(issuer("acme", acme=ACME))
        world.create(certificate(issuer="acme"))
        world.pass_time(20)
        found = [one for one in lines(world) if one.startswith("certmanager_certificate_challenge_status{")]

    assert len(found) == 8 and sum(one.endswith(" 1") for one in found) == 1
    assert 'status="pending",domain="web.example.test"' in next(one for one in found if one.endswith(" 1"))
