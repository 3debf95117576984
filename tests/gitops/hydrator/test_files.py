"""Which files of the hydrated branch change."""

from __future__ import annotations

from argosy.gitops.hydrator.files import Hydrated, changes, untracked


def share(path: str, value: str) -> Hydrated:
    return Hydrated(path=path, manifests=[{"kind": "K", "v": value}], metadata={"drySha": "1"}, readme="read")


def test_only_paths_with_a_changed_manifest_are_written() -> None:
    there = {"a/manifest.yaml": b"kind: K\nv: one\n", "b/manifest.yaml": b"kind: K\nv: old\n"}
    made = changes([share("a", "one"), share("b", "two"), share("c/d", "three")], {"drySha": "1"}, there.get)
    assert sorted(made) == [
        ".gitattributes", "b/README.md", "b/hydrator.metadata", "b/manifest.yaml",
        "c/d/README.md", "c/d/hydrator.metadata", "c/d/manifest.yaml", "hydrator.metadata",
    ]  # fmt: skip
    assert made["b/manifest.yaml"] == b"kind: K\nv: two\n"


def test_unchanged_manifests_are_no_reason_to_write_anything() -> None:
    assert changes([share("a", "one")], {"drySha": "2"}, lambda path: b"kind: K\nv: one\n") == {}


def test_no_manifest_is_an_empty_file() -> None:
    nothing = Hydrated(path="a", manifests=[], metadata={}, readme="")
    assert changes([nothing], {}, lambda path: None)["a/manifest.yaml"] == b""
    assert changes([nothing], {}, lambda path: b"") == {}


def test_what_ties_an_object_to_an_application_is_taken_out_and_an_empty_map_with_it() -> None:
    names = {"labels": ("x",), "annotations": ("y", "z")}
    given = {"kind": "K", "metadata": {"name": "n", "labels": {"x": "1"}, "annotations": {"y": "1", "keep": "2"}}}
    assert untracked(given, names) == {"kind": "K", "metadata": {"name": "n", "annotations": {"keep": "2"}}}
    assert given["metadata"]["labels"] == {"x": "1"}  # type: ignore[index]
    plain = {"kind": "K", "metadata": {"name": "n", "labels": {}}}
    assert untracked(plain, names) is plain
