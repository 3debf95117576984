"""Which files differ between two commits, and whom they concern."""

from __future__ import annotations

import pytest

from argosy.gitops.hydrator.paths import changed, concerns, watched
from argosy.machinery.objects import JsonObject
from argosy.sources.tree import MemoryStorage, RootedTree


def tree(**files: str) -> RootedTree:
    """`__` is a slash."""
    return RootedTree(MemoryStorage({name.replace("__", "/"): text.encode() for name, text in files.items()}))


BEFORE = tree(a__x="1", a__y="1", b__deep__z="1", top="1")


@pytest.mark.parametrize(
    ("after", "files"),
    [
        (BEFORE, []),
        (tree(a__x="2", a__y="1", b__deep__z="1", top="1"), ["a/x"]),
        (tree(a__x="1", a__y="1", b__deep__z="2", top="2"), ["b/deep/z", "top"]),
        (tree(a__x="1", a__y="1", top="1", c__new="1"), ["b/deep/z", "c/new"]),
        (tree(a="1", b__deep__z="1", top="1"), ["a/x", "a/y", "a"]),
    ],
)
def test_files_that_differ(after: RootedTree, files: list[str]) -> None:
    assert list(changed(BEFORE, after)) == files


@pytest.mark.parametrize(
    ("annotation", "concerned"),
    [
        ("", True), (".", False), ("../b", True), ("/b", True), ("/b/deep/z", True), ("/b/de", False), ("/b/*/z", True),
        ("; ../c ; ", False), (".;../b", True), ("/", True), ("/b/*", False),
    ],
)  # fmt: skip
def test_who_names_paths_is_concerned_by_what_is_below_them(annotation: str, concerned: bool) -> None:
    app: JsonObject = {"metadata": {"annotations": {"argocd.argoproj.io/manifest-generate-paths": annotation}}}
    after = tree(a__x="1", a__y="1", b__deep__z="2", top="1")
    assert concerns(watched(app, "a"), BEFORE, after) == concerned


def test_commits_with_the_same_files_concern_everybody_as_upstream() -> None:
    assert concerns(["/a"], BEFORE, BEFORE)
