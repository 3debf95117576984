"""Requests to GitHub by kind of path and by the set that asks, with what is left of the limits."""

from __future__ import annotations

import pytest

from argosy.gitops.applicationsets.hosting.github_metrics import ASKED_FOR, GitHubMetrics, endpoint_of
from argosy.machinery.objects import Key
from argosy.observe.metrics import Registry


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.github.com/orgs/argosy/repos?page=2", "/orgs/{org}/repos"),
        ("https://git.test/api/v3/repos/a/b/branches", "/repos/{owner}/{repo}/branches"),
        ("https://api.github.com/repos/a/b/branches/feature/x", "/repos/{owner}/{repo}/branches/{branch}"),
        ("https://api.github.com/repos/a/b/contents/deploy/x.yaml?ref=main", "/repos/{owner}/{repo}/contents/{path}"),
        ("https://api.github.com/repos/a/b/pulls", "/repos/{owner}/{repo}/pulls"),
        ("https://api.github.com/user", "other"),
    ],
)
def test_paths_are_counted_by_their_kind(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint


def test_what_is_left_of_the_limit_is_shown_for_the_set_that_asks() -> None:
    registry = Registry()
    metrics = GitHubMetrics(registry)
    ASKED_FOR.set(Key("argocd", "previews"))
    headers = {"X-RateLimit-Remaining": "41", "X-RateLimit-Limit": "60", "X-RateLimit-Reset": "1030", "X-Other": "1"}

    metrics.asked("https://api.github.com/repos/a/b/pulls", 200, headers, 0.2, now=1000)

    named = 'endpoint="/repos/{owner}/{repo}/pulls",appset_namespace="argocd",appset_name="previews"'
    text = registry.text()
    assert f'argocd_github_api_requests_total{{method="GET",{named.split(",", 1)[0]},status="200",' in text
    assert f'argocd_github_api_rate_limit_remaining{{{named},resource="core"}} 41' in text
    assert f'argocd_github_api_rate_limit_reset_seconds{{{named},resource="core"}} 30' in text
    assert "argocd_github_api_rate_limit_used{" not in text
