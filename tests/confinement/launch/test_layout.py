"""What a box's root holds, decided from the paths that were named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.confinement.kernel import calls
from argosy.confinement.launch import layout


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    layout.forget()
    yield
    layout.forget()


def made(**named: Any) -> layout.Layout:
    return layout.Layout({"reads": (), "writes": (), "scratch": {}, **named}, processes=False)


def test_a_tree_is_mounted_with_its_content_unless_it_may_be_written(tmp_path: Path) -> None:
    for name in ("in", "in/read", "in/written"):
        (tmp_path / name).mkdir()
    around = str(tmp_path / "in")
    found = made(reads=(f"{around}/read", around), writes=(f"{around}/written",))
    assert [path for path in found.trees if not path.startswith("/dev/")] == [around, f"{around}/written"]
    assert found.trees[around] & calls.ATTR_RDONLY
    assert not found.trees[f"{around}/written"] & calls.ATTR_RDONLY
    assert f"{around}/written" not in found.directories


def test_a_symlink_is_made_again_and_what_it_leads_to_is_there(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").touch()
    (tmp_path / "link").symlink_to("real")
    found = made(reads=(str(tmp_path / "link" / "file"),))
    assert found.links == {str(tmp_path / "link"): "real"}
    assert str(tmp_path / "real" / "file") in found.files
    assert str(tmp_path / "real") in found.directories


def test_a_circle_of_symlinks_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert str(tmp_path / "a") not in made(reads=(str(tmp_path / "a"),)).trees


def test_what_is_not_there_yet_is_looked_for_again(tmp_path: Path) -> None:
    late = str(tmp_path / "late")
    layout.remember((late,))
    assert late not in made(reads=(late,)).trees
    Path(late).mkdir()
    layout.remember((late,))
    assert late in made(reads=(late,)).trees


def test_directories_come_after_the_ones_that_they_lie_in(tmp_path: Path) -> None:
    found = made(scratch={f"{tmp_path}/one/two/three": 1})
    assert found.directories == sorted(found.directories)
    assert {f"{tmp_path}/one", f"{tmp_path}/one/two", f"{tmp_path}/one/two/three"} <= set(found.directories)
