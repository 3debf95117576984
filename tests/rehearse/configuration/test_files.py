"""Manifests from files and directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.rehearse.configuration.files import UnreadableManifest, read_manifests

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"


def test_all_manifests_below_a_directory_are_read_in_order_and_lists_are_taken_apart(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.yaml").write_text("nothing: that can be read")
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]")
    (tmp_path / "notes.txt").write_text("no manifest")
    (tmp_path / "a.yaml").write_text(f"{MAP.replace('NAME', 'one')}---\n{MAP.replace('NAME', 'two')}")
    listed = f'{{"apiVersion": "v1", "kind": "List", "items": [{MAP_JSON}]}}'
    (tmp_path / "b" / "list.json").write_text(listed)
    assert [one["metadata"]["name"] for one in read_manifests([tmp_path])] == ["one", "two", "three"]


MAP_JSON = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "three"}}'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "a.yaml"),
        ("a: b", "a document is not a Kubernetes object"),
        ("apiVersion: v1\nkind: Secret", "a Secret has no metadata.name"),
    ],
)
def test_what_is_no_manifest_is_reported_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(UnreadableManifest) as error:
        read_manifests([file])
    assert told in str(error.value)
    assert str(file) in str(error.value)


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableManifest, match="there is no such file or directory"):
        read_manifests([tmp_path / "none"])
