"""`argosy rollout create -f` reads all files before it creates anything, and says what is wrong with one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from argosy.cli.main import main

ROLLOUT = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\n"
KINDS = "one of Rollout, Experiment, AnalysisTemplate, ClusterAnalysisTemplate, AnalysisRun of argoproj.io/v1alpha1"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: b", f"kind None: {KINDS} is expected"),
        ("[]", f"kind None: {KINDS} is expected"),
        (ROLLOUT.replace("argoproj.io/v1alpha1", "v1"), f"kind 'Rollout': {KINDS} is expected"),
        (ROLLOUT.replace("Rollout", "Pod"), f"kind 'Pod': {KINDS} is expected"),
        (ROLLOUT.replace("kind: Rollout", "kind: [Rollout]"), f"kind ['Rollout']: {KINDS} is expected"),
        (ROLLOUT.replace("{name: web}", "web"), "metadata: it is not a mapping"),
        ("a: b: c", "mapping values are not allowed"),
        ("", "no object to create"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_with_its_name(
    content: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("" if "no object" in problem else ROLLOUT)
    bad.write_text(content)
    assert main(["rollout", "create", "-f", str(good), "-f", str(bad)]) == 1
    written = capsys.readouterr().err
    assert f"{bad}: " in written
    assert problem in written


def test_a_file_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "create", "-f", "nowhere.yaml"]) == 1
    assert "nowhere.yaml" in capsys.readouterr().err


def test_one_rollout_or_experiment_can_be_watched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{ROLLOUT}---\n{ROLLOUT}"))
    assert main(["rollout", "create", "-f", "-", "--watch"]) == 1
    assert "--watch: give one file with one Rollout or Experiment" in capsys.readouterr().err


def test_a_file_or_a_template_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollout", "create"]) == 1
    assert "give -f FILE, or analysisrun with --from or --from-file" in capsys.readouterr().err
