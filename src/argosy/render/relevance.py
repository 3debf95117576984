"""The annotation `manifest-generate-paths`, for tools whose inputs are the entire repository (spec 5.4). Pure.

The reads of other tools are recorded file by file, and no annotation is needed for them. A plug-in gets a copy of
everything, so without the annotation every commit renders it again.
"""

from __future__ import annotations

from collections.abc import Mapping

import re2

from argosy.render.globs import GlobError, by_segment, is_glob
from argosy.render.inputs import Question
from argosy.sources.paths import OutOfRoot, join, normalise


def relevant(inputs: Mapping[Question, str], paths: str, application: str) -> Mapping[Question, str]:
    """The files that the annotation names: equal to a path, below it, or matching it. `application`: its directory."""
    wanted = [found for part in paths.split(";") if (found := _normalised(part.strip(), application)) is not None]
    if not wanted:
        return inputs
    return {question: answer for question, answer in inputs.items() if _concerns(question, wanted)}


def _concerns(question: Question, wanted: list[str]) -> bool:
    if question.root or question.operation == "tree":
        return True
    return any(_covers(path, question) for path in wanted)


def _covers(path: str, question: Question) -> bool:
    if is_glob(path):
        fixed = path[: next(at for at, char in enumerate(path) if char in "*?[{")].rpartition("/")[0]
        below = not fixed or question.path == fixed or question.path.startswith(f"{fixed}/")
        return below if question.operation == "list" else bool(_compiled(path).fullmatch(question.path))
    if not path or question.path == path or question.path.startswith(f"{path}/"):
        return True
    return question.operation == "list" and question.path == path.rpartition("/")[0]  # whether it exists at all


def _compiled(pattern: str) -> re2._Regexp:
    try:
        return by_segment(pattern)
    except GlobError:
        return by_segment("**")


def _normalised(path: str, application: str) -> str | None:
    if not path:
        return None
    try:
        return normalise(path.lstrip("/")) if path.startswith("/") else join(application, path)
    except OutOfRoot:
        return None
