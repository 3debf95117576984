"""Identifies the provider by headers, verifies the signature, then parses the event."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit

import orjson

from argosy.server.webhooks.news import Asked, Body, News, Other, Pushed, Refused, Stored, reduced

FAILED: Final = "Webhook processing failed"
UNKNOWN: Final = "Unknown webhook event"
UNAUTHORISED: Final = "Unauthorized"
GITHUB_ACTIONS: Final = frozenset("opened closed synchronize labeled reopened unlabeled".split())  # noqa: SIM905
GITLAB_ACTIONS: Final = frozenset({"open", "close", "reopen", "update", "merge"})
AZURE_ACTIONS: Final = frozenset(f"git.pullrequest.{word}" for word in ("created", "merged", "updated"))
GITLAB_PUSHES: Final = frozenset({"push", "tag_push"})


@dataclass(frozen=True, slots=True)
class Hook:
    """`headers` have lower-case names."""

    headers: Mapping[str, str]
    body: bytes
    secrets: Mapping[str, str]
    """argocd-secret, decoded."""
    largest: int

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def secret(self, name: str) -> str:
        return self.secrets.get(f"webhook.{name}", "")

    def parsed(self) -> Body:
        if not self.body:
            raise Refused(400, f"{FAILED}: payload must be valid JSON under {self.largest >> 20} MB")
        try:
            return Body(orjson.loads(self.body))
        except orjson.JSONDecodeError:
            raise Refused(400, FAILED) from None


def news_of(hook: Hook) -> News | None:
    """None for an accepted event without content. Raises Refused."""
    if len(hook.body) > hook.largest:
        raise Refused(400, f"{FAILED}: payload must be valid JSON under {hook.largest >> 20} MB")
    for header, read in PROVIDERS:
        if header in hook.headers and (header != "x-github-event" or hook.headers[header] != "package"):
            return read(hook)
    if hook.header("x-github-event") == "package":
        return _ghcr(hook)
    secret = hook.secret("harbor.secret")
    if secret and same(hook.header("authorization"), secret):
        return _harbor(hook)
    raise Refused(400, UNKNOWN)


def same(given: str, wanted: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def signed(hook: Hook, secret: str, given: str, method: str) -> bool:
    return same(given, hmac.new(secret.encode(), hook.body, method).hexdigest())


def _azure(hook: Hook) -> News | None:
    name, password = hook.secret("azuredevops.username"), hook.secret("azuredevops.password")
    if name or password:
        kind, _, encoded = hook.header("authorization").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True).decode() if kind.lower() == "basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            given = ""
        if not same(given, f"{name}:{password}"):
            raise Refused(400, FAILED)
    body = hook.parsed()
    event = body.text("eventType", default="")
    if event in AZURE_ACTIONS:
        repository = body.text("resource", "repository", "name")
        owner = body.text("resource", "repository", "project", "name")
        return Asked(kind="azuredevops", repository=repository, owner=owner)
    if event != "git.push":
        return Other() if event.startswith("git.pullrequest.") else _refuse()
    url = body.text("resource", "repository", "remoteUrl")
    updates = body.items("resource", "refUpdates")
    if not updates:
        return Pushed(urls=(url,), revision="", touched_head=False)
    ref = updates[0].text("name")
    head = body.text("resource", "repository", "defaultBranch", default="")
    return Pushed(urls=(url,), revision=reduced(ref), touched_head=ref == head)


def _gogs(hook: Hook) -> News | None:
    secret = hook.secret("gogs.secret")
    if secret and not signed(hook, secret, hook.header("x-gogs-signature"), "sha256"):
        raise Refused(400, FAILED)
    if hook.header("x-gogs-event") != "push":
        _refuse()
    return _push(hook.parsed(), ("repository", "html_url"), ("repository", "default_branch"), for_sets=False)


def _github(hook: Hook) -> News | None:
    secret = hook.secret("github.secret")
    if secret:
        long, short = hook.header("x-hub-signature-256"), hook.header("x-hub-signature")
        given, method = (long.removeprefix("sha256="), "sha256") if long else (short.removeprefix("sha1="), "sha1")
        if not signed(hook, secret, given, method):
            raise Refused(400, FAILED)
    event = hook.header("x-github-event")
    if event not in ("push", "ping", "pull_request"):
        _refuse()
    body = hook.parsed()
    if event == "ping":
        return Other()
    if event == "push":
        return _push(body, ("repository", "html_url"), ("repository", "default_branch"))
    if body.text("action") not in GITHUB_ACTIONS:
        return Other()
    owner, name = body.text("repository", "owner", "login"), body.text("repository", "name")
    return Asked(kind="github", repository=name, owner=owner, api=body.text("repository", "url"))


def _gitlab(hook: Hook) -> News | None:
    secret = hook.secret("gitlab.secret")
    if secret and not same(hook.header("x-gitlab-token"), secret):
        raise Refused(400, FAILED)
    event = hook.header("x-gitlab-event")
    if event not in ("Push Hook", "Tag Push Hook", "System Hook", "Merge Request Hook"):
        _refuse()
    body = hook.parsed()
    kind = body.text("object_kind", default="")
    if kind == "merge_request":
        if body.text("object_attributes", "action", default="") not in GITLAB_ACTIONS:
            return Other()
        project = str(body.number("object_attributes", "target_project_id"))
        return Asked(kind="gitlab", repository=project, owner="", api=body.text("project", "web_url"))
    if kind not in GITLAB_PUSHES:
        return Other() if event == "System Hook" else _refuse()
    return _push(body, ("project", "web_url"), ("project", "default_branch"))


def _bitbucket(hook: Hook) -> News | None:
    wanted = hook.secret("bitbucket.uuid")
    if wanted and not same(hook.header("x-hook-uuid").strip("{}"), wanted.strip("{}")):
        raise Refused(400, FAILED)
    if hook.header("x-event-key") != "repo:push":
        _refuse()
    body = hook.parsed()
    url = body.text("repository", "links", "html", "href")
    changes = body.items("push", "changes")
    revision = changes[0].text("new", "name", default="") if changes else ""
    return Pushed(urls=(url,), revision=revision, touched_head=True, counts_for_sets=False)


def _bitbucket_server(hook: Hook) -> News | None:
    secret = hook.secret("bitbucketserver.secret")
    event = hook.header("x-event-key")
    if event == "diagnostics:ping":
        return None
    if secret and not signed(hook, secret, hook.header("x-hub-signature").removeprefix("sha256="), "sha256"):
        raise Refused(400, FAILED)
    if event != "repo:refs_changed":
        _refuse()
    body = hook.parsed()
    links = body.items("repository", "links", "clone")
    urls = tuple(link.text("href") for link in links if link.text("name", default="") in ("http", "ssh"))
    changes = body.items("changes")
    revision = reduced(changes[0].text("ref", "id")) if changes else ""
    return Pushed(urls=urls, revision=revision, touched_head=True, counts_for_sets=False)


def _ghcr(hook: Hook) -> News | None:
    secret = hook.secret("github.secret")
    given = hook.header("x-hub-signature-256")
    if secret and not signed(hook, secret, given.removeprefix("sha256="), "sha256"):
        raise Refused(401, UNAUTHORISED)
    body = hook.parsed()
    if body.text("action", default="") != "published":
        return None
    if body.text("package", "package_type", default="").lower() != "container":
        return None
    tag = body.text("package", "package_version", "container_metadata", "tag", "name", default="")
    repository = f"{body.text('package', 'owner', 'login')}/{body.text('package', 'name')}"
    return Stored(registry="ghcr.io", repository=repository, tag=tag) if tag else None


def _harbor(hook: Hook) -> News | None:
    body = hook.parsed()
    if body.text("type", default="") != "PUSH_ARTIFACT":
        return None
    for item in body.items("event_data", "resources"):
        tag, url = item.text("tag", default=""), item.text("resource_url", default="")
        if not tag or not url:
            continue
        try:
            registry = urlsplit(url if "://" in url else f"oci://{url}").netloc
        except ValueError:
            raise Refused(400, FAILED) from None
        repository = body.text("event_data", "repository", "repo_full_name", default="")
        if not repository:
            space = body.text("event_data", "repository", "namespace")
            repository = f"{space}/{body.text('event_data', 'repository', 'name')}"
        return Stored(registry=registry, repository=repository, tag=tag)
    return None


def _push(body: Body, url: tuple[str, str], head: tuple[str, str], *, for_sets: bool = True) -> Pushed:
    revision = reduced(body.text("ref"))
    files: dict[str, None] = {}
    for commit in body.items("commits"):
        for part in ("added", "modified", "removed"):
            files.update(dict.fromkeys(commit.texts(part)))
    return Pushed(
        urls=(body.text(*url),),
        revision=revision,
        touched_head=body.text(*head, default="") == revision,
        files=tuple(files) or None,
        counts_for_sets=for_sets,
    )


def _refuse() -> NoReturn:
    raise Refused(400, FAILED)


PROVIDERS: Final[tuple[tuple[str, Callable[[Hook], News | None]], ...]] = (
    ("x-vss-activityid", _azure),
    ("x-gogs-event", _gogs),
    ("x-github-event", _github),
    ("x-gitlab-event", _gitlab),
    ("x-hook-uuid", _bitbucket),
    ("x-event-key", _bitbucket_server),
)
