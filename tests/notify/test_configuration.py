from __future__ import annotations

import pytest

from argosy.notify.configuration import Destination, configuration


def test_scalars_are_read_as_the_texts_that_are_wanted() -> None:
    found = configuration({"trigger.a": "- when: true\n  send: [1]\n", "context": "name: 5\n"}, {})

    assert found.triggers["a"][0].when == "true"
    assert found.triggers["a"][0].send == ("1",)
    assert found.context == {"name": "5"}


def test_a_secret_takes_the_place_of_its_name_in_every_option() -> None:
    options = "url: https://x/$a-b\nheaders:\n- name: Authorization\n  value: Bearer $token\n"
    found = configuration({"service.webhook.team": options}, {"a-b": b"q: '1'", "token": b"t\n"})

    service = found.services["team"]
    assert (service.type, service.options["url"]) == ("webhook", "https://x/q: '1'")
    assert service.options["headers"][0]["value"] == "Bearer t"
    assert not found.problems


def test_an_unknown_secret_key_stays_as_it_is_and_is_reported() -> None:
    found = configuration({"service.slack": "token: $a-b\n"}, {"a": b"x"})

    assert found.services["slack"].options == {"token": "$a-b"}
    assert [problem.message for problem in found.problems] == [
        "$a-b: the Secret has no such key, so the text stays as it is"
    ]


def test_options_are_not_in_a_repr() -> None:
    found = configuration({"service.slack": "token: $t\n"}, {"t": b"canary"})

    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("trigger.bad", "- when: app.(\n"),
        ("trigger.bad", "when: true\n"),
        ("template.bad", "[1]\n"),
        ("template.bad", "message: [\n"),
        ("service.a.b.c", "url: x\n"),
        ("subscriptions", "- recipients: [a:b]\n  selector: '((('\n"),
        ("defaultTriggers", "a: 1\n"),
    ],
)
def test_a_bad_item_is_a_problem_of_its_own_and_the_others_work(key: str, text: str) -> None:
    found = configuration({key: text, "trigger.good": "- when: 'true'\n  send: [t]\n", "template.t": "message: m"}, {})

    assert [problem.key for problem in found.problems] == [key]
    assert found.triggers.keys() == {"good"}
    assert found.templates.keys() == {"t"}


def test_a_recipient_ends_at_the_second_colon() -> None:
    text = "- recipients: ['webhook:https://h/p', 'slack:a']\n"
    found = configuration({"subscriptions": text}, {})

    assert found.subscriptions[0].recipients == (Destination("webhook", "https"), Destination("slack", "a"))


def test_default_triggers_of_a_service_take_the_place_of_the_global_ones() -> None:
    found = configuration({"defaultTriggers": "[a]", "defaultTriggers.slack": "[b, c]"}, {})

    assert found.defaults("slack") == ("b", "c")
    assert found.defaults("email") == ("a",)


def test_the_form_before_2021_is_read() -> None:
    config = """
triggers:
- {name: on-x, condition: "app.a == 1", template: t, enabled: true}
templates:
- {name: t, subject: s, body: b}
context: {k: v}
subscriptions:
- recipients: [slack:x]
"""
    notifiers = b"slack: {token: t}\nwebhook:\n- {name: w, url: u}\n"
    found = configuration({"config.yaml": config}, {"notifiers.yaml": notifiers})

    assert found.triggers["on-x"][0].send == ("t",)
    assert found.templates["t"] == {"message": "b", "email": {"subject": "s"}}
    assert found.defaults("slack") == ("on-x",)
    assert {name: service.type for name, service in found.services.items()} == {"slack": "slack", "w": "webhook"}
