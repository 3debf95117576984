"""Rules of git subscriptions: which of them cannot be read, in upstream's words, and the order of tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.promotion.warehouses.commits import GitSelector, Tag
from argosy.promotion.warehouses.versions import SelectionError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (
            {"expressionFilter": "subject startsWith"},
            "error building base selector: error compiling filter expression: ",
        ),
        (
            {"commitSelectionStrategy": "Lexical", "includePaths": ["regex:("]},
            "error building tag based selector: error building base selector: error parsing include path selectors: ",
        ),
        (
            {"commitSelectionStrategy": "NewestTag", "ignoreTagsRegexes": ["("]},
            'error building tag based selector: error compiling regular expression "(": error parsing regexp: ',
        ),
        (
            {"commitSelectionStrategy": "SemVer", "semverConstraint": "x!"},
            'error parsing semver constraint "x!": improper constraint: ',
        ),
    ],
)
def test_rules_that_cannot_be_read_are_reported_with_their_place(rules: dict[str, Any], error: str) -> None:
    with pytest.raises(SelectionError) as caught:
        GitSelector({"repoURL": "https://example.com/a.git", "commitSelectionStrategy": "NewestFromBranch", **rules})

    assert str(caught.value).startswith(error)


def test_the_newest_tag_comes_first_and_those_of_one_moment_by_name() -> None:
    tags = [
        Tag(name=name, commit="c", created_at=NOON + timedelta(seconds=seconds))
        for name, seconds in (("zzz", 0), ("a", 0), ("new", 1))
    ]

    ordered = GitSelector({"commitSelectionStrategy": "NewestTag"}).ordered(tags)

    assert [tag.name for tag in ordered] == ["new", "a", "zzz"]
