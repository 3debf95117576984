"""Overrides of images in a kustomization file: what is kept, in which order, and what the message says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argosy.promotion.steps.kind import Job, Result, Run
from argosy.promotion.steps.rendering import kustomize_set_image

HEAD = "# mine\nresources: [d.yaml]\n"


def ran(directory: Path, text: str, *images: Any) -> tuple[str, Result]:
    file = directory / "kustomization.yaml"
    file.write_text(text)
    job = Job(
        project="p", stage="s", promotion="promotion", uid="u", alias="i", uses="kustomize-set-image",
        config={"path": ".", "images": list(images)},
    )  # fmt: skip
    result: Result = kustomize_set_image.run(Run(job=job, directory=directory, tools=None))
    return file.read_text(), result


def test_a_new_list_is_at_the_left_sorted_by_name(tmp_path: Path) -> None:
    text, _ = ran(tmp_path, HEAD, {"image": "b", "tag": "1"}, {"image": "a", "newName": "c", "tag": "007"})

    assert text == HEAD + 'images:\n- name: a\n  newName: c\n  newTag: "007"\n- name: b\n  newTag: "1"\n'


@pytest.mark.parametrize(
    ("image", "part", "told"),
    [
        ({"tag": "2"}, 'newTag: "2"', "app:2"),
        ({"newName": "*", "tag": "2"}, 'newName: other\n  newTag: "2"', "other:2"),
        ({"tag": "*"}, 'newTag: "1"', "app:1"),
    ],
)
def test_an_override_is_replaced_whole_and_a_star_keeps_a_part(
    tmp_path: Path, image: dict[str, str], part: str, told: str
) -> None:
    before = HEAD + 'images:\n- name: app\n  newName: other\n  newTag: "1"\n'

    text, result = ran(tmp_path, before, {"image": "app", **image})

    assert text == HEAD + f"images:\n- name: app\n  {part}\n"
    assert result.output == {"commitMessage": f"Updated . to use new image\n\n- {told}"}


def test_a_star_with_nothing_to_keep_is_reported_and_not_written(tmp_path: Path) -> None:
    text, result = ran(tmp_path, HEAD, {"image": "app", "newName": "*", "tag": "9"})

    assert text == HEAD + 'images:\n- name: app\n  newTag: "9"\n'
    assert result.output == {"commitMessage": "Updated . to use new image\n\n- *:9"}
