"""The room in virtual time: what is sent when, and what is noted of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from argosy.notify.ports import Commit, Deliver, Delivered, Undelivered
from argosy.notify.records import ANNOTATION as PENDING
from argosy.notify.state import ANNOTATION as STATE
from argosy.notify.state import condition_hash
from argosy.notify.subjects import APPLICATIONS
from tests.kit.notify import APP, NotifyWorld

SUBSCRIBED = {"notifications.argoproj.io/subscribe.on-out.slack": "ops"}
OUT = {
    "trigger.on-out": "- when: app.status.sync.status == 'OutOfSync'\n  send: [out]\n",
    "template.out": "message: '{{.app.metadata.name}} is {{.app.status.sync.status}}'\n",
    "service.slack": "token: $slack\n",
}


def test_a_condition_that_comes_to_hold_is_sent_once() -> None:
    with NotifyWorld(OUT, secrets={"slack": "t"}) as world:
        world.application(SUBSCRIBED)
        world.sync_status("OutOfSync")
        world.pass_time(120)
        world.status(reconciledAt="2026-01-01T00:00:00Z")
        world.pass_time(120)

        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")]
        assert len(world.notified()) == 1
        assert PENDING not in world.annotations()


def test_a_condition_that_ended_and_holds_again_is_sent_again() -> None:
    with NotifyWorld(OUT) as world:
        world.application(SUBSCRIBED)
        for status in ("OutOfSync", "Synced", "OutOfSync"):
            world.sync_status(status)
            world.pass_time(5)

        assert len(world.deliveries.sent) == 2


def test_an_occurrence_is_sent_once_however_often_its_condition_holds_again() -> None:
    trigger = "- when: app.status.sync.status == 'OutOfSync'\n  oncePer: app.status.sync.revision\n  send: [out]\n"
    with NotifyWorld({**OUT, "trigger.on-out": trigger}) as world:
        world.application(SUBSCRIBED)
        for status, revision in (("OutOfSync", "a"), ("Synced", "a"), ("OutOfSync", "a"), ("OutOfSync", "b")):
            world.status(sync={"status": status, "revision": revision})
            world.pass_time(5)

        assert len(world.deliveries.sent) == 2
        assert [key.partition(":")[0] for key in world.notified()] == ["a", "b"]


def test_what_upstream_notified_is_not_repeated() -> None:
    key = "on-out:[0].{}:slack:ops"
    state = '{"' + key.format(condition_hash("app.status.sync.status == 'OutOfSync'")) + '":1700000000}'
    with NotifyWorld(OUT) as world:
        world.application({**SUBSCRIBED, STATE: state})
        world.sync_status("OutOfSync")
        world.pass_time(120)

        assert world.deliveries.sent == []
        assert world.annotations()[STATE] == state


def test_a_failed_delivery_is_reported_and_retried_with_a_growing_wait_even_with_once_per() -> None:
    trigger = "- when: app.status.sync.status == 'OutOfSync'\n  oncePer: app.metadata.name\n  send: [out]\n"
    with NotifyWorld({**OUT, "trigger.on-out": trigger}) as world:
        times: list[datetime] = []

        def answer(question: Deliver) -> Delivered | Undelivered:
            times.append(world.clock.now())
            return Delivered() if len(times) == 4 else Undelivered(message="slack answered 503")

        world.deliveries.answer = answer
        world.application(SUBSCRIBED)
        world.sync_status("OutOfSync")
        world.pass_time(60)

        waits = [round((after - before).total_seconds()) for before, after in pairwise(times)]
        assert len(world.deliveries.sent) == 1
        assert [wait in range(limit, limit + 2) for wait, limit in zip(waits, (1, 2, 4), strict=True)] == [True] * 3
        told = world.events("NotificationFailed")
        assert len(told) == 1
        assert "on-out for slack:ops: slack answered 503; it is tried again" in told[0]["message"]
        assert PENDING not in world.annotations()


def test_after_ten_tries_a_delivery_is_given_up_and_reported() -> None:
    with NotifyWorld(OUT) as world:
        world.deliveries.answer = lambda question: Undelivered(message="no")
        world.application(SUBSCRIBED)
        world.sync_status("OutOfSync")
        world.pass_time(1800)  # Events live for an hour

        assert len(world.deliveries.questions) == 10
        assert [event["message"].rpartition("; ")[2] for event in world.events("NotificationFailed")] == [
            "it is tried again",
            "it is not tried again",
        ]
        assert PENDING not in world.annotations()


def test_a_delivery_that_a_crash_cut_off_is_made_after_the_restart() -> None:
    with NotifyWorld(OUT) as world:
        world.deliveries.answer = lambda question: Undelivered(message="no")
        world.application(SUBSCRIBED)
        world.sync_status("OutOfSync")
        world.pass_time(1)
        world.kill()
        world.deliveries.answer = lambda question: Delivered()
        world.start()
        world.pass_time(30)

        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")]


def test_an_operation_that_the_status_does_not_show_yet_is_not_evaluated() -> None:
    trigger = "- when: app.status.operationState.phase in ['Succeeded']\n  send: [out]\n"
    ended = {"phase": "Succeeded", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:00Z"}
    operation = {"operation": {}, **ended}
    with NotifyWorld({**OUT, "trigger.on-out": trigger}) as world:
        world.application(SUBSCRIBED)
        world.status(operationState=operation, reconciledAt="2026-01-01T00:00:30Z")
        world.pass_time(5)
        before = list(world.deliveries.sent)
        world.status(reconciledAt="2026-01-01T00:01:30Z")
        world.pass_time(5)

        assert before == []
        assert len(world.deliveries.sent) == 1


def test_a_condition_on_the_time_is_looked_at_every_minute() -> None:
    trigger = "- when: time.Now().Sub(time.Parse(app.metadata.creationTimestamp)).Minutes() >= 5\n  send: [out]\n"
    with NotifyWorld({**OUT, "trigger.on-out": trigger}) as world:
        world.application(SUBSCRIBED)
        made = world.clock.now()
        world.run_until(lambda: bool(world.deliveries.sent))

        assert timedelta(minutes=5) <= world.clock.now() - made <= timedelta(minutes=6, seconds=5)


def test_a_template_may_ask_for_the_commit() -> None:
    template = "message: '{{(call .repo.GetCommitMetadata .app.status.sync.revision).Message}} by {{.recipient}}'\n"
    with NotifyWorld({**OUT, "template.out": template}) as world:
        date = datetime(2026, 1, 1, tzinfo=UTC)
        world.deliveries.commits["abc"] = Commit(message="fix it", author="a <a@b>", date=date)
        world.application(SUBSCRIBED)
        world.status(sync={"status": "OutOfSync", "revision": "abc"})
        world.pass_time(10)

        assert world.deliveries.sent == [("slack:ops", "fix it by ops")]
        assert world.events("NotificationFailed") == []


def test_a_configuration_of_the_own_namespace_counts_along_with_the_central_one() -> None:
    with NotifyWorld(OUT, self_service=True) as world:
        world.allow("team")
        world.configure(OUT, "team")
        world.application(SUBSCRIBED, namespace="team")
        world.patch(APPLICATIONS, "web", {"status": {"sync": {"status": "OutOfSync"}}}, "team")
        world.pass_time(10)

        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")] * 2


def test_a_project_subscribes_for_its_applications() -> None:
    with NotifyWorld(OUT) as world:
        world.create(
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "AppProject",
                "metadata": {"name": "default", "namespace": "argocd", "annotations": SUBSCRIBED},
                "spec": {},
            }
        )
        world.application()
        world.sync_status("OutOfSync")
        world.pass_time(10)

        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")]


def test_one_bad_template_stops_only_itself_and_is_reported() -> None:
    data = {
        **OUT,
        "trigger.on-bad": "- when: 'true'\n  send: [bad]\n",
        "template.bad": "message: '{{.app.metadata.name | nope}}'\n",
        "template.worse": "[",
    }
    annotations = {**SUBSCRIBED, "notifications.argoproj.io/subscribe.on-bad.slack": "ops"}
    with NotifyWorld(data, secrets={"slack": "t"}) as world:
        world.application(annotations)
        world.sync_status("OutOfSync")
        world.pass_time(10)

        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")]
        assert "template 'bad'" in world.events("NotificationFailed")[0]["message"]
        assert "template.worse" in world.events("InvalidNotificationConfiguration")[0]["message"]


def test_an_application_without_destinations_is_never_written() -> None:
    with NotifyWorld(OUT) as world:
        before = world.application()["metadata"]["resourceVersion"]
        world.pass_time(300)

        assert (world.get(APPLICATIONS, APP) or {})["metadata"]["resourceVersion"] == before


def test_a_subscription_to_a_trigger_that_nobody_configured_is_reported_once_until_it_is() -> None:
    wrong = {"notifications.argoproj.io/subscribe.on-uot.slack": "ops"}
    with NotifyWorld(OUT) as world:
        world.application({**SUBSCRIBED, **wrong})
        world.sync_status("OutOfSync")
        world.pass_time(5)
        world.sync_status("Synced")
        world.pass_time(5)

        (told,) = world.events("UnknownTrigger")
        assert (told["involvedObject"]["name"], told["type"], told.get("count") or 1) == ("web", "Warning", 1)
        assert told["message"] == "trigger 'on-uot' is subscribed to and not configured: nobody is notified of it"
        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")]

        world.configure({**OUT, "trigger.on-uot": OUT["trigger.on-out"]})
        world.sync_status("OutOfSync")
        world.pass_time(5)
        assert len(world.events("UnknownTrigger")) == 1
        assert len(world.deliveries.sent) == 3


def test_a_trigger_of_the_own_namespace_is_known_to_the_central_configuration() -> None:
    with NotifyWorld({"service.slack": "token: t\n"}, self_service=True) as world:
        world.allow("team")
        world.configure(OUT, "team")
        world.application({**SUBSCRIBED}, namespace="team")
        world.pass_time(5)

        assert world.events("UnknownTrigger") == []


def test_what_is_rendered_is_sent_without_waiting_for_the_next_look_at_the_time() -> None:
    trigger = "- when: time.Now().Year() > 2000 && app.status.sync.status == 'OutOfSync'\n  send: [out]\n"
    with NotifyWorld({**OUT, "trigger.on-out": trigger}) as world:
        world.application(SUBSCRIBED)
        world.sync_status("OutOfSync")
        world.pass_time(0.5)

        assert len(world.deliveries.sent) == 1
        turns = world.turns("notifications-app")
        world.pass_time(600)
        assert world.turns("notifications-app") - turns <= 12


@pytest.mark.parametrize("patterns", ["te*", "/^t.+m$/", "other, team"])
def test_applications_of_allowed_namespaces_alone_are_notified_about(patterns: str) -> None:
    with NotifyWorld(OUT) as world:
        world.application(SUBSCRIBED, namespace="team")
        world.patch(APPLICATIONS, "web", {"status": {"sync": {"status": "OutOfSync"}}}, "team")
        world.pass_time(10)
        assert world.deliveries.sent == []

        world.allow(patterns)
        world.pass_time(10)
        assert world.deliveries.sent == [("slack:ops", "web is OutOfSync")]


def test_templates_of_a_namespace_see_no_secret() -> None:
    template = {**OUT, "template.out": "message: 'it is {{.secrets.slack}}'\n"}
    with NotifyWorld(template, secrets={"slack": "hidden"}, self_service=True) as world:
        world.allow("team")
        world.create(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "argocd-notifications-secret", "namespace": "team"},
                "stringData": {"slack": "t0p"},
            }
        )
        world.configure(template, "team")
        world.application(SUBSCRIBED, namespace="team")
        world.patch(APPLICATIONS, "web", {"status": {"sync": {"status": "OutOfSync"}}}, "team")
        world.pass_time(10)

        messages = [message for _, message in world.deliveries.sent]
        assert len(messages) == 2
        assert "it is <no value>" in messages
        assert not [message for message in messages if "t0p" in message]


@pytest.mark.parametrize("text", ["[", "trigger: [a]"])
def test_a_list_of_subscriptions_that_cannot_be_read_is_reported_once(text: str) -> None:
    with NotifyWorld(OUT) as world:
        world.application({"notifications.argoproj.io/subscriptions": text})
        world.pass_time(5)
        world.sync_status("OutOfSync")
        world.pass_time(600)

        (event,) = world.events("UnreadableSubscription")
        assert "notifications.argoproj.io/subscriptions" in event["message"]
