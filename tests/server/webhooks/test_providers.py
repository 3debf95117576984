"""Webhooks: signatures first, every provider's body, and nothing but a refusal for what is broken."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from argosy.runtime.chance import SeededRng
from argosy.server.webhooks.concerned import asks_anew, is_same_repository, refreshed
from argosy.server.webhooks.news import Asked, Other, Pushed, Refused, Stored
from argosy.server.webhooks.providers import Hook, news_of

URL = "https://github.com/example/hooked"
GITHUB = {
    "ref": "refs/heads/main",
    "repository": {"html_url": URL, "default_branch": "main", "name": "hooked", "owner": {"login": "example"}},
    "commits": [{"added": ["guestbook/a.yaml"], "modified": [], "removed": []}],
}
GITLAB = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "project": {"web_url": URL, "default_branch": "main"},
    "commits": [{"modified": ["guestbook/a.yaml"]}],
}
AZURE = {
    "eventType": "git.push",
    "resource": {
        "repository": {"remoteUrl": URL, "defaultBranch": "refs/heads/main"},
        "refUpdates": [{"name": "refs/heads/main"}],
    },
}
BITBUCKET = {"repository": {"links": {"html": {"href": URL}}}, "push": {"changes": [{"new": {"name": "main"}}]}}
SERVER = {
    "repository": {"links": {"clone": [{"name": "http", "href": f"{URL}.git"}, {"name": "other", "href": "x"}]}},
    "changes": [{"ref": {"id": "refs/heads/main"}}],
}
GHCR = {
    "action": "published",
    "package": {
        "name": "chart",
        "package_type": "container",
        "owner": {"login": "example"},
        "package_version": {"container_metadata": {"tag": {"name": "1.2.3"}}},
    },
}
HARBOR = {
    "type": "PUSH_ARTIFACT",
    "event_data": {
        "resources": [{"tag": "1.2.3", "resource_url": "harbor.example.com/example/chart:1.2.3"}],
        "repository": {"repo_full_name": "example/chart"},
    },
}
HOOKS = [
    ({"x-github-event": "push"}, GITHUB),
    ({"x-gitlab-event": "Push Hook"}, GITLAB),
    ({"x-vss-activityid": "1"}, AZURE),
    ({"x-hook-uuid": "{1}", "x-event-key": "repo:push"}, BITBUCKET),
    ({"x-event-key": "repo:refs_changed"}, SERVER),
    ({"x-gogs-event": "push"}, GITHUB),
    ({"x-github-event": "package"}, GHCR),
]


BROKEN = [b"null", b"1", b"[]", b"{}", b'"', b"", b"\xff", b"true", b'"x"']


def hook(headers: dict[str, str], body: object, **secrets: str) -> Hook:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Hook(headers, data, {name.replace("__", "."): value for name, value in secrets.items()}, 50 << 20)


def app(**source: str) -> dict[str, object]:
    return {"metadata": {"name": "a"}, "spec": {"source": {"repoURL": URL, "path": "guestbook", **source}}}


@pytest.mark.parametrize(("headers", "body"), HOOKS[:6])
def test_every_provider_reports_a_push(headers: dict[str, str], body: object) -> None:
    news = news_of(hook(headers, body))
    assert isinstance(news, Pushed)
    assert news.revision == "main"
    assert news.touched_head
    assert refreshed(news, app(targetRevision="HEAD")) == "refresh"
    assert refreshed(news, app(targetRevision="main")) == "refresh"
    assert refreshed(news, app(repoURL="https://github.com/example/other", targetRevision="main")) == ""


def test_a_wrong_signature_is_refused_before_anything_is_read() -> None:
    body = b"not even JSON"
    digest = hmac.new(b"s3", body, hashlib.sha256).hexdigest()
    for headers, secrets in (
        ({"x-github-event": "push", "x-hub-signature-256": "sha256=00"}, {"webhook__github__secret": "s3"}),
        ({"x-github-event": "push"}, {"webhook__github__secret": "s3"}),
        ({"x-gitlab-event": "Push Hook", "x-gitlab-token": "s4"}, {"webhook__gitlab__secret": "s3"}),
        ({"x-gogs-event": "push", "x-gogs-signature": digest[:-1] + "x"}, {"webhook__gogs__secret": "s3"}),
        ({"x-event-key": "repo:refs_changed"}, {"webhook__bitbucketserver__secret": "s3"}),
        ({"x-hook-uuid": "2", "x-event-key": "repo:push"}, {"webhook__bitbucket__uuid": "1"}),
        ({"x-vss-activityid": "1", "authorization": "Basic eDp5"}, {"webhook__azuredevops__username": "az"}),
    ):
        with pytest.raises(Refused, match=r"^Webhook processing failed$"):
            news_of(hook(headers, body, **secrets))
    with pytest.raises(Refused) as refused:
        news_of(hook({"x-github-event": "package"}, GHCR, webhook__github__secret="s3"))
    assert refused.value.status == 401


def test_a_right_signature_is_taken() -> None:
    body = json.dumps(GITHUB).encode()
    digest = hmac.new(b"s3", body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": "push", "x-hub-signature-256": f"sha256={digest}"}
    assert isinstance(news_of(hook(headers, body, webhook__github__secret="s3")), Pushed)


def test_who_sends_no_header_is_unknown_and_harbor_needs_its_secret() -> None:
    with pytest.raises(Refused, match="Unknown webhook event"):
        news_of(hook({"authorization": "h"}, HARBOR))
    news = news_of(hook({"authorization": "h"}, HARBOR, webhook__harbor__secret="h"))
    assert news == Stored(registry="harbor.example.com", repository="example/chart", tag="1.2.3")
    assert refreshed(news, app(repoURL="oci://harbor.example.com/example/chart", targetRevision="1.x")) == "refresh"
    assert refreshed(news, app(repoURL="oci://harbor.example.com/example/chart", targetRevision="2.x")) == ""


def test_changed_files_count_where_the_application_says_which() -> None:
    news = news_of(hook({"x-github-event": "push"}, GITHUB))
    assert news is not None
    for paths, told in (
        (".", "refresh"),
        ("/other", ""),
        ("/other;/guestbook", "refresh"),
        ("../guestbook", "refresh"),
    ):
        found = app(targetRevision="main")
        found["metadata"] = {"annotations": {"argocd.argoproj.io/manifest-generate-paths": paths}}
        assert refreshed(news, found) == told, paths


def test_a_tag_moves_who_follows_a_range() -> None:
    news = Pushed(urls=(URL,), revision="v1.2.3", touched_head=False)
    assert refreshed(news, app(targetRevision=">=1.0.0 <2.0.0")) == "refresh"
    assert refreshed(news, app(targetRevision="refs/tags/v1.2.3")) == "refresh"
    assert refreshed(news, app(targetRevision="HEAD")) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/example/hooked.git",
        "git@github.com:example/hooked",
        "ssh://git@ssh.github.com:443/Example/Hooked.git",
        "HTTPS://user@github.com/example/hooked",
    ],
)
def test_a_repository_has_many_urls(url: str) -> None:
    assert is_same_repository(URL, url)
    assert not is_same_repository(URL, url.replace("ooked", "ooked2"))


def test_sets_ask_again() -> None:
    pull = {"pullRequest": {"github": {"owner": "Example", "repo": "hooked"}}}
    news = Asked(kind="github", repository="hooked", owner="example", api="https://api.github.com/repos/example/hooked")
    nested = {"spec": {"generators": [{"matrix": {"generators": [{"list": {}}, pull]}}]}}
    assert asks_anew(news, nested)
    assert not asks_anew(Pushed(urls=(URL,), revision="main", touched_head=True), nested)
    git = {"spec": {"generators": [{"git": {"repoURL": URL, "revision": "HEAD"}}]}}
    assert asks_anew(Pushed(urls=(URL,), revision="main", touched_head=True), git)
    assert not asks_anew(Pushed(urls=(URL,), revision="dev", touched_head=False), git)
    assert asks_anew(Other(), {"spec": {"generators": [{"plugin": {}}]}})


def test_no_body_brings_anything_but_news_or_a_refusal() -> None:
    chance = SeededRng(7)
    for headers, body in [*HOOKS, ({"authorization": "h"}, HARBOR)]:
        text = json.dumps(body).encode()
        for _ in range(400):
            changed = bytearray(text)
            for _ in range(int(chance.uniform(1, 5))):
                at = int(chance.uniform(0, len(changed)))
                changed[at : at + int(chance.uniform(0, 7))] = BROKEN[int(chance.uniform(0, len(BROKEN)))]
            try:
                news = news_of(hook(headers, bytes(changed), webhook__harbor__secret="h"))
                if news is not None:
                    refreshed(news, app(targetRevision="main"))
                    asks_anew(news, {"spec": {"generators": [{"git": {"repoURL": URL}}]}})
            except Refused:
                continue
