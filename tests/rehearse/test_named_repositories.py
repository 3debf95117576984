"""Git repositories wherever objects name them."""

from __future__ import annotations

from argosy.rehearse.named_repositories import urls_in


def test_repositories_are_found_wherever_they_are_named_and_charts_and_images_are_none() -> None:
    objects = [
        {"spec": {"source": {"repoURL": "https://git.example.com/a", "path": "x"}}},
        {"spec": {"sources": [{"repoURL": "https://charts.example.com", "chart": "c"}, {"repoURL": "oci://r/c"}]}},
        {"spec": {"subscriptions": [{"image": {"repoURL": "registry.example/a"}}, {"git": {"repoURL": "git@h:a/b"}}]}},
        {"spec": {"steps": [{"config": {"repoURL": "${{ vars.url }}"}}, {"config": {"repoURL": "https://h/c"}}]}},
        {"status": {"repoURL": "https://h/never"}},
    ]
    assert urls_in(objects) == ["https://git.example.com/a", "git@h:a/b", "https://h/c"]
