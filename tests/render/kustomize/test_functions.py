"""Programs that a kustomization names as functions: they run where a developer allows it, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argosy.render.files import ToolError
from argosy.render.kustomize.build import build
from argosy.render.local import LocalWorkspace
from argosy.render.plugins.programs import ProgramWorkspace
from argosy.sources.directory import directory_tree

_FUNCTION = """
apiVersion: example.com/v1
kind: Numbers
metadata:
  name: numbers
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./tool.sh, args: [one]}
spec: {size: 3}
"""
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept}\n"


def repository(root: Path, field: str, program: str) -> Path:
    (root / "app").mkdir()
    (root / "app/map.yaml").write_text(_MAP)
    (root / "app/function.yaml").write_text(_FUNCTION)
    (root / "app/kustomization.yaml").write_text(f"resources: [map.yaml]\nnamePrefix: x-\n{field}: [function.yaml]\n")
    (root / "app/tool.sh").write_text(f"#!/bin/sh\n{program}\n")
    (root / "app/tool.sh").chmod(0o755)
    return root


def built(root: Path) -> list[Any]:
    return list(build(ProgramWorkspace(root, directory_tree(root)), "app"))


def test_a_generator_answers_objects_and_starts_next_to_its_kustomization(tmp_path: Path) -> None:
    program = """test -f map.yaml && grep -q 'size: 3' && cat <<EOF
apiVersion: v1
kind: ConfigMap
metadata:
  name: made-$1
  annotations: {kustomize.config.k8s.io/needs-hash: "true"}
EOF"""
    kept, made = built(repository(tmp_path, "generators", program))
    assert kept["metadata"] == {"name": "x-kept"}
    assert made["metadata"]["name"].startswith("x-made-one-")
    assert "annotations" not in made["metadata"]


def test_a_transformer_changes_adds_and_takes_away(tmp_path: Path) -> None:
    [only] = built(repository(tmp_path, "transformers", "cat >/dev/null; cat map.yaml"))
    assert only["metadata"] == {"name": "kept"}
    (tmp_path / "app/tool.sh").write_text("#!/bin/sh\ncat\n")
    [same] = built(tmp_path)
    assert same["metadata"] == {"name": "x-kept"}


@pytest.mark.parametrize(
    ("program", "words"),
    [("echo no luck >&2; exit 3", r"\./tool\.sh: exit status 3: no luck"), ("echo 1", r"\./tool\.sh: expected a Kub")],
)
def test_a_program_that_fails_is_reported_with_its_last_words(tmp_path: Path, program: str, words: str) -> None:
    repository(tmp_path, "generators", program)
    with pytest.raises(ToolError, match=words):
        built(tmp_path)


def test_a_program_that_is_not_there_is_reported(tmp_path: Path) -> None:
    repository(tmp_path, "generators", "true")
    (tmp_path / "app/tool.sh").unlink()
    with pytest.raises(ToolError, match=r"\./tool\.sh: No such file or directory"):
        built(tmp_path)


@pytest.mark.parametrize("field", ["generators", "transformers", "validators"])
def test_no_program_runs_where_nobody_allowed_it(tmp_path: Path, field: str) -> None:
    repository(tmp_path, field, "touch ../ran")
    with pytest.raises(ToolError, match="numbers: external plugins disabled"):
        build(LocalWorkspace(directory_tree(tmp_path)), "app")
    assert not (tmp_path / "ran").exists()
