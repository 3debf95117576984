"""Plain manifests in a directory (spec/argo-cd-engine-2.md 11.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.render.port import RenderError


def manifest(name: str, kind: str = "ConfigMap") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n"


def names(bench: Any, files: dict[str, str], **directory: Any) -> list[str]:
    rendered = bench.render(files, source={"directory": directory} if directory else {})
    return [found["metadata"]["name"] for found in rendered.manifests]


FILES = {
    "app/a.yaml": manifest("a"),
    "app/b.yml": manifest("b"),
    "app/c.json": json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}),
    "app/d.txt": manifest("d"),
    "app/sub/e.yaml": manifest("e"),
    "app/sub/deep/f.yaml": manifest("f"),
    "other/g.yaml": manifest("g"),
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "abc"),
        ({"recurse": True}, "abcfe"),
        ({"include": "*.yaml"}, "a"),
        ({"recurse": True, "include": "sub/*"}, "fe"),
        ({"recurse": True, "include": "*.yaml"}, "afe"),
        ({"recurse": True, "exclude": "sub/deep/*"}, "abce"),
        ({"include": "{a,c}.*"}, "ac"),
        ({"include": "[a-b].y*"}, "ab"),
        ({"exclude": "{a.yaml,c.json}"}, "b"),
        ({"include": "*.yaml", "exclude": "a.*"}, ""),
        ({"disableExtensionFilter": True}, "abcd"),
        ({"include": "?.yml"}, "b"),
    ],
)
def test_which_files_are_read(shared_bench: Any, options: dict[str, Any], expected: str) -> None:
    assert "".join(names(shared_bench, FILES, **options)) == expected


def test_documents_lists_and_empty_documents(shared_bench: Any) -> None:
    items = json.dumps([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in "xy"])
    text = "---\n" + manifest("a") + "---\n---\n# nothing\n---\n" + f"apiVersion: v1\nkind: List\nitems: {items}\n"
    assert names(shared_bench, {"app/a.yaml": text}) == ["a", "x", "y"]


def test_a_file_with_the_skip_marker_is_left_out(shared_bench: Any) -> None:
    files = {"app/a.yaml": manifest("a"), "app/b.yaml": "# +argocd:skip-file-rendering\n" + manifest("b")}
    assert names(shared_bench, files) == ["a"]


def test_yaml_that_is_no_manifest_is_left_out(shared_bench: Any) -> None:
    files = {"app/a.yaml": manifest("a"), "app/values.yaml": "replicas: 3\n", "app/list.yaml": "- 1\n- 2\n"}
    files["app/broken.yaml"] = "apiVersion: v1\nkind: [no metadata\n"
    assert names(shared_bench, files) == ["a"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", manifest("a") + " data: [\n", "Failed to unmarshal 'a.yaml': yaml: line"),
        ("a.yaml", manifest("a") + "---\nfoo: bar\n", "Object 'Kind' is missing"),
        ("a.yaml", manifest("a") + "metadata: {name: again}\n", "appears twice"),
        ("a.json", "{", "Failed to unmarshal 'a.json'"),
        ("a.json", json.dumps({"kind": "X"}), "Object 'apiVersion' is missing"),
        ("a.json", "[" * 300 + "]" * 300, "deeper than 200"),
    ],
)
def test_a_broken_manifest_names_its_file(shared_bench: Any, name: str, text: str, message: str) -> None:
    with pytest.raises(RenderError, match=message.replace("[", r"\[")):
        names(shared_bench, {f"app/{name}": text})


def test_manifests_together_are_limited(shared_bench: Any) -> None:
    half = manifest("a") + "data:\n  x: " + "y" * (5 * 1024 * 1024) + "\n"
    words = "exceeded max combined manifest file size: app: larger than the limit of 10485760 bytes together"
    with pytest.raises(RenderError, match=words):
        names(shared_bench, {"app/a.yaml": half, "app/b.yaml": half})


def test_a_file_larger_than_the_limit_is_an_error_and_not_an_outage(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match=r"exceeded max combined manifest file size: app/a\.yaml: larger than"):
        names(shared_bench, {"app/a.yaml": manifest("a") + "# " + "x" * (20 * 1024 * 1024)})
    assert names(shared_bench, {"app/a.yaml": manifest("a")}) == ["a"]


def test_an_alias_bomb_is_an_error(shared_bench: Any) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(RenderError, match="nodes when aliases are expanded"):
        names(shared_bench, {"app/a.yaml": manifest("a") + bomb})


def test_links_to_files_are_read_and_links_to_directories_are_not_walked(shared_bench: Any, make_tree: Any) -> None:
    files = {"app/a.yaml": manifest("a"), "shared/b.yaml": manifest("b")}
    linked = make_tree(files, links={"app/c.yaml": "../shared/b.yaml", "app/d": "../shared"})
    assert names(shared_bench, linked, recurse=True) == ["a", "b"]


def test_the_limit_of_manifests_together_is_a_setting(shared_bench: Any) -> None:
    files = {"app/a.yaml": manifest("a") + "# " + "x" * 2000}
    key = "reposerver.max.combined.directory.manifests.size"
    assert shared_bench.render(files, settings={key: "3k"}).manifests
    with pytest.raises(RenderError, match="larger than the limit of 2000 bytes"):
        shared_bench.render(files, settings={key: "2k"})
    with pytest.raises(RenderError, match="'much' is not a quantity"):
        shared_bench.render(files, settings={key: "much"})


@pytest.mark.parametrize("separator", ["---\n", "--- # c\n", "---# c\n", "---  \n", "---\r\n"])
def test_documents_are_parted_by_dashes_with_or_without_a_comment(shared_bench: Any, separator: str) -> None:
    assert names(shared_bench, {"app/a.yaml": manifest("a") + separator + manifest("b")}) == ["a", "b"]


def test_a_separator_with_anything_else_behind_it_is_refused(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match="invalid document separator: 'x'"):
        names(shared_bench, {"app/a.yaml": manifest("a") + "--- x\n" + manifest("b")})
