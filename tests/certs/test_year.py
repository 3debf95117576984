"""A year of renewals in virtual time: each to the second, nothing lost, nothing written in between."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.certs.base64_text import decoded
from argosy.certs.pki import certificates
from argosy.cluster.handlers import watching
from argosy.machinery.timestamps import parse
from tests.kit.certs import CertsWorld, certificate, issuer

YEAR = timedelta(days=365)
COUNT = 8


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches that only speak when something has changed: a year of bookmarks would be most of the test."""
    for name in ("BOOKMARK_SECONDS", "SHORTEST", "LONGEST"):
        monkeypatch.setattr(watching, name, 2 * YEAR.total_seconds())


def test_a_year_of_renewals_is_exact_to_the_second_and_the_ca_renews_before_its_leaves() -> None:
    with CertsWorld() as world:
        began = world.clock.now()
        world.create(issuer())
        world.create(certificate("root", isCA=True, commonName="root", duration="8760h"))
        world.create(issuer("ca", ca={"secretName": "root-tls"}))
        for number in range(COUNT):
            world.create(certificate(f"web-{number}", issuer="ca"))
        names = [f"web-{number}" for number in range(COUNT)]
        world.run_until(lambda: all(world.certificate(name).ready for name in names))
        first = {name: leaf(world, name).not_before for name in names}
        world.pass_time((began + YEAR - world.clock.now()).total_seconds())

        assert world.certificate("root").revision == 2  # after two thirds of its year
        for name in names:
            assert world.certificate(name).revision == 7  # each sixty days, as of ninety
            found = leaf(world, name)
            drift = found.not_before - first[name] - timedelta(days=60 * 6)
            assert timedelta() <= drift < timedelta(seconds=30)
            assert parse(world.certificate(name).status.renewal_time) == found.not_before + timedelta(days=60)
        assert world.engine.writes_count < 12 * 7 * (COUNT + 1)


def leaf(world: CertsWorld, name: str) -> certificates.X509:
    secret = world.secret(f"{name}-tls")
    assert secret is not None
    return certificates.first_of(decoded(secret["data"]["tls.crt"]))
