"""SealedSecrets are unsealed: when, with what result, and what is reported."""

from __future__ import annotations

from datetime import timedelta

import pytest

from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.assembly import Unopened
from argosy.sealing.ports import Opened, Unseal
from argosy.sealing.scope import MANAGED, PATCH, SKIP_OWNER, Scope
from argosy.sealing.settings import Settings
from argosy.sealing.unseal import PATIENCE
from tests.kit.sealing import NAME, SealingWorld, item, sealed, secret

OTHER = Key("default", "other")


class Cold(SealingWorld):
    """Has many SealedSecrets before its controllers start; each takes a second to be opened."""

    MANY = 160

    def start(self) -> None:
        for number in range(self.MANY):
            self.create(sealed({"password": "hunter2"}, name=f"app-{number}"))
        super().start()

    def opened(self) -> int:
        return sum(self.synced(Key("default", f"app-{number}")) == "True" for number in range(self.MANY))


def test_a_sealed_secret_becomes_a_secret_that_it_owns() -> None:
    with SealingWorld() as world:
        made = world.create(sealed({"password": "hunter2"}))
        world.run_until(lambda: world.synced() == "True")
        found = world.get(Secret, NAME)
        assert found is not None
        assert world.values() == {"password": "hunter2"}
        assert found["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "bitnami.com/v1alpha1",
                "kind": "SealedSecret",
                "name": "app",
                "uid": made["metadata"]["uid"],
                "controller": True,
            }
        ]
        world.pass_time(5)
        assert world.events() == [("Unsealed", "SealedSecret unsealed successfully")]


def test_a_second_look_at_an_unchanged_world_is_silent() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}))
        world.create(sealed({"a": "1"}, name="other", raw={"b": "AAAA"}))
        world.run_until(lambda: world.synced() == "True" and world.synced(OTHER) == "False")
        world.pass_time(5)
        before = world.engine.writes_count, len(world.events())
        world.pass_time(1800)
        assert (world.engine.writes_count, len(world.events())) == before
        world.restart()
        world.pass_time(60)
        assert world.engine.writes_count == 0
        assert len(world.events()) == before[1]


@pytest.mark.parametrize("scope", Scope)
def test_every_scope_opens_under_its_own_label(scope: Scope) -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}, scope=scope))
        world.run_until(lambda: world.values() == {"a": "1"})


def test_an_item_sealed_for_another_name_leaves_no_secret_and_names_its_key() -> None:
    with SealingWorld() as world:
        world.create(sealed({"good": "1"}, raw={"bad": item("2", name="elsewhere")}))
        world.run_until(lambda: world.synced() == "False")
        assert world.condition()["message"] == "no key could decrypt secret (bad)"
        assert world.values() is None
        world.pass_time(5)
        assert world.events() == [("ErrUnsealFailed", "Failed to unseal: no key could decrypt secret (bad)")]


def test_an_item_that_breaks_later_leaves_the_secret_as_it_was() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        world.patch(SealedSecret, "app", {"spec": {"encryptedData": {"a": "###"}}})
        world.run_until(lambda: world.synced() == "False")
        assert world.condition()["message"] == "illegal base64 data at input byte 0 (a)"
        assert world.values() == {"a": "1"}


def test_a_change_of_the_spec_reaches_the_secret() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1", "b": "2"}))
        world.run_until(lambda: world.values() == {"a": "1", "b": "2"})
        world.patch(SealedSecret, "app", {"spec": {"encryptedData": {"a": item("new"), "b": None}}})
        world.run_until(lambda: world.values() == {"a": "new"})


def test_a_corrected_scope_annotation_is_noticed_without_a_change_of_the_spec() -> None:
    with SealingWorld() as world:
        world.create(sealed({}, raw={"a": item("1", scope=Scope.CLUSTER_WIDE)}))
        world.run_until(lambda: world.synced() == "False")
        annotations = {"sealedsecrets.bitnami.com/cluster-wide": "true"}
        world.patch(SealedSecret, "app", {"metadata": {"annotations": annotations}})
        world.run_until(lambda: world.values() == {"a": "1"})
        assert world.synced() == "True"


def test_a_secret_that_was_deleted_is_made_again() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        world.delete(Secret, "app")
        world.run_until(lambda: world.values() == {"a": "1"})


def test_a_secret_that_was_deleted_stays_away_when_recreation_is_off() -> None:
    with SealingWorld(Settings(recreates=False)) as world:
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        world.delete(Secret, "app")
        world.pass_time(600)
        assert world.values() is None


def test_a_secret_of_others_is_never_touched_and_its_removal_lets_ours_in() -> None:
    with SealingWorld() as world:
        world.create(secret({"old": "x"}))
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "False")
        text = 'Resource "app" already exists and is not managed by SealedSecret'
        assert world.condition()["message"] == f"failed update: {text}"
        assert world.values() == {"old": "x"}
        world.pass_time(5)
        assert world.events() == [("ErrUpdateFailed", text)]
        world.delete(Secret, "app")
        world.run_until(lambda: world.values() == {"a": "1"})
        assert world.synced() == "True"


def test_a_secret_annotated_later_as_managed_is_taken_over() -> None:
    with SealingWorld() as world:
        world.create(secret({"old": "x"}))
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "False")
        world.patch(Secret, "app", {"metadata": {"annotations": {MANAGED: "true"}}})
        world.run_until(lambda: world.values() == {"a": "1"})


def test_a_secret_annotated_for_patches_keeps_its_other_keys_and_no_owner() -> None:
    with SealingWorld() as world:
        world.create(secret({"old": "x"}, annotations={PATCH: "true"}))
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        assert world.values() == {"old": "x", "a": "1"}
        found = world.get(Secret, NAME)
        assert found is not None
        assert "ownerReferences" not in found["metadata"]


def test_without_an_owner_reference_alone_the_secret_is_created_once_and_that_is_reported() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}, template={"metadata": {"annotations": {SKIP_OWNER: "true"}}}))
        world.run_until(lambda: world.synced() == "False")
        assert world.values() == {"a": "1"}
        world.pass_time(600)
        assert [reason for reason, _ in world.events()] == ["ErrUpdateFailed"]


def test_a_replaced_sealed_secret_keeps_its_secret() -> None:
    """sealed-secrets#1599: the Secret is owned by the uid of the object before, and the collector is about to come."""
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        world.delete(SealedSecret, "app")
        made = world.create(sealed({"a": "2"}))
        world.run_until(lambda: world.synced() == "True")
        world.pass_time(600)
        found = world.get(Secret, NAME)
        assert found is not None
        assert found["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
        assert world.values() == {"a": "2"}


def test_a_deleted_sealed_secret_takes_its_secret_along() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}))
        world.run_until(lambda: world.synced() == "True")
        world.delete(SealedSecret, "app")
        world.run_until(lambda: world.values() is None)


def test_a_key_that_arrives_later_opens_what_failed_before() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}, key=5))
        world.run_until(lambda: world.synced() == "False")
        world.add_key(5)
        world.run_until(lambda: world.synced() == "True")
        assert world.values() == {"a": "1"}


def test_an_immutable_secret_is_reported_and_made_again_once_it_is_deleted() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}, template={"immutable": True}))
        world.run_until(lambda: world.synced() == "True")
        world.patch(SealedSecret, "app", {"spec": {"encryptedData": {"a": item("2")}}})
        world.run_until(lambda: world.synced() == "False")
        assert world.condition()["message"].endswith("field is immutable when `immutable` is set")
        world.pass_time(5)
        assert any("delete and recreate the Secret" in message for _, message in world.events())
        assert world.values() == {"a": "1"}
        world.delete(Secret, "app")
        world.run_until(lambda: world.values() == {"a": "2"} and world.synced() == "True")


def test_a_refused_secret_is_tried_again_every_five_minutes_and_not_more_often() -> None:
    with SealingWorld() as world:
        world.create(sealed({"a": "1"}, template={"type": "Opaque"}))
        world.run_until(lambda: world.synced() == "True")
        world.patch(SealedSecret, "app", {"spec": {"template": {"type": "example.test/other"}}})
        world.run_until(lambda: world.synced() == "False")
        world.pass_time(5)
        before = world.engine.writes_count
        world.pass_time(3600)
        assert 12 <= world.engine.writes_count - before <= 26


class Away(WrappingClient):
    """Takes no Secret for so many writes."""

    left = 0

    async def write(self, request: Write) -> JsonObject:
        if request.resource.plural == "secrets" and self.left:
            self.left -= 1
            raise StatusError(503, "ServiceUnavailable", "the server is away")
        return await super().write(request)


def test_a_secret_that_is_written_after_its_error_was_reported_is_reported_too() -> None:
    clients: list[Away] = []

    def wrap(client: Client) -> Client:
        clients.append(Away(client))
        return clients[-1]

    with SealingWorld(wrap=wrap) as world:
        world.create(sealed({"a": "1"}))
        opens(world)
        clients[-1].left = PATIENCE
        world.delete(Secret, "app")
        world.pass_time(600)
        assert any("the server is away" in message for _, message in world.events())
        assert (world.values(), world.synced()) == ({"a": "1"}, "True")


@pytest.mark.parametrize(("spec", "told"), [({"a": "1"}, "True"), ({}, "False")])
def test_a_status_of_a_write_that_came_late_is_put_right(spec: dict[str, str], told: str) -> None:
    with SealingWorld() as world:
        world.create(sealed(spec, raw={} if spec else {"b": "AAAA"}))
        world.run_until(lambda: world.synced() == told)
        late = {**world.condition(), "status": "False" if told == "True" else "True"}
        world.patch(SealedSecret, "app", {"status": {"conditions": [late]}}, subresource="status")
        world.run_until(lambda: world.synced() == told)
        before = world.engine.writes_count
        world.pass_time(3600)
        assert world.engine.writes_count == before


def opens(world: SealingWorld) -> None:
    world.run_until(lambda: world.synced() == "True")


def test_drift_is_left_alone_unless_repair_is_on() -> None:
    for repairs, after in ((False, {"a": "tampered"}), (True, {"a": "1"})):
        with SealingWorld(Settings(repairs=repairs)) as world:
            world.create(sealed({"a": "1"}))
            opens(world)
            world.patch(Secret, "app", {"stringData": {"a": "tampered"}})
            world.pass_time(60)
            assert world.values() == after


def test_objects_outside_of_the_selection_are_left_alone() -> None:
    with SealingWorld(Settings(namespaces=frozenset({"team"})), namespaces=("team",)) as world:
        world.create(sealed({"a": "1"}))
        world.create(sealed({"a": "1"}, namespace="team"))
        world.run_until(lambda: world.synced(Key("team", "app")) == "True")
        assert world.synced() == ""


def test_templates_see_the_opened_values() -> None:
    template = {"data": {"url": 'db://{{ .user }}:{{ index . "pass-word" }}@host', "user": "over {{ .user | upper }}"}}
    with SealingWorld() as world:
        world.create(sealed({"user": "u", "pass-word": "p"}, template=template))
        world.run_until(lambda: world.synced() == "True")
        assert world.values() == {"url": "db://u:p@host", "user": "over U", "pass-word": "p"}


def test_a_new_object_waits_for_none_of_those_that_a_cold_start_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = Opener.answer
    worlds: list[Cold] = []

    async def slow(self: Opener, question: Unseal) -> Opened | Unopened:
        await worlds[0].clock.sleep(1)
        return await at_once(self, question)

    monkeypatch.setattr(Opener, "answer", slow)
    worlds.append(world := Cold())
    with world:
        world.run_until(lambda: world.opened() > 0)
        began = world.clock.now()
        world.create(sealed({"password": "hunter2"}))
        ended = world.run_until(lambda: world.synced() == "True")
        assert world.opened() < world.MANY / 2, "the cold start goes on meanwhile"
        assert ended - began <= timedelta(seconds=2)
