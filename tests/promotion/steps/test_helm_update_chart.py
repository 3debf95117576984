"""What changed in a chart's dependencies is taken from its lock, before and after."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.promotion.steps.rendering.helm_update_chart import _differences


def locked(**versions: str) -> list[JsonObject]:
    return [{"name": name, "version": version, "repository": "https://x"} for name, version in versions.items()]


def test_new_changed_and_removed_dependencies_are_reported_and_nothing_else() -> None:
    found = _differences(
        locked(same="1.0.0", old="1.0.0", gone="1.0.0"), locked(same="1.0.0", old="1.1.0", new="2.0.0")
    )

    assert found == {"old": "1.0.0 -> 1.1.0", "new": "2.0.0", "gone": "removed"}


def test_the_same_versions_are_no_change() -> None:
    assert _differences(locked(a="1.0.0"), locked(a="1.0.0")) == {}
