"""Certificates in virtual time: from the object to the Secret, renewals, failures, rivals, and nothing when idle."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.base64_text import decoded
from argosy.certs.pki import certificates
from argosy.certs.settings import Settings
from argosy.machinery.timestamps import parse
from tests.kit.certs import CertsWorld, certificate, issuer

HOUR = 3600.0
NEVER = {"policy": "Disabled"}
PASSWORD = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pw", "namespace": "default"}}


def issued(world: CertsWorld, name: str = "web") -> certificates.X509:
    world.run_until(lambda: world.certificate(name).ready and not world.certificate(name).issuing)
    secret = world.secret(f"{name}-tls")
    assert secret is not None
    return certificates.first_of(decoded(secret["data"]["tls.crt"]))


def reached(world: CertsWorld, revision: int) -> datetime:
    return world.run_until(lambda: world.certificate("web").revision == revision)


def failed(world: CertsWorld, attempts: int) -> datetime:
    return world.run_until(lambda: world.certificate("web").status.failed_issuance_attempts == attempts)


def test_renewals_come_at_two_thirds_of_each_life_to_the_second() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate(duration="1h"))
        first = issued(world)
        for revision in range(2, 8):
            due = parse(world.certificate("web").status.renewal_time)
            assert due == first.not_before + timedelta(minutes=40)
            at = reached(world, revision)
            assert timedelta() <= at - due < timedelta(seconds=1)
            world.pass_time(1)
            first = issued(world)


def test_nothing_is_written_while_nothing_is_due() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        for number in range(5):
            world.create(certificate(f"web-{number}"))
        for number in range(5):
            issued(world, f"web-{number}")
        world.pass_time(60)
        before = world.engine.writes_count
        world.pass_time(6 * HOUR)

        assert world.engine.writes_count == before


def test_a_certificate_falls_from_ready_the_second_after_it_ends() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate(duration="1h", renewal={"policy": "Disabled"}))
        ends = issued(world).not_after
        fell = world.run_until(lambda: not world.certificate("web").ready)

    assert fell == ends + timedelta(seconds=1)


def test_failed_issuances_wait_one_two_four_hours_and_so_on_up_to_thirty_two() -> None:
    with CertsWorld() as world:
        world.create(certificate(issuerRef={"name": "x", "kind": "Thing", "group": "example.org"}))
        waits = []
        failed_at = None
        for attempt in range(1, 9):
            began = world.run_until(lambda: bool(world.all_stored("CertificateRequest")), within=timedelta(days=3))
            if failed_at is not None:
                waits.append(round((began - failed_at) / timedelta(hours=1)))
            fail_request(world)
            failed_at = failed(world, attempt)
            world.run_until(lambda: world.certificate("web").condition("Issuing") is not None)
            for one in world.list(CertificateRequest):
                world.delete(CertificateRequest, one["metadata"]["name"])

    assert waits == [1, 2, 4, 8, 16, 32, 32]


def fail_request(world: CertsWorld) -> None:
    (request,) = world.list(CertificateRequest)
    condition = {"type": "Ready", "status": "False", "reason": "Failed", "message": "could not"}
    conditions = [*(request.get("status") or {}).get("conditions", []), condition]
    status = {"status": {"conditions": conditions}}
    world.patch(CertificateRequest, request["metadata"]["name"], status, subresource="status")


def test_of_two_certificates_for_one_secret_the_older_is_issued_and_the_other_writes_nothing() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate("old", secretName="shared"))
        world.run_until(lambda: world.certificate("old").ready)
        world.create(certificate("new", secretName="shared"))
        world.pass_time(HOUR)

        assert world.certificate("new").revision == 0 and not world.certificate("new").issuing
        assert world.certificate("old").revision == 1
        condition = world.certificate("new").condition("Ready")
        assert condition is not None and condition.reason == "IncorrectCertificate"


def rivals(world: CertsWorld) -> None:
    """Two Certificates of one Secret, which is the older one's; the other has written all that it has to say."""
    world.create(issuer())
    world.create(certificate("old", secretName="shared"))
    world.run_until(lambda: world.certificate("old").ready and not world.certificate("old").issuing)
    world.create(certificate("new", secretName="shared"))
    world.pass_time(60)


def test_the_secret_of_a_deleted_certificate_is_taken_over_within_three_minutes_as_upstream() -> None:
    with CertsWorld() as world:
        rivals(world)
        world.delete(Certificate, "old")
        gone = world.clock.now()
        taken = world.run_until(lambda: world.certificate("new").revision == 1)

        assert timedelta(minutes=1) < taken - gone < timedelta(minutes=3)


def test_a_certificate_that_is_deleted_and_made_again_keeps_its_secret() -> None:
    with CertsWorld() as world:
        rivals(world)
        before = world.secret("shared")
        world.delete(Certificate, "old")
        world.pass_time(30)
        world.create(certificate("old", secretName="shared"))
        world.pass_time(HOUR)

        after = world.secret("shared")
        assert before is not None and after is not None and after["data"] == before["data"]
        assert not world.certificate("new").issuing and world.certificate("new").revision == 0


def test_a_secret_deleted_with_its_certificate_is_recreated_by_the_other_one_at_once() -> None:
    with CertsWorld() as world:
        rivals(world)
        world.delete(Certificate, "old")
        world.delete(Secret, "shared")
        gone = world.clock.now()
        taken = world.run_until(lambda: world.certificate("new").revision == 1)

        assert taken - gone < timedelta(seconds=1)


def test_spoiling_the_secret_without_end_reaches_the_limit_of_the_hour() -> None:
    with CertsWorld(Settings(issuances_per_hour=3)) as world:
        world.create(issuer())
        world.create(certificate())
        for revision in range(1, 4):
            reached(world, revision)
            issued(world)
            world.patch(Secret, "web-tls", {"data": {"tls.crt": "bm9uc2Vuc2U="}})
        world.pass_time(600)
        limited = world.certificate("web").condition("IssuanceLimited")
        assert world.certificate("web").revision == 3
        assert limited is not None and "3 certificates were issued within an hour" in limited.message

        world.run_until(lambda: world.certificate("web").revision == 4, within=timedelta(hours=2))
        issued(world)
        world.pass_time(60)
        assert world.certificate("web").condition("IssuanceLimited") is None


def test_a_ca_says_that_it_ends_and_signs_no_more_once_it_has() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate("root", isCA=True, commonName="root", duration="6h", renewal=NEVER))
        world.create(issuer("ca", ca={"secretName": "root-tls"}))
        issued(world, "root")
        world.run_until(lambda: condition(world, "CAExpiring") == "True")
        assert world.events("CAExpiring")
        assert condition(world, "Ready") == "True"
        world.run_until(lambda: condition(world, "Ready") == "False")
        world.create(certificate("late", issuer="ca"))
        world.pass_time(HOUR)
        assert not world.certificate("late").ready and world.certificate("late").revision == 0


def condition(world: CertsWorld, type_: str) -> str:
    raw = world.stored("Issuer", "ca") or {}
    return next((c["status"] for c in (raw.get("status") or {}).get("conditions", []) if c["type"] == type_), "")


def test_the_process_may_die_between_any_two_turns_and_makes_one_key_and_one_request() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate())
        for _ in range(12):
            world.pass_time(0.05)
            world.restart()
        issued(world)
        world.pass_time(60)

        assert world.certificate("web").revision == 1
        assert [one["metadata"]["name"] for one in world.list(CertificateRequest)] == ["web-1"]
        assert [one["metadata"]["name"] for one in world.list(Secret, "default")] == ["web-tls"]


def test_a_temporary_certificate_serves_until_the_issuer_answers() -> None:
    with CertsWorld() as world:
        world.create(issuer("ca", ca={"secretName": "missing"}))
        made = certificate(issuer="ca")
        made["metadata"]["annotations"] = {"cert-manager.io/issue-temporary-certificate": "true"}
        world.create(made)
        world.run_until(lambda: world.secret("web-tls") is not None)
        secret = world.secret("web-tls") or {}

        assert "cert-manager.io/issuer-name" not in secret["metadata"]["annotations"]
        found = certificates.first_of(decoded(secret["data"]["tls.crt"]))
        assert found.alt_names.dns == ("web.example.test",)


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_a_label_or_annotation_that_is_taken_away_comes_back_without_a_new_certificate(field: str) -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(certificate(secretTemplate={field: {"team": "web"}}))
        issued(world)
        world.patch(Secret, "web-tls", {"metadata": {field: {"team": None}}})
        world.run_until(lambda: (world.secret("web-tls") or {})["metadata"][field].get("team") == "web")
        world.patch(Certificate, "web", {"spec": {"secretTemplate": {field: {"team": None, "other": "x"}}}})
        world.run_until(lambda: "team" not in (world.secret("web-tls") or {})["metadata"][field])

        assert world.certificate("web").revision == 1


def test_a_keystore_waits_for_its_password_and_reports_it_once() -> None:
    with CertsWorld() as world:
        world.create(issuer())
        world.create(
            certificate(keystores={"pkcs12": {"create": True, "passwordSecretRef": {"name": "pw", "key": "p"}}})
        )
        world.run_until(lambda: bool(world.events("KeystorePasswordSecretNotFound")))
        world.pass_time(HOUR / 2)
        assert len(world.events("KeystorePasswordSecretNotFound")) == 1 and world.secret("web-tls") is None
        world.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "pw", "namespace": "default"},
                "data": {"p": "eA=="},
            }
        )
        issued(world)
        assert "keystore.p12" in (world.secret("web-tls") or {})["data"]
