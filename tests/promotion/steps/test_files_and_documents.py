"""Steps on files and documents: their messages, and what an error leaves unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Job, Result, Run, StepFault


def ran(directory: Path, uses: str, **config: Any) -> Result:
    job = Job(project="demo", stage="test", promotion="p", uid="u", alias="s", uses=uses, config=config)
    assert not STEPS[uses].faults(config), STEPS[uses].faults(config)
    result: Result = STEPS[uses].run(Run(job=job, directory=directory, tools=None))
    return result


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.yaml"], "Wrote a.yaml to out.yaml"),
        (["a.yaml", "b.yaml"], "Merged 2 YAML files to out.yaml\n- a.yaml\n- b.yaml"),
        (["a.yaml", "gone.yaml"], "Wrote a.yaml to out.yaml"),
    ],
)
def test_yaml_merge_names_the_files_it_took(tmp_path: Path, names: list[str], message: str) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(f"{name[0]}: 1\n")

    result = ran(tmp_path, "yaml-merge", inFiles=names, outFile="out.yaml", ignoreMissingFiles=True)

    assert result.output == {"commitMessage": message}


def test_yaml_merge_of_nothing_is_an_empty_file_and_no_message(tmp_path: Path) -> None:
    result = ran(tmp_path, "yaml-merge", inFiles=["gone.yaml"], outFile="out.yaml", ignoreMissingFiles=True)

    assert result.output is None
    assert (tmp_path / "out.yaml").read_text() == ""


def test_a_strict_delete_removes_nothing_where_something_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").touch()

    with pytest.raises(StepFault, match='path "gone" does not exist'):
        ran(tmp_path, "delete", paths=["a", "gone"], strict=True)
    with pytest.raises(StepFault, match=r'no paths matched pattern "\*\.txt"'):
        ran(tmp_path, "delete", paths=["a", "*.txt"], strict=True, pathsAreGlobs=True)

    assert (tmp_path / "a").exists()
    ran(tmp_path, "delete", paths=["a", "gone"])
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("uses", "config", "told"),
    [
        ("copy", {"inPath": "./x", "outPath": "y"}, 'failed to copy "./x" to "y": lstat x: no such file or directory'),
        ("yaml-merge", {"inFiles": ["x"], "outFile": "y"}, 'input file "x" not found: stat x: no such file'),
        ("file-write", {"path": "old", "contents": ""}, 'file "old" already exists; set overwrite to true'),
        ("file-write", {"path": ".git/x", "contents": ""}, "writing to the .git directory is forbidden"),
        ("file-write", {"path": "n", "contents": "", "permissions": "0755"}, "must not include executable bits"),
        ("file-write", {"path": "n", "contents": "", "permissions": "0602"}, "must not be world-writable"),
        ("json-update", {"path": "x", "updates": [{"key": "a", "value": 1}]}, "JSON file update failed: error reading"),
    ],
)
def test_a_fault_says_what_is_wrong(tmp_path: Path, uses: str, config: dict[str, Any], told: str) -> None:
    (tmp_path / "old").touch()

    with pytest.raises(StepFault) as fault:
        ran(tmp_path, uses, **config)

    assert told in str(fault.value)


@pytest.mark.parametrize(("language", "wrong"), [("json", "{"), ("yaml", "a: ["), ("toml", "a =")])
def test_a_document_that_is_missing_or_cannot_be_read_is_reported_with_its_language(
    tmp_path: Path, language: str, wrong: str
) -> None:
    outputs = [{"name": "a", "fromExpression": "a"}]
    (tmp_path / "wrong").write_text(wrong)
    (tmp_path / "empty").touch()

    with pytest.raises(StepFault, match=f'error reading {language.upper()} file "./gone": open ./gone: no such file'):
        ran(tmp_path, f"{language}-parse", path="gone", outputs=outputs)
    with pytest.raises(StepFault, match=f"could not parse {language.upper()} file: "):
        ran(tmp_path, f"{language}-parse", path="wrong", outputs=outputs)
    with pytest.raises(StepFault, match=f"could not parse (empty )?{language.upper()} file: "):
        ran(tmp_path, f"{language}-parse", path="empty", outputs=outputs)


def test_kustomize_set_image_without_images_has_no_message(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")

    assert ran(tmp_path, "kustomize-set-image", path=".").output is None


def test_more_than_one_kustomization_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StepFault, match="could not find any Kustomization files"):
        ran(tmp_path, "kustomize-set-image", path=".")
    for name in ("kustomization.yaml", "Kustomization"):
        (tmp_path / name).touch()
    with pytest.raises(StepFault, match="found multiple Kustomization files"):
        ran(tmp_path, "kustomize-set-image", path=".")


@pytest.mark.parametrize(
    ("value", "written"),
    [("x: y", "'x: y'"), (5, "5.0"), (1e21, "1000000000000000000000.0"), (True, "true"), (0.25, "0.25")],
)
def test_toml_update_reports_values_as_it_writes_them(tmp_path: Path, value: Any, written: str) -> None:
    (tmp_path / "f.toml").write_text("a = 0 # why\n")

    result = ran(tmp_path, "toml-update", path="f.toml", updates=[{"key": "a", "value": value}])

    assert result.output == {"commitMessage": f"Updated f.toml\n\n- a: {written}"}
    assert (tmp_path / "f.toml").read_text() == f"a = {written} # why\n"


def test_several_faults_of_a_configuration_stand_on_lines_of_their_own() -> None:
    refusal = STEPS["yaml-parse"].refusal({})

    assert refusal is not None
    assert refusal.error == "invalid yaml-parse config: (root): path is required\n(root): outputs is required"


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"path": "there", "contents": ""}, 'file "there" already exists; set overwrite to true to replace it'),
        ({"path": ".git/x", "contents": ""}, 'writing to the .git directory is forbidden: ".git/x"'),
    ],
)
def test_a_file_that_must_not_be_written_fails_the_promotion(tmp_path: Path, config: Any, error: str) -> None:
    (tmp_path / "there").touch()

    with pytest.raises(StepFault) as caught:
        ran(tmp_path, "file-write", **config)

    assert (str(caught.value), caught.value.status, caught.value.terminal) == (error, "Failed", True)


def test_yaml_merge_replaces_a_value_with_what_was_said_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("# head\na: 1 # one\nb: 1 # stays\nc: 1 # old\n")
    (tmp_path / "b.yaml").write_text("a: 2\nc: 3 # new\n")

    ran(tmp_path, "yaml-merge", inFiles=["a.yaml", "b.yaml"], outFile="out.yaml")

    assert (tmp_path / "out.yaml").read_text() == "# head\na: 2\nb: 1 # stays\nc: 3 # new\n"


@pytest.mark.parametrize(
    ("key", "text", "error"),
    [
        ("l.-1", '{"l":[1,"v"]}\r\n', ""),
        ("l.:0", '{"l":["v"]}\r\n', ""),
        ("l.2", '{"l":[1,null,"v"]}\r\n', ""),
        ("l.x", "", "error setting key \"l.x\" in JSON file: cannot set array element for non-numeric key 'x'"),
    ],
)
def test_json_update_finds_items_of_lists_by_number_alone(tmp_path: Path, key: str, text: str, error: str) -> None:
    (tmp_path / "f.json").write_bytes(b'{"l":[1]}\r\n')
    updates = [{"key": key, "value": "v"}]

    if error:
        with pytest.raises(StepFault, match=f"^JSON file update failed: {error}$"):
            ran(tmp_path, "json-update", path="f.json", updates=updates)
    else:
        ran(tmp_path, "json-update", path="f.json", updates=updates)

    assert (tmp_path / "f.json").read_bytes() == (text or '{"l":[1]}\r\n').encode()


def test_a_refused_checkout_says_what_its_other_names_may_be() -> None:
    checkout = {"path": "a", "branch": "b", "tag": "c"}
    refusal = STEPS["git-clone"].refusal({"repoURL": "https://example.com/a.git", "checkout": [checkout]})

    assert refusal is not None
    assert refusal.error.splitlines() == [
        "invalid git-clone config: checkout.0: Must validate one and only one schema (oneOf)",
        'checkout.0.tag: checkout.0.tag must be one of the following: null, ""',
    ]
