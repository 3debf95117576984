"""No step's path leads out of the working directory (spec/security.md 1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.promotion.steps.kind import StepFault
from argosy.promotion.steps.workspace import inside, is_git_internal, writable

SECRET = "canary"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text(SECRET)
    root = tmp_path / "files"
    (root / "a/b").mkdir(parents=True)
    (root / "up").symlink_to("..")
    (root / "absolute").symlink_to(tmp_path / "outside")
    (root / "a/far").symlink_to("../../outside")
    (root / "a/near").symlink_to("b")
    (root / "loop").symlink_to("loop")
    return root


LEADS_OUT = (
    "..", "../outside", "a/../../outside", "up/outside", "up", "absolute", "a/far", "a/near/../../..", "loop", "loop/x",
    "a\nb", "a/\x00",
)  # fmt: skip
STAYS = (
    ("a", "a"), ("./a//b/", "a/b"), ("/a", "a"), ("a/near", "a/b"), ("a/near/../b/x", "a/b/x"), ("", ""), (".", ""),
)  # fmt: skip


@pytest.mark.parametrize("path", LEADS_OUT)
def test_what_leads_out_is_refused_without_telling_what_is_there(root: Path, path: str) -> None:
    with pytest.raises(StepFault) as refused:
        inside(root, path)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(("path", "expected"), STAYS)
def test_what_stays_inside_is_found(root: Path, path: str, expected: str) -> None:
    assert inside(root, path) == root.resolve() / expected


@pytest.mark.parametrize("path", [".git/config", "a/.GIT/hooks/x", ".git./x", "a/git~1"])
def test_a_repositorys_own_files_cannot_be_written(root: Path, path: str) -> None:
    assert is_git_internal(root, root.resolve() / path)
    with pytest.raises(StepFault):
        writable(root, path)
