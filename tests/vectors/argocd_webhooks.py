"""Payloads as providers send them: each concerns the Applications and sets of the repository that it names, no others.

Which provider sent it is the first word of the file's name, which event it is says the payload.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from argosy.server.webhooks.concerned import asks_anew, refreshed
from argosy.server.webhooks.news import News, Refused
from argosy.server.webhooks.providers import Hook, news_of

from .outcome import Outcome

Json = dict[str, Any]
HARBOR_SECRET = "harbor-word"
LARGEST = 50 << 20
ELSEWHERE = "https://elsewhere.example/none/of-these.git"
URL_FIELDS = ("clone_url", "ssh_url", "git_http_url", "git_ssh_url", "remoteUrl", "html_url")
UNHEARD = {"approved", "approval", "unapproved", "unapproval", "assigned", "unassigned", "edited"}
"""What happens to a pull request without a change of what a generator would find."""


def run(data: Path) -> Iterator[Outcome]:
    for file in sorted((data / "argo-cd/webhooks").glob("*/*.json")):
        name = f"{file.parent.name}/{file.stem}"
        try:
            wrong = differing(file.stem.split("-")[0], file.read_bytes())
        except (ValueError, KeyError, TypeError) as error:
            wrong = f"{type(error).__name__} {error}"
        yield Outcome("argo-cd/webhooks", name, not wrong, wrong)


def differing(provider: str, body: bytes) -> str:
    told = json.loads(body)
    secrets = {"webhook.harbor.secret": HARBOR_SECRET} if provider == "harbor" else {}
    try:
        news = news_of(Hook(header_of(provider, told), body, secrets, LARGEST))
    except Refused as error:
        return "" if provider not in HEADERS else f"refused: {error}"
    if provider not in HEADERS:
        return f"an event of nobody is taken for {news}"
    return "; ".join(_wrongly_heard(news, told))


def _wrongly_heard(news: News | None, told: Json) -> Iterator[str]:
    others = [_app(ELSEWHERE), _set({"git": {"repoURL": ELSEWHERE}}), *_pull_sets("none", "of-these", "0")]
    if news is not None and any(refreshed(news, one) or asks_anew(news, one) for one in others):
        yield "concerns another repository"
    if isinstance(told.get("package"), dict):
        yield from _package(news, told["package"])
    elif "event_data" in told:
        yield from _artifact(news, told["event_data"])
    elif _is_pull(told):
        yield from _pull(news, told)
    elif "ref" in told or "refUpdates" in (told.get("resource") or {}) or "changes" in told or "push" in told:
        yield from _pushed(news, told)


def _pushed(news: News | None, told: Json) -> Iterator[str]:
    urls, ref = sorted(_urls(told)), _ref(told)
    heard = [url for url in urls if news is not None and refreshed(news, _app(url, _short(ref)))]
    if not heard:
        yield f"{urls} at {ref} is not refreshed by {news}"
    if any(news is not None and refreshed(news, _app(url, "other-branch")) for url in urls):
        yield "concerns another branch"


def _pull(news: News | None, told: Json) -> Iterator[str]:
    resource = told.get("resource") or told
    repository = resource.get("repository") or {}
    owner = (repository.get("owner") or {}).get("login") or (repository.get("project") or {}).get("name") or ""
    project = str((told.get("object_attributes") or {}).get("target_project_id") or "")
    sets = _pull_sets(owner, str(repository.get("name")), project)
    heard = news is not None and any(asks_anew(news, one) for one in sets)
    action = str(told.get("action") or (told.get("object_attributes") or {}).get("action") or "")
    if heard == (action in UNHEARD):
        yield f"{action or told.get('eventType')} is {'' if heard else 'not '}heard: {news}"


def _package(news: News | None, package: Json) -> Iterator[str]:
    place = f"oci://ghcr.io/{package['owner']['login']}/{package['name']}"
    tag = package["package_version"]["container_metadata"]["tag"]["name"]
    if news is None or not refreshed(news, _app(place, tag)):
        yield f"{place} at {tag} is not refreshed by {news}"


def _artifact(news: News | None, told: Json) -> Iterator[str]:
    resource = told["resources"][0]
    host = resource["resource_url"].removeprefix("https://").partition("/")[0]
    place = f"oci://{host}/{told['repository']['repo_full_name']}"
    if news is None or not refreshed(news, _app(place, resource["tag"])):
        yield f"{place} at {resource['tag']} is not refreshed by {news}"


def header_of(provider: str, told: Json) -> dict[str, str]:
    name, event = HEADERS.get(provider, ("x-random-event", ""))
    if provider == "github":
        event = "ping" if "zen" in told else "pull_request" if "pull_request" in told else "push"
    if provider == "gitlab":
        event = {"merge_request": "Merge Request Hook", "tag_push": "Tag Push Hook"}.get(
            told.get("object_kind", ""), "Push Hook"
        )
    if provider == "bitbucket" and "eventKey" in told:
        return {"x-event-key": told["eventKey"]}
    return {name: event} | ({"x-event-key": "repo:push"} if name == "x-hook-uuid" else {})


HEADERS = {
    "azuredevops": ("x-vss-activityid", "1"),
    "gogs": ("x-gogs-event", "push"),
    "github": ("x-github-event", "push"),
    "ghcr": ("x-github-event", "package"),
    "gitlab": ("x-gitlab-event", "Push Hook"),
    "bitbucket": ("x-hook-uuid", "1"),
    "harbor": ("authorization", HARBOR_SECRET),
}


def _is_pull(told: Json) -> bool:
    kind = str(told.get("object_kind") or told.get("eventType") or "")
    return "pull_request" in told or "merge_request" in kind or "pullrequest" in kind


def _urls(told: Json) -> Iterator[str]:
    """Where the repository of a payload can be cloned from."""
    for place in (told, told.get("resource") or {}):
        for part in ("repository", "project"):
            repository = place.get(part) or {}
            yield from (repository[name] for name in URL_FIELDS if isinstance(repository.get(name), str))
            links = (repository.get("links") or {}) if isinstance(repository.get("links"), dict) else {}
            yield from (link["href"] for link in links.get("clone") or () if link.get("name") in ("http", "ssh"))
            if isinstance(links.get("html"), dict):
                yield links["html"]["href"]


def _ref(told: Json) -> str:
    if "ref" in told:
        return str(told["ref"])
    if updates := (told.get("resource") or {}).get("refUpdates"):
        return str(updates[0]["name"])
    changes = told.get("changes") or (told.get("push") or {}).get("changes") or [{}]
    return str((changes[0].get("ref") or {}).get("id") or (changes[0].get("new") or {}).get("name") or "")


def _short(ref: str) -> str:
    return ref.split("/", 2)[-1]


def _app(url: str, revision: str = "HEAD") -> Json:
    return {"metadata": {"name": "a"}, "spec": {"source": {"repoURL": url, "targetRevision": revision}}}


def _set(*generators: Json) -> Json:
    return {"metadata": {"name": "s"}, "spec": {"generators": list(generators)}}


def _pull_sets(owner: str, name: str, project: str) -> list[Json]:
    entries: list[Json] = [
        {"github": {"owner": owner, "repo": name}},
        {"gitlab": {"project": project}},
        {"azuredevops": {"project": owner, "repo": name}},
    ]
    return [_set({"pullRequest": entry}) for entry in entries]
