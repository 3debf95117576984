"""Each service over its HTTP API: what it sends, and what it makes of the answer, against a real server on loopback."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.notify.services import Delivery, Doors, Refused, send
from argosy.notify.threads import Remembered
from argosy.sources.egress import Egress, EgressPolicy
from argosy.sources.port import Credentials, SourceError
from tests.kit.receiver import Received, Receiver, receiving

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ABOUT = {"repoURL": "git@github.com:team/web.git", "revision": "abc", "template": "app-out"}


def delivered(
    kind: str,
    options: dict[str, Any],
    content: dict[str, Any],
    recipient: str = "r",
    *,
    name: str = "",
    answers: dict[str, tuple[int, Any]] | None = None,
    default: tuple[int, Any] = (200, {}),
    headers: dict[str, str] | None = None,
    threads: dict[str, str] | None = None,
) -> list[Received]:
    """Options may name the server by `{url}`. Raises what the service raises."""

    async def run() -> list[Received]:
        egress = Egress(EgressPolicy(allow_loopback=True))
        async with receiving() as receiver:
            receiver.answers, receiver.default, receiver.headers = answers or {}, default, headers or {}
            try:
                await send(_delivery(kind, options, content, recipient, name, receiver), _doors(egress, threads))
            finally:
                await egress.close()
                REQUESTS[:] = receiver.received
            return receiver.received

    return asyncio.run(run())


WAITS: list[float] = []
REQUESTS: list[Received] = []
"""What came the last time, for deliveries that were refused."""


def _delivery(
    kind: str, options: dict[str, Any], content: dict[str, Any], recipient: str, name: str, receiver: Receiver
) -> Delivery:
    filled = _filled(options, receiver.url)
    return Delivery(
        type=kind, name=name or kind, recipient=recipient, options=filled, content={**content, "": ABOUT}, key="k:é"
    )


def _filled(value: Any, url: str) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, url) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, url) for item in value]
    return (
        value.replace("{url}", url).replace("{host}", url.removeprefix("http://")) if isinstance(value, str) else value
    )


def _doors(egress: Egress, threads: dict[str, str] | None) -> Doors:
    async def request(method: str, url: str, *, headers: Any, body: Any, insecure: bool, seconds: float) -> Any:
        return await egress.request(method, url, Credentials(), limit=1 << 20, body=body, headers=headers)

    async def sleep(seconds: float) -> None:
        WAITS.append(seconds)

    return Doors(
        request=request,
        now=lambda: NOW,
        sleep=sleep,
        address=egress.judged_address,
        threads=Remembered(threads),
    )


CASES = [
    pytest.param(
        "slack",
        {"token": "t", "apiURL": "{url}", "username": "bot", "icon": ":ship:"},
        {"message": "m", "slack": {"attachments": '[{"title": "a"}]'}},
        "#ops",
        {"POST /chat.postMessage": (200, {"ok": True, "ts": "1", "channel": "C1"})},
        "POST /chat.postMessage",
        {"text": "m", "username": "bot", "icon_emoji": ":ship:", "attachments": [{"title": "a"}], "channel": "#ops"},
        ("Authorization", "Bearer t"),
        id="slack",
    ),
    pytest.param(
        "teams",
        {"recipientUrls": {"ops": "{url}/hook"}},
        {"message": "m", "teams": {"title": "T", "themeColor": "#fff", "facts": '[{"name": "a", "value": "b"}]'}},
        "ops",
        {"POST /hook": (200, b"1")},
        "POST /hook",
        {
            "@type": "MessageCard",
            "@context": "https://schema.org/extensions",
            "text": "m",
            "title": "T",
            "themeColor": "#fff",
            "sections": [{"facts": [{"name": "a", "value": "b"}]}],
        },
        None,
        id="teams",
    ),
    pytest.param(
        "teams-workflows",
        {"recipientUrls": {"ops": "{url}/flow"}},
        {"message": "m", "teams-workflows": {"title": "T"}},
        "ops",
        {"POST /flow": (202, b"")},
        "POST /flow",
        {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "content": {
                        "type": "AdaptiveCard",
                        "version": "1.4",
                        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                        "body": [
                            {"type": "TextBlock", "text": "T", "size": "Large", "weight": "Bolder", "wrap": True},
                            {"type": "TextBlock", "text": "m", "wrap": True},
                        ],
                    },
                }
            ],
        },
        None,
        id="teams-workflows",
    ),
    pytest.param(
        "googlechat",
        {"webhooks": {"ops": "{url}/chat?key=1"}},
        {"message": "m", "googlechat": {"threadKey": "th"}},
        "ops",
        {},
        "POST /chat?key=1&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD",
        {"text": "m", "thread": {"threadKey": "th"}},
        None,
        id="googlechat",
    ),
    pytest.param(
        "alertmanager",
        {"targets": ["{host}"], "bearerToken": "t"},
        {"alertmanager": {"labels": {"severity": "info"}, "annotations": {"a": "b"}}},
        "",
        {},
        "POST /api/v2/alerts",
        [
            {
                "labels": {"severity": "info", "alertname": "app-out"},
                "annotations": {"a": "b"},
                "generatorURL": "https://github.com/team/web.git",
                "startsAt": "2026-01-02T03:04:05Z",
            }
        ],
        ("Authorization", "Bearer t"),
        id="alertmanager",
    ),
    pytest.param(
        "grafana",
        {"apiUrl": "{url}/api", "apiKey": "k"},
        {"message": "m"},
        "a|b",
        {},
        "POST /api/annotations",
        {"time": 1767323045000, "isRegion": False, "tags": ["a", "b"], "text": "m"},
        ("Authorization", "Bearer k"),
        id="grafana",
    ),
    pytest.param(
        "opsgenie",
        {"apiUrl": "{url}", "apiKeys": {"team": "k"}},
        {"message": "m", "opsgenie": {"description": "d", "priority": "P1", "tags": ["x"]}},
        "team",
        {"POST /v2/alerts": (202, {})},
        "POST /v2/alerts",
        {
            "message": "m",
            "description": "d",
            "responders": [{"type": "team", "id": "team"}],
            "source": "Argo CD",
            "priority": "P1",
            "tags": ["x"],
        },
        ("Authorization", "GenieKey k"),
        id="opsgenie",
    ),
    pytest.param(
        "pagerduty",
        {"apiURL": "{url}", "token": "t", "from": "a@b"},
        {"pagerduty": {"title": "T", "body": "B", "urgency": "high", "priorityId": "P"}},
        "svc",
        {"POST /incidents": (201, {})},
        "POST /incidents",
        {
            "incident": {
                "type": "incident",
                "title": "T",
                "service": {"id": "svc", "type": "service_reference"},
                "body": {"type": "incident_details", "details": "B"},
                "urgency": "high",
                "priority": {"id": "P", "type": "priority_reference"},
            }
        },
        ("Authorization", "Token token=t"),
        id="pagerduty",
    ),
    pytest.param(
        "pagerdutyv2",
        {"apiURL": "{url}", "serviceKeys": {"svc": "key"}},
        {"pagerdutyv2": {"summary": "S", "severity": "error", "source": "web", "dedupKey": "d"}},
        "svc",
        {"POST /v2/enqueue": (202, {})},
        "POST /v2/enqueue",
        {
            "routing_key": "key",
            "event_action": "trigger",
            "payload": {"summary": "S", "severity": "error", "source": "web"},
            "client": "ArgoCD",
            "dedup_key": "d",
        },
        None,
        id="pagerdutyv2",
    ),
    pytest.param(
        "newrelic",
        {"apiURL": "{url}", "apiKey": "k"},
        {"message": "m", "newrelic": {"user": "u"}},
        "7",
        {},
        "POST /v2/applications/7/deployments.json",
        {"deployment": {"revision": "abc", "description": "m", "user": "u"}},
        ("X-Api-Key", "k"),
        id="newrelic",
    ),
    pytest.param(
        "mattermost",
        {"apiURL": "{url}", "token": "t"},
        {"message": "m", "mattermost": {"attachments": '[{"text": "a"}]'}},
        "chan",
        {"POST /api/v4/posts": (201, {})},
        "POST /api/v4/posts",
        {"channel_id": "chan", "message": "m", "props": {"attachments": [{"text": "a"}]}},
        ("Authorization", "Bearer t"),
        id="mattermost",
    ),
    pytest.param(
        "telegram",
        {"apiURL": "{url}", "token": "t"},
        {"message": "m"},
        "-100|5",
        {"POST /bott/sendMessage": (200, {"ok": True})},
        "POST /bott/sendMessage",
        {"text": "m", "parse_mode": "Markdown", "chat_id": "-100", "message_thread_id": 5},
        None,
        id="telegram",
    ),
    pytest.param(
        "webex",
        {"apiURL": "{url}", "token": "t"},
        {"message": "m"},
        "a@b",
        {},
        "POST /v1/messages",
        {"markdown": "m", "toPersonEmail": "a@b"},
        ("Authorization", "Bearer t"),
        id="webex",
    ),
    pytest.param(
        "pushover",
        {"apiURL": "{url}", "token": "t"},
        {"message": "m"},
        "user",
        {},
        "POST /1/messages.json",
        {"token": "t", "user": "user", "message": "m"},
        None,
        id="pushover",
    ),
]


@pytest.mark.parametrize(
    ("kind", "options", "content", "recipient", "answers", "request_line", "body", "header"), CASES
)
def test_a_service_sends_what_its_api_takes(
    kind: str,
    options: dict[str, Any],
    content: dict[str, Any],
    recipient: str,
    answers: dict[str, tuple[int, Any]],
    request_line: str,
    body: Any,
    header: tuple[str, str] | None,
) -> None:
    (received,) = delivered(kind, options, content, recipient, answers=answers)

    assert f"{received.method} {received.path}" == request_line
    assert received.json == body
    assert header is None or received.headers[header[0]] == header[1]


@pytest.mark.parametrize(
    ("kind", "options", "content", "recipient", "answers", "request_line", "body", "header"), CASES
)
def test_what_a_service_refuses_is_refused_without_its_text_or_a_credential(
    kind: str,
    options: dict[str, Any],
    content: dict[str, Any],
    recipient: str,
    answers: dict[str, tuple[int, Any]],
    request_line: str,
    body: Any,
    header: tuple[str, str] | None,
) -> None:
    with pytest.raises(Refused) as refused:
        delivered(kind, options, content, recipient, default=(503, b"canary"), headers={"Retry-After": "7"})

    assert "canary" not in str(refused.value)
    assert "503" in str(refused.value)
    assert not refused.value.final


def test_rocketchat_signs_in_first() -> None:
    options = {"serverUrl": "{url}", "email": "e", "password": "p", "alias": "A"}
    login = {"POST /api/v1/login": (200, {"data": {"authToken": "tok", "userId": "me"}})}
    first, second = delivered("rocketchat", options, {"message": "m"}, "#chan", answers=login)

    assert first.json == {"user": "e", "password": "p"}
    assert (second.headers["X-Auth-Token"], second.headers["X-User-Id"]) == ("tok", "me")
    assert second.json == {"text": "m", "channel": "#chan", "alias": "A"}


@pytest.mark.parametrize(
    ("icon", "sent", "warnings"),
    [
        (":ship:", {"icon_emoji": ":ship:"}, 0),
        ("https://site.example/a.png", {"icon_url": "https://site.example/a.png"}, 0),
        ("ship", {}, 1),
        ("::", {}, 1),
    ],
)
def test_an_icon_of_slack_that_is_neither_emoji_nor_url_is_a_warning(
    icon: str, sent: dict[str, str], warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    content = {"message": "m", "slack": {"icon": icon}}
    (request,) = delivered("slack", {"apiURL": "{url}"}, content, default=(200, {"ok": True}))

    assert {name: text for name, text in request.json.items() if name.startswith("icon")} == sent
    assert sum("is neither :emoji: nor an http URL" in one.message for one in caplog.records) == warnings


def test_slack_replies_in_the_thread_of_its_group() -> None:
    options = {"token": "t", "apiURL": "{url}"}
    content = {"message": "m", "slack": {"groupingKey": "g", "deliveryPolicy": "PostAndUpdate"}}
    threads: dict[str, str] = {}
    default = (200, {"ok": True, "ts": "1.5", "channel": "C1"})
    delivered("slack", options, content, "#ops", default=default, threads=threads)
    posted, updated = delivered("slack", options, content, "#ops", default=default, threads=threads)

    assert (posted.json["thread_ts"], posted.json["channel"]) == ("1.5", "C1")
    assert (updated.path, updated.json["ts"]) == ("/chat.update", "1.5")


@pytest.mark.parametrize(
    ("error", "final"), [("ratelimited", False), ("invalid_auth", True), ("channel_not_found", True)]
)
def test_an_error_of_slack_says_whether_another_try_can_help(error: str, final: bool) -> None:
    with pytest.raises(Refused, match=f"slack: {error}") as refused:
        delivered("slack", {"apiURL": "{url}"}, {"message": "m"}, default=(200, {"ok": False, "error": error}))

    assert refused.value.final is final


WEBHOOK = {
    "url": "{url}/base/",
    "headers": [{"name": "X-A", "value": "b"}],
    "basicAuth": {"username": "u", "password": "p"},
}


def test_a_webhook_has_its_block_by_the_services_name() -> None:
    block = {"webhook": {"team": {"method": "POST", "path": "/in", "body": "B"}, "other": {"body": "no"}}}
    (received,) = delivered("webhook", WEBHOOK, {"message": "m", **block}, name="team")

    assert (received.method, received.path, received.body) == ("POST", "/base/in", b"B")
    assert received.headers["X-A"] == "b"
    assert received.headers["Authorization"] == "Basic dTpw"
    assert received.headers["Idempotency-Key"] == "k:-"


def test_a_webhook_without_a_block_gets_the_message() -> None:
    (received,) = delivered("webhook", WEBHOOK, {"message": "m"}, name="team")

    assert (received.method, received.path, received.body) == ("GET", "/base/", b"m")


def test_a_webhook_is_tried_again_after_5xx_and_not_after_4xx() -> None:
    options = {"url": "{url}", "retryMax": 2, "retryWaitMin": 1, "retryWaitMax": "5s"}
    WAITS.clear()
    with pytest.raises(Refused) as refused:
        delivered("webhook", options, {"message": "m"}, default=(500, b""))
    assert (len(REQUESTS), refused.value.final) == (3, False)
    assert WAITS == [1e-9, 2e-9]

    with pytest.raises(Refused) as refused:
        delivered("webhook", options, {"message": "m"}, default=(422, b""))
    assert (len(REQUESTS), refused.value.final) == (1, True)


def test_a_loopback_address_is_refused_where_the_policy_says_so() -> None:
    async def run() -> None:
        egress = Egress()
        delivery = Delivery(
            type="webhook", name="w", recipient="", options={"url": "http://127.0.0.1:1/"}, content={"message": "m"}
        )
        try:
            await send(delivery, _doors(egress, None))
        finally:
            await egress.close()

    with pytest.raises(SourceError, match="this machine's own"):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("kind", "options", "content", "recipient", "message"),
    [
        ("nope", {}, {}, "", "service type 'nope' is not supported"),
        ("teams", {"recipientUrls": {"a": "x"}}, {}, "b", "no recipientUrls entry for recipient 'b'"),
        ("alertmanager", {}, {"alertmanager": {}}, "", "no labels"),
        ("opsgenie", {"apiKeys": {"t": "k"}}, {"message": "m"}, "t", "no description"),
        ("pagerduty", {}, {}, "s", "no title"),
        ("pagerdutyv2", {"serviceKeys": {"s": "k"}}, {}, "s", "no pagerdutyv2 block"),
        ("slack", {}, {"slack": {"attachments": "{"}}, "c", "slack.attachments is not JSON"),
        ("telegram", {"token": "t"}, {}, "-1|x", "'x' is not a thread id"),
        ("teams-workflows", {"recipientUrls": {"a": "https://evil.example/x"}}, {}, "a", "not that of a workflow"),
        ("github", {"installationID": "1", "privateKey": "no", "appID": "1"}, {}, "", "not a PEM private key"),
        ("nats", {"url": "nats://localhost"}, {}, "a b", "not a subject"),
    ],
)
def test_what_can_never_be_delivered_is_final(
    kind: str, options: dict[str, Any], content: dict[str, Any], recipient: str, message: str
) -> None:
    with pytest.raises(Refused, match=message) as refused:
        delivered(kind, options, content, recipient)

    assert refused.value.final
    assert REQUESTS == []


# -- GitHub ------------------------------------------------------------------------------------------------------------

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
GITHUB = {"appID": "1", "installationID": 5, "privateKey": PEM, "enterpriseBaseURL": "{url}"}
TOKEN = {"POST /app/installations/5/access_tokens": (201, {"token": "inst"})}


def github(block: dict[str, Any], **answers: tuple[int, Any]) -> list[Received]:
    found = {**TOKEN, **{key.replace("__", " "): value for key, value in answers.items()}}
    return delivered("github", GITHUB, {"message": "m" * 200, "github": block}, answers=found, default=(201, {"id": 9}))


def test_github_sets_a_commit_status_as_the_apps_installation() -> None:
    token, status = github({"status": {"state": "success", "label": "argocd", "targetURL": "https://x"}})

    assert token.headers["Authorization"].startswith("Bearer ey")
    assert (status.path, status.headers["Authorization"]) == ("/repos/team/web/statuses/abc", "Bearer inst")
    assert status.json == {
        "state": "success",
        "target_url": "https://x",
        "description": "m" * 140,
        "context": "argocd",
    }


def test_github_makes_a_deployment_once_and_then_adds_to_it() -> None:
    path = "GET /repos/team/web/deployments?ref=abc&environment=prod"
    block = {"deployment": {"state": "success", "environment": "prod"}}
    fresh = delivered("github", GITHUB, {"github": block}, answers={**TOKEN, path: (200, [])}, default=(201, {"id": 9}))
    again = delivered(
        "github", GITHUB, {"github": block}, answers={**TOKEN, path: (200, [{"id": 4}])}, default=(201, {})
    )

    assert [one.path.split("?")[0] for one in fresh[1:]] == [
        "/repos/team/web/deployments",
        "/repos/team/web/deployments",
        "/repos/team/web/deployments/9/statuses",
    ]
    assert again[-1].path == "/repos/team/web/deployments/4/statuses"
    assert fresh[2].json["auto_merge"] is True


def test_github_edits_its_comment_of_the_same_tag() -> None:
    answers = {
        **TOKEN,
        "GET /repos/team/web/commits/abc/pulls": (
            200,
            [{"number": 3, "state": "open"}, {"number": 2, "state": "closed"}],
        ),
        "GET /repos/team/web/issues/3/comments?per_page=100&page=1": (
            200,
            [{"id": 8, "body": "old\n<!-- argocd-notifications t -->"}],
        ),
    }
    block = {"pullRequestComment": {"content": "new", "commentTag": "t"}}
    received = delivered("github", GITHUB, {"github": block}, answers=answers)

    assert (received[-1].method, received[-1].path) == ("PATCH", "/repos/team/web/issues/comments/8")
    assert received[-1].json == {"body": "new\n<!-- argocd-notifications t -->"}


def test_github_counts_too_many_statuses_as_done() -> None:
    answers = {**TOKEN, "POST /repos/team/web/statuses/abc": (422, {})}
    block = {"status": {"state": "success", "label": "a"}}

    assert len(delivered("github", GITHUB, {"message": "m", "github": block}, answers=answers)) == 2


def test_github_reports_a_check_run_and_dispatches() -> None:
    check = {"name": "n", "status": "completed", "conclusion": "success", "output": {"title": "t", "summary": "s"}}
    dispatch = {"event_type": "deployed", "client_payload": '{"a": 1}'}
    received = github({"checkRun": check, "repositoryDispatch": dispatch})

    assert received[1].json == {**check, "head_sha": "abc", "external_id": "argocd-notifications"}
    assert received[2].json == {"event_type": "deployed", "client_payload": {"a": 1}}
