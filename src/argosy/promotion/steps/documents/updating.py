"""What json-update, toml-update and yaml-update share: a file, updates, and a commit message that lists them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from argosy.machinery.text.yaml_tree import EditFault
from argosy.promotion.steps.kind import Result, Run, StepFault
from argosy.promotion.steps.schema import ANYTHING, FILLED, Schema, body, each
from argosy.promotion.steps.workspace import read_text, write_text

SCHEMA: Final[Schema] = body(
    "path updates", path=FILLED, updates=each(body("key value", key=FILLED, value=ANYTHING), 1)
)

Edit = Callable[[str, Iterable[tuple[str, Any]]], str]


def updated(run: Run, what: str, edit: Edit, shown: Callable[[Any], str]) -> Result:
    """`what`: the start of messages, with `{path}` for the file."""
    path = run.job.config["path"]
    updates = [(one["key"], one["value"]) for one in run.job.config["updates"]]
    if not updates:
        return Result()
    try:
        text = edit(read_text(run.directory, path), updates)
    except (EditFault, StepFault) as error:
        raise StepFault(
            f"{what.replace('{path}', path)}: {error}", terminal=getattr(error, "terminal", False)
        ) from None
    write_text(run.directory, path, text)
    lines = "\n".join(f"- {key}: {shown(value)}" for key, value in updates)
    return Result(output={"commitMessage": f"Updated {path}\n\n{lines}"})
