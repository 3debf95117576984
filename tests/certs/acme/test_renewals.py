"""Renewal information of ACME servers: requested in time, stored, followed, and named in the next order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from argosy.certs.adapters.acme.simulated import SimulatedAcme, SimulatedServer
from argosy.certs.settings import Settings
from argosy.machinery.timestamps import parse
from tests.kit.certs import CertsWorld, certificate, issuer

URL = "https://acme.test/dir"
ACME = {
    "server": URL,
    "privateKeySecretRef": {"name": "account"},
    "solvers": [{"http01": {"ingress": {"ingressClassName": "nginx"}}}],
}
ON = Settings(use_renewal_information=True)


def with_window(first: timedelta, last: timedelta) -> Any:
    def made(clock: Any, rng: Any) -> SimulatedAcme:
        return SimulatedAcme(clock, rng, {URL: SimulatedServer(window=(first, last), life=timedelta(hours=40))})

    return made


def ready(world: CertsWorld) -> None:
    world.create(issuer("acme", acme=ACME))
    world.create(certificate(issuer="acme"))
    world.run_until(lambda: world.certificate("web").ready)


def test_a_certificate_is_renewed_when_the_servers_window_opens() -> None:
    with CertsWorld(ON, acme=with_window(timedelta(hours=30), timedelta(hours=29))) as world:
        ready(world)
        world.pass_time(60)
        status = world.certificate("web").status
        assert status.acme is not None and status.acme.ari is not None and status.acme.ari.suggested_window is not None
        start = parse(status.acme.ari.suggested_window.start)
        assert parse(status.not_after) - start == timedelta(hours=30)
        renewed = world.run_until(lambda: world.certificate("web").revision == 2, within=timedelta(days=20))
        assert start <= renewed < start + timedelta(minutes=1)
        orders = [one for one in world.all_stored("Order") if "-2-" in one["metadata"]["name"]]
        assert orders[0]["spec"]["replaces"].count(".") == 1


def test_the_server_is_asked_every_six_hours_or_so_and_nothing_is_written_in_between() -> None:
    with CertsWorld(ON, acme=with_window(timedelta(hours=5), timedelta(hours=4))) as world:
        ready(world)
        world.pass_time(60)
        found = world.certificate("web").status.acme
        assert found is not None and found.ari is not None
        wait = parse(found.ari.next_check) - parse(found.ari.last_checked)
        assert timedelta(hours=5.3) < wait < timedelta(hours=6.7)
        before = world.engine.writes_count
        world.pass_time((wait - timedelta(minutes=5)).total_seconds())
        assert world.engine.writes_count == before
        world.pass_time(600)
        assert world.engine.writes_count == before + 1


def test_a_server_without_renewal_information_changes_nothing() -> None:
    with CertsWorld(ON) as world:
        ready(world)
        world.pass_time(3600)
        status = world.certificate("web").status
        life = parse(status.not_after) - parse(status.not_before)
        due = parse(status.renewal_time) - parse(status.not_before)
        assert abs(due - life * 2 / 3) < timedelta(seconds=2)


def test_an_issuer_may_leave_it_out() -> None:
    with CertsWorld(ON, acme=with_window(timedelta(hours=30), timedelta(hours=29))) as world:
        world.create(issuer("acme", acme={**ACME, "renewalInformationSource": "None"}))
        world.create(certificate(issuer="acme"))
        world.run_until(lambda: world.certificate("web").ready)
        world.pass_time(3600)
        assert world.certificate("web").status.acme is None
