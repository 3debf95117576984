"""`RespectIgnoreDifferences=true`: which live values come into what is applied."""

from __future__ import annotations

import pytest

from argosy.gitops.comparison.normalizers import Rules
from argosy.gitops.sync.respect_ignore_differences import respecting
from argosy.machinery.objects import JsonObject

IMAGES = Rules(paths=(".spec.containers[].image",))


def pod(**images: str) -> JsonObject:
    return {"spec": {"containers": [{"name": name, "image": image} for name, image in images.items()]}}


@pytest.mark.parametrize(
    ("target", "live", "applied"),
    [
        (pod(a="git", b="git"), pod(a="A", b="B"), pod(a="A", b="B")),
        (pod(b="git", a="git"), pod(a="A", b="B"), pod(b="B", a="A")),
        (pod(a="git"), pod(a="A", injected="I"), pod(a="A")),
        (pod(new="git", a="git"), pod(a="A"), pod(new="git", a="A")),
        (pod(), pod(a="A"), pod()),
    ],
)
def test_items_of_a_list_keep_their_own_ignored_values_wherever_they_stand(
    target: JsonObject, live: JsonObject, applied: JsonObject
) -> None:
    assert respecting(target, live, IMAGES) == applied
