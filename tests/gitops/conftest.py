"""One bench a test: a repository with two objects, and nothing that uses it yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.gitops import REPO, Bench, config, opened


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened() as made:
        made.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two")})
        yield made
