"""Requests to GitHub's API and its remaining rate limit, under upstream's names. Source: spec/metrics.md E1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final
from urllib.parse import urlsplit

from argosy.machinery.objects import Key
from argosy.observe.metrics import REGISTRY, Registry

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PREFIX: Final = "argocd_github_api_"
LIMITS: Final = {
    "rate_limit_remaining": ("x-ratelimit-remaining", "Requests that are left until the limit is reset."),
    "rate_limit_limit": ("x-ratelimit-limit", "Requests that are allowed in a period."),
    "rate_limit_reset_seconds": ("x-ratelimit-reset", "Seconds until the limit is reset."),
    "rate_limit_used": ("x-ratelimit-used", "Requests of this period."),
}
ASKED_FOR: ContextVar[Key | None] = ContextVar("asked_for", default=None)
"""The ApplicationSet whose generators run in this task."""
_SET: Final = ("appset_namespace", "appset_name")
_SHAPES: Final = (
    (re.compile(r"/orgs/[^/]+/repos$"), "/orgs/{org}/repos"),
    (re.compile(r"/repos/[^/]+/[^/]+/branches$"), "/repos/{owner}/{repo}/branches"),
    (re.compile(r"/repos/[^/]+/[^/]+/branches/.+$"), "/repos/{owner}/{repo}/branches/{branch}"),
    (re.compile(r"/repos/[^/]+/[^/]+/contents/.*$"), "/repos/{owner}/{repo}/contents/{path}"),
    (re.compile(r"/repos/[^/]+/[^/]+/pulls$"), "/repos/{owner}/{repo}/pulls"),
)


class GitHubMetrics:
    def __init__(self, registry: Registry = REGISTRY) -> None:
        plain = ("method", "endpoint", *_SET)
        labels = ("method", "endpoint", "status", *_SET)
        self._requests = registry.counter(f"{PREFIX}requests_total", "Requests to GitHub.", labels)
        self._seconds = registry.histogram(
            f"{PREFIX}request_duration_seconds", "Time of requests to GitHub.", plain, SECONDS
        )
        limited = ("endpoint", *_SET, "resource")
        self._limits = {name: registry.gauge(f"{PREFIX}{name}", text, limited) for name, (_, text) in LIMITS.items()}

    def asked(self, url: str, status: int, headers: Mapping[str, str], seconds: float, now: float) -> None:
        """One GET. `now`: in seconds since 1970."""
        endpoint = endpoint_of(url)
        key = ASKED_FOR.get() or Key("", "")
        named = {"endpoint": endpoint, "appset_namespace": key.namespace, "appset_name": key.name}
        self._requests.add(method="GET", status=str(status), **named)
        self._seconds.observe(seconds, method="GET", **named)
        given = {name.lower(): value for name, value in headers.items()}
        resource = given.get("x-ratelimit-resource", "core")
        for name, (header, _) in LIMITS.items():
            if (text := given.get(header, "")).isdecimal():
                number = float(text)
                number = max(0.0, number - now) if name.endswith("reset_seconds") else number
                self._limits[name].set(number, resource=resource, **named)


def endpoint_of(url: str) -> str:
    """The kind of path: names of repositories would create an unlimited number of series."""
    path = urlsplit(url).path.removeprefix("/api/v3")
    return next((shown for shape, shown in _SHAPES if shape.search(path)), "other")
