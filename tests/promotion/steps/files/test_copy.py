"""`copy` writes inside of the working directory, whatever a repository has put there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from argosy.promotion.steps import workspace
from argosy.promotion.steps.files import copy
from argosy.promotion.steps.kind import Job, Run, StepFault

CANARY = "canary-93bd"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone whose symbolic links lead out of it, and a directory to copy from."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text(CANARY)
    root = tmp_path / "files"
    (root / "from" / "inner").mkdir(parents=True)
    for name in ("file", "inner/file"):
        (root / "from" / name).write_text("mine")
    (root / "clone").mkdir()
    return root


def copied(root: Path, source: str, target: str, **more: Any) -> None:
    job = Job(
        project="p", stage="s", promotion="promotion", uid="uid", alias="step-1", uses="copy",
        config={"inPath": source, "outPath": target, **more},
    )  # fmt: skip
    copy.run(Run(job=job, directory=root, tools=None))


@pytest.mark.parametrize(
    ("source", "link", "to"),
    [
        ("from", "file", "../../outside/file"),
        ("from", "file", "{outside}/file"),
        ("from", "inner", "../../outside"),
        ("from/file", "file", "../../outside/file"),
        ("from/file", "file", "../../outside/new"),
    ],
)
def test_a_symbolic_link_at_the_target_is_not_written_through(root: Path, source: str, link: str, to: str) -> None:
    (root / "clone" / link).symlink_to(to.format(outside=root.parent / "outside"))
    with pytest.raises(StepFault, match="leads out"):
        copied(root, source, f"clone/{link}" if source == "from/file" else "clone")
    assert (root.parent / "outside" / "file").read_text() == CANARY
    assert not (root.parent / "outside" / "new").exists()


def test_a_repositorys_own_files_are_not_written(root: Path) -> None:
    (root / "from" / ".Git").mkdir()
    (root / "from" / ".Git" / "config").write_text("[core]")
    with pytest.raises(StepFault, match=r"\.git"):
        copied(root, "from", "clone")


def test_files_and_trees_arrive_and_what_is_ignored_does_not(root: Path) -> None:
    copied(root, "from", "clone", ignore="inner")
    assert (root / "clone" / "file").read_text() == "mine"
    assert not (root / "clone" / "inner").exists()
    copied(root, "from/file", "clone/other")
    assert (root / "clone" / "other").read_text() == "mine"
    copied(root, "from/file", "new/file")
    assert (root / "new" / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [("from/file", "clone", "open clone: is a directory"), ("from", "other", "mkdir other: not a directory")],
)
def test_a_file_and_a_directory_never_replace_each_other(root: Path, source: str, target: str, why: str) -> None:
    (root / "other").write_text("stays")
    with pytest.raises(StepFault, match=f'failed to copy "{source}" to "{target}": {why}'):
        copied(root, source, target)
    assert (root / "other").read_text() == "stays"


@pytest.mark.parametrize(("limit", "value"), [("MOST_FILES", 2), ("MOST_BYTES", 7)])
def test_copies_of_copies_end_at_a_limit(root: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(copy, limit, value)
    with pytest.raises(StepFault, match="are not copied"):
        copied(root, "from", "to")
    assert not (root / "to").exists()


@pytest.mark.parametrize("source", ["from", "from/file"])
def test_nothing_is_copied_where_the_disk_would_be_full(
    root: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr(workspace, "KEPT_FREE", shutil.disk_usage(root).total)
    with pytest.raises(StepFault, match="no room"):
        copied(root, source, "to")
    assert not (root / "to").exists()
