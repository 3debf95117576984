"""Templates of one trigger become one notification (spec/notifications.md D5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.notify.templates import Notification, Renderer, TemplateFailed

NOW = datetime(2030, 1, 1, tzinfo=UTC)
REPLACED = ("slack", "mattermost", "rocketchat", "opsgenie", "pagerdutyv2", "newrelic")
FILLED = ("email", "teams", "teams-workflows", "googlechat")


def rendered(*templates: dict[str, Any], **variables: Any) -> Notification:
    named = {f"t{at}": template for at, template in enumerate(templates)}
    return Renderer.of(lambda: NOW, lambda size: bytes(size)).notification(list(named), named, variables)


@pytest.mark.parametrize(("later", "wins"), [("second", "second"), ("", "first")])
def test_a_later_message_wins_unless_it_is_empty(later: str, wins: str) -> None:
    assert rendered({"message": "first"}, {"message": later}) == {"message": wins}


@pytest.mark.parametrize("service", REPLACED)
def test_a_later_block_replaces_all_fields_even_by_none(service: str) -> None:
    found = rendered({service: {"a": "1", "b": "2"}}, {service: {"a": ""}})

    assert found == {service: {"a": ""}}


@pytest.mark.parametrize("service", FILLED)
def test_in_blocks_of_mail_and_chats_only_values_that_are_not_empty_replace(service: str) -> None:
    found = rendered({service: {"a": "1", "b": "2"}}, {service: {"a": "", "b": "3", "c": "4"}})

    assert found == {service: {"a": "1", "b": "3", "c": "4"}}


def test_webhooks_of_several_templates_are_merged_by_name() -> None:
    found = rendered({"webhook": {"a": {"body": "1"}, "b": {"body": "2"}}}, {"webhook": {"b": {"path": "/"}}})

    assert found == {"webhook": {"a": {"body": "1"}, "b": {"path": "/"}}}


def test_each_text_is_a_template_but_methods_and_flags() -> None:
    text = "{{.name}}"
    found = rendered(
        {
            "webhook": {"w": {"method": text, "body": text}},
            "slack": {"deliveryPolicy": text, "notifyBroadcast": text, "attachments": text},
            "github": {"deployment": {"autoMerge": text, "environment": text}},
        },
        name="web",
    )

    assert found == {
        "webhook": {"w": {"method": text, "body": "web"}},
        "slack": {"deliveryPolicy": text, "notifyBroadcast": text, "attachments": "web"},
        "github": {"deployment": {"autoMerge": text, "environment": "web"}},
    }


def test_a_missing_key_prints_no_value_and_nothing_is_escaped() -> None:
    assert rendered({"message": "{{.missing}} {{.text}}"}, text="<&>") == {"message": "<no value> <&>"}


def test_an_unknown_template_is_an_error_in_upstream_words() -> None:
    with pytest.raises(TemplateFailed, match=r"^template 'x' is not supported$"):
        Renderer.of(lambda: NOW, lambda size: bytes(size)).notification(["x"], {}, {})


def test_an_error_of_a_template_with_secrets_quotes_nothing() -> None:
    template = {"message": '{{fail (index .secrets "token")}}'}

    with pytest.raises(TemplateFailed) as failed:
        rendered(template, secrets={"token": "canary"})

    assert "canary" not in str(failed.value)
