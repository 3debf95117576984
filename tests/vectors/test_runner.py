"""`make vectors DATA=...` runs any folder of the layout: what it lacks, or what is broken in it, costs nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from argosy.machinery.text.yaml import load
from tests.vectors import __main__ as runner
from tests.vectors.families import FAMILIES, Family
from tests.vectors.outcome import Outcome
from tests.vectors.reading import each

KEYS = {"cases": [{"key": "a.b", "parts": ["a", "b"]}, {"key": "a\\.b", "parts": ["a.b"]}]}


def lines(data: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[str]]:
    code = runner.main([str(data), "--processes", "1", *more])
    return code, capsys.readouterr().out.splitlines()


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def test_a_single_family_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "kargo/split-key.yaml", KEYS)
    code, said = lines(tmp_path, capsys)
    assert (code, said) == (0, ["kargo/split-key.yaml: 2 passed, 0 failed", "2 passed, 0 failed"])


def test_a_wrong_answer_is_a_failure_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "kargo/split-key.yaml", {"cases": [{"key": "a.b", "parts": ["a.b"]}]})
    code, said = lines(tmp_path, capsys)
    assert code == 1
    assert said[1].startswith("  FAILED kargo/split-key 0: ")


def test_a_malformed_file_costs_its_family_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "kargo/semver-parse.yaml", "cases: [unfinished")
    write(tmp_path / "kargo/split-key.yaml", KEYS)
    code, said = lines(tmp_path, capsys)
    assert code == 0
    assert said[1].startswith("  NOT RUN kargo/semver-parse.yaml : cannot be run: ")
    assert said[-2:] == ["1 could not be run", "2 passed, 0 failed"]


@pytest.mark.parametrize("content", ["{", "", "[]", '"text"', "{}", "null"])
def test_a_file_that_cannot_be_read_costs_no_other_of_its_family(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    write(tmp_path / "argo-cd/health-builtin/Pod/cases.yaml", content)
    case = {"input": "service.yaml", "status": "Healthy"}
    write(tmp_path / "argo-cd/health-builtin/Service/cases.yaml", {"cases": [case]})
    write(tmp_path / "argo-cd/health-builtin/Service/service.yaml", "apiVersion: v1\nkind: Service\nspec: {}\n")
    write(tmp_path / "sealed-secrets/timelines/one.json", content)
    write(tmp_path / "rollouts/timelines/one.json", content)
    write(tmp_path / "kubernetes/exchanges/one.json", content)
    code, said = lines(tmp_path, capsys)
    assert (code, said[-1]) == (0, "1 passed, 0 failed")
    assert not [line for line in said if "FAILED" in line or "cannot be run" in line]
    assert [line.split(":")[0] for line in said if "cannot be read" in line and "exchanges" not in line] == [
        "  NOT RUN argocd_health_builtin cases",
        "  NOT RUN sealed-secrets/timelines one",
        "  NOT RUN rollouts/timelines one",
        "  NOT RUN rollouts/takeovers one",
    ]


def test_cases_that_are_no_maps_are_reported_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "argo-cd/health-builtin/Pod/cases.yaml", {"cases": [None, 5]})
    write(tmp_path / "kargo/split-key.yaml", KEYS)
    _, said = lines(tmp_path, capsys)
    assert "  NOT RUN argocd_health_builtin cases: cannot be read: its 'cases' are no list of maps" in said
    assert said[-1] == "2 passed, 0 failed"


def test_a_case_that_lacks_what_its_family_needs_costs_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "argo-cd/health/apps/Deployment/cases.yaml", {"cases": [{}, {"input": "none.yaml"}]})
    write(tmp_path / "argo-cd/diff/cases.yaml", {"fieldManager": "m", "cases": [{"name": "half"}, {}]})
    write(tmp_path / "crds/x/broken.yaml", "kind: CustomResourceDefinition\n")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}
    good = {"name": "one", "files": {"a.json": json.dumps(account)}, "objects": [account]}
    write(tmp_path / "rendering/a.json", {"family": "directory", "cases": [{}, {"name": "bare"}, good]})
    write(tmp_path / "rendering/b.json", {"family": "novel", "cases": [good]})
    write(tmp_path / "rollouts/vectors/replica-sets.json", {"cases": [{"id": "x"}, {"op": "novel", "id": "y"}]})
    write(tmp_path / "kargo/step-schemas/git-push-config.json", "[]")
    write(tmp_path / "kargo/split-key.yaml", {"cases": [None, *KEYS["cases"]]})
    code, said = lines(tmp_path, capsys)
    assert code == 0
    told = [line for line in said if line.startswith("  NOT RUN")]
    assert [line.split(":")[0].removeprefix("  NOT RUN ") for line in told] == [
        "crds [0]",
        "argocd_diff half",
        "argocd_diff [1]",
        "argocd_health [0]",
        "argocd_health apps/Deployment/none.yaml",
        "rollouts/replica-sets x",
        "rollouts/replica-sets ",
        "rendering [0]",
        "rendering directory/bare",
        "rendering novel/one",
        "kargo/split-key 0",
        "kargo/step-schemas git-push",
    ]
    assert said[-1] == "3 passed, 0 failed"


def test_what_breaks_in_argosy_itself_has_failed() -> None:
    def play(text: str) -> list[Outcome]:
        load(text)
        return []

    (found,) = each("family", ["a: ["], play, lambda text: text)
    assert (found.passed, found.not_run, found.name) == (False, False, "a: [")


def test_an_operation_that_nobody_knows_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {"id": "a", "op": "max_surge", "in": {}, "out": {}}
    strange = [{"id": name, "op": "of_tomorrow", "in": {}, "out": {}} for name in "bc"]
    elsewhere = {"id": "d", "op": "rollout_reconcile", "in": {}, "out": {}}
    write(tmp_path / "rollouts/vectors/surge-unavailable.json", {"cases": [known, *strange, elsewhere]})
    _, said = lines(tmp_path, capsys)
    told = [line for line in said if "of_tomorrow" in line or "rollout_reconcile" in line]
    assert told == ["  NOT RUN rollouts/surge-unavailable : nothing here replays of_tomorrow (2 cases)"]


def test_empty_folders_and_strangers_are_reported_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for family in FAMILIES:
        if not Path(family.place).suffix:
            (tmp_path / family.place).mkdir(parents=True, exist_ok=True)
    (tmp_path / "argo-cd/tomorrow").mkdir()
    code, said = lines(tmp_path, capsys)
    assert code == 1  # nothing passed
    assert "argo-cd/tomorrow: nothing here replays it" in said
    assert said[-1] == "0 passed, 0 failed"
    assert not [line for line in said if "FAILED" in line]


def test_a_file_that_a_case_names_may_be_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = {"input": "gone.yaml", "status": "Healthy", "message": ""}
    write(tmp_path / "argo-cd/health/example.com/Thing/cases.yaml", {"cases": [case]})
    _, said = lines(tmp_path, capsys)
    assert said[0] == "argo-cd/health: 0 passed, 0 failed, 1 not run"


def test_processes_report_the_same_in_the_same_order(tmp_path: Path) -> None:
    write(tmp_path / "kargo/split-key.yaml", KEYS)
    write(tmp_path / "kargo/semver-parse.yaml", "cases: [unfinished")
    families = [one for one in FAMILIES if (tmp_path / one.place).exists()]
    alone, together = (list(runner.side_by_side(families, tmp_path, count)) for count in (1, 2))
    assert alone == together
    assert [family.place for family, _ in together] == ["kargo/semver-parse.yaml", "kargo/split-key.yaml"]


def ends_its_process(data: Path) -> list[Outcome]:
    os._exit(3)


def test_a_process_that_dies_costs_its_family_alone(tmp_path: Path) -> None:
    write(tmp_path / "kargo/split-key.yaml", KEYS)
    deadly = Family("deadly", "test_runner:ends_its_process")
    fine = next(one for one in FAMILIES if one.place == "kargo/split-key.yaml")
    found = dict(runner.side_by_side([deadly, fine], tmp_path, 2))
    assert [one.detail for one in found[deadly]] == ["cannot be run: its process died"]
    assert [one.passed for one in found[fine]] == [True, True]
