"""No path from outside leaves its root: a table of hostile ones against every entry, and properties over all."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.sources.archive import unpack
from argosy.sources.directory import directory_tree
from argosy.sources.git.content.tree import Objects, commit_tree
from argosy.sources.paths import OutOfRoot, levels_above, normalise
from argosy.sources.port import Rejected, Tree
from argosy.sources.tree import MemoryStorage, RootedTree

CANARY = "canary-71c3"

HOSTILE = [
    "..", "../", "../x", "../../x", "../../../../../../../../etc/passwd", "a/../..", "a/../../x", "a/b/../../../x",
    "./..", "./../x", "a/./../../x", ".//../x", "a//../..//x", "../root", "../secret", "a/../../secret",
    "....//../../x",
    "/", "//", "/etc/passwd", "//etc/passwd", "/a", "/./a", "///", "/../x", "/proc/self/environ", "/dev/stdin",
    "~", "~/x", "~root/x", "\\", "..\\x", "..\\..\\x", "a\\..\\..\\x", "C:\\x", "C:/x", "c:/windows", "\\\\host\\share",
    "a\x00", "a\x00/../x", "\x00", "a\nb", "a\rb", "a\tb", "\x1b[31m", "a\x7fb",
    ".git", ".git/config", "a/.git/config", ".GIT/config", ".Git/HEAD", ".gIt", "a/.GIT", ".git /x", ".git./x",
    ".git...",
    "git~1/config", "GIT~1", ".g\u200cit/config", ".gi\u200dt", "\ufeff.git", ".git\u200b", ".git::$INDEX_ALLOCATION/x",
    ".git:x", "\uff0egit/config", "．ｇｉｔ/x", "a/../.git/config", "x" * 5000, "a/" * 2500 + "x",
]  # fmt: skip


def test_the_table_is_long_enough() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.fixture(params=["memory", "git", "directory"])
def root(request: pytest.FixtureRequest, tmp_path: Path, repository: Any) -> Iterator[Tree]:
    """A root with a secret next to it."""
    (tmp_path / "secret").write_text(CANARY)
    (tmp_path / "x").write_text(CANARY)
    repository.commit({"a/b/c": "1", "d": "2"})
    match request.param:
        case "memory":
            yield RootedTree(MemoryStorage({"a/b/c": b"1", "d": b"2"}))
        case "git":
            objects = Objects(repository.path / ".git")
            yield commit_tree(objects, repository.git("rev-parse", "HEAD"))
            objects.close()
        case "directory":
            yield directory_tree(repository.path)


def test_no_tree_answers_to_a_hostile_path(root: Tree) -> None:
    for path in HOSTILE:
        for ask in (root.stat, root.read, root.list):
            with pytest.raises(OutOfRoot) as refused:
                ask(path)
            assert CANARY not in str(refused.value)
            assert len(str(refused.value)) < 400


@pytest.mark.parametrize("path", HOSTILE)
def test_no_archive_member_may_have_a_hostile_name(path: str) -> None:
    if "\x00" in path:
        pytest.skip("a tar header ends at NUL")
    if path.rstrip("/") == "":
        path = "/x"
    with pytest.raises(Rejected):
        unpack(archive([(path, b"x", "")]))


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../x", "a/../../x", "../../../x", "/", "..", "\\x", "a/../../b/../../etc/passwd"]
)
def test_no_archive_link_may_lead_out(target: str) -> None:
    with pytest.raises(Rejected, match="out-of-bounds"):
        unpack(archive([("l", b"", target)]))


def archive(members: list[tuple[str, bytes, str]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT) as made:
        for name, data, target in members:
            info = tarfile.TarInfo(name)
            if target:
                info.type, info.linkname = tarfile.SYMTYPE, target
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_links_that_go_round_end_at_forty() -> None:
    tree = RootedTree(MemoryStorage({"f": b""}, {"a": "b", "b": "a"}))
    with pytest.raises(OutOfRoot, match="more than 40 symlinks"):
        tree.stat("a")
    chain = {f"l{n}": f"l{n + 1}" for n in range(39)} | {"l39": "f"}
    assert RootedTree(MemoryStorage({"f": b""}, chain)).stat("l0")


def test_a_link_through_a_link_is_checked_at_its_real_place() -> None:
    # By its text, `deep/l` stays inside; reached through `up`, it would not.
    tree = RootedTree(MemoryStorage({"a/b/f": b"1"}, {"a/b/l": "../../..", "up": "a/b"}))
    for path in ("a/b/l", "up/l", "up/l/x"):
        with pytest.raises(OutOfRoot):
            tree.stat(path)


@pytest.mark.parametrize(
    ("path", "real"),
    [("", ""), (".", ""), ("a", "a"), ("a/", "a"), ("./a//b/.", "a/b"), ("a/b/..", "a"), ("a/..", ""), ("...", "...")],
)
def test_harmless_paths_are_normalised(path: str, real: str) -> None:
    assert normalise(path) == real


PARTS = st.sampled_from(["a", "b", "..", ".", "", "l", "up", "...", ".git", "out", "x y"])


@given(st.lists(PARTS, max_size=8).map("/".join))
def test_an_accepted_path_never_leaves_the_root(path: str) -> None:
    try:
        found = normalise(path)
    except OutOfRoot:
        return
    assert not posixpath.normpath(f"/root/{found}").partition("/root")[0]
    assert ".." not in found.split("/")


@given(st.lists(PARTS, max_size=6).map("/".join), st.lists(PARTS, min_size=1, max_size=6).map("/".join))
def test_no_link_makes_a_file_outside_readable(target: str, path: str) -> None:
    """`inner` is the root; everything next to it is a canary."""

    class Outer(MemoryStorage):
        def content(self, path: str, entry: Any, limit: int) -> bytes:
            assert not path.startswith(("/", "..")), path
            return super().content(path, entry, limit)

    tree = RootedTree(Outer({"a/b": b"1", "up/x": b"2"}, {"l": target or "a"}))
    for ask in (tree.stat, tree.read, tree.list):
        try:
            ask(path)
        except Exception as error:
            assert not isinstance(error, AssertionError)


@pytest.mark.parametrize(
    ("target", "levels"), [("a", 0), ("..", 1), ("../a/..", 1), ("../..", 2), ("a/../..", 1), ("/a", float("inf"))]
)
def test_how_far_above_itself_a_link_leads(target: str, levels: float) -> None:
    assert levels_above(target) == levels
