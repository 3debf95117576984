"""Finds the Applications and ApplicationSets that a webhook event concerns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from posixpath import join, normpath
from typing import Any, Final
from urllib.parse import urlsplit

from argosy.gitops.hydrator.paths import watched
from argosy.machinery import semver
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.globs import matches_path
from argosy.server.webhooks.news import Asked, News, Pushed, Stored, reduced

USER: Final = "[a-zA-Z0-9_\\.][a-zA-Z0-9_\\.-]{0,30}[a-zA-Z0-9_\\.\\$-]?"
PULL_APIS: Final = {"github": "https://api.github.com/", "gitlab": "https://gitlab.com/"}


def refreshed(news: News, app: JsonObject) -> str:
    """ "" if the event does not concern it; "refresh", or "hydrate" if it concerns the dry source."""
    if isinstance(news, Stored):
        return "refresh" if any(_is_stored(news, source) for source in sources_of(app)) else ""
    if not isinstance(news, Pushed):
        return ""
    dry = _dry(app)
    for source in [*sources_of(app), *([dry] if dry else [])]:
        if not has_moved(str(source.get("targetRevision") or ""), news):
            continue
        if not any(is_same_repository(url, str(source.get("repoURL") or "")) for url in news.urls):
            continue
        if _concerns(watched(app, str(source.get("path") or "")), news):
            return "hydrate" if source is dry else "refresh"
    return ""


def urls_of(app: JsonObject) -> frozenset[str]:
    """For its repositories."""
    dry = _dry(app)
    found = [*sources_of(app), *([dry] if dry else [])]
    return frozenset(str(source.get("repoURL") or "") for source in found)


def sources_of(app: JsonObject) -> list[JsonObject]:
    spec = app.get("spec") or {}
    if spec.get("sources"):
        return list(spec["sources"])
    hydrator = spec.get("sourceHydrator")
    if hydrator:
        dry, sync = hydrator.get("drySource") or {}, hydrator.get("syncSource") or {}
        return [
            {"repoURL": dry.get("repoURL"), "targetRevision": sync.get("targetBranch"), "path": sync.get("path")},
        ]
    return [spec.get("source") or {}]


def _dry(app: JsonObject) -> JsonObject | None:
    found: JsonObject | None = ((app.get("spec") or {}).get("sourceHydrator") or {}).get("drySource")
    return found


def has_moved(target: str, news: Pushed) -> bool:
    name = reduced(target)
    if name in ("", "HEAD"):
        return news.touched_head
    return _is_revision(news.revision, name if target.startswith(("refs/heads/", "refs/tags/")) else target)


@lru_cache(maxsize=100_000)
def is_same_repository(web_url: str, given: str) -> bool:
    """Whether a source is the repository of a web page, ignoring scheme, user, port and suffix."""
    pattern = _pattern(web_url)
    return pattern is not None and pattern.fullmatch(given) is not None


@lru_cache(maxsize=1000)
def _pattern(web_url: str) -> re.Pattern[str] | None:
    try:
        parts = urlsplit(web_url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if not host:
        return None
    path = re.escape(parts.path.lstrip("/").removesuffix(".git"))
    expression = rf"((https?|ssh)://)?({USER}@)?((alt)?ssh\.)?{re.escape(host)}(:\d+)?[:/]{path}(\.git)?"
    return re.compile(expression, re.IGNORECASE)


def _concerns(paths: list[str], news: Pushed) -> bool:
    if not paths or news.files is None:
        return True
    return any(_covers(path, normpath(join("/", file))) for path in paths for file in news.files)


def _covers(path: str, file: str) -> bool:
    return path in ("/", file) or file.startswith(f"{path}/") or matches_path(path, file)


def _is_stored(news: Stored, source: JsonObject) -> bool:
    url, chart = str(source.get("repoURL") or ""), str(source.get("chart") or "")
    if chart:
        url = f"{url.removesuffix('/')}/{chart}"
    stored = f"{news.registry}/{news.repository}".lower()
    return url.lower().removeprefix("oci://") == stored and _is_revision(
        news.tag, str(source.get("targetRevision") or "")
    )


def _is_revision(revision: str, target: str) -> bool:
    if revision == target:
        return True
    try:
        return semver.constraint(target).matches(semver.parse(revision))
    except semver.SemverError:
        return False


def asks_anew(news: News, appset: JsonObject) -> bool:
    """Whether a set's generators must be evaluated again."""
    return any(_is_concerned(news, entry) for entry in _generators((appset.get("spec") or {}).get("generators")))


def _generators(entries: Any) -> Iterator[JsonObject]:
    """All generators, including nested ones."""
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        yield entry
        for kind in ("matrix", "merge"):
            yield from _generators((entry.get(kind) or {}).get("generators"))


def _is_concerned(news: News, entry: JsonObject) -> bool:
    if entry.get("plugin") is not None:
        return True
    git, pulls = entry.get("git"), entry.get("pullRequest")
    if isinstance(news, Pushed) and news.counts_for_sets and git is not None:
        target = str(git.get("revision") or "")
        name = reduced(target)
        moved = news.touched_head if name in ("", "HEAD") else news.revision in (name, target)
        return moved and any(is_same_repository(url, str(git.get("repoURL") or "")) for url in news.urls)
    return isinstance(news, Asked) and pulls is not None and _is_asked(news, pulls)


def _is_asked(news: Asked, pulls: JsonObject) -> bool:
    if news.kind == "github" and (found := pulls.get("github")):
        given = (str(found.get("owner") or "").lower(), str(found.get("repo") or "").lower())
        return given == (news.owner.lower(), news.repository.lower()) and _same_host(news, found)
    if news.kind == "gitlab" and (found := pulls.get("gitlab")):
        return str(found.get("project") or "") == news.repository and _same_host(news, found)
    if news.kind == "azuredevops" and (found := pulls.get("azuredevops")):
        return (found.get("project"), found.get("repo")) == (news.owner, news.repository)
    return False


def _same_host(news: Asked, generator: JsonObject) -> bool:
    try:
        ours, theirs = urlsplit(str(generator.get("api") or PULL_APIS[news.kind])), urlsplit(news.api)
        return (ours.hostname or "").lower() == (theirs.hostname or "").lower()
    except ValueError:
        return False
