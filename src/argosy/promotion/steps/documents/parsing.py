"""What json-parse, toml-parse and yaml-parse share: expressions over the top-level keys of a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from argosy.promotion.expressions import ExpressionFault, UnreadableFault, evaluate
from argosy.promotion.steps.kind import Result, Run, StepFault
from argosy.promotion.steps.schema import FILLED, Schema, body, each
from argosy.promotion.steps.workspace import read_text, shown

OUTPUT: Final = body("name fromExpression", name=FILLED, fromExpression=FILLED)
SCHEMA: Final[Schema] = body("path outputs", path=FILLED, outputs=each(OUTPUT, 1))


def parsed(run: Run, what: str, load: Callable[[str], Any]) -> Result:
    """`what`: the language, as messages name it."""
    config = run.job.config
    text = read_text(run.directory, config["path"], what)
    if not text and what != "JSON":
        raise StepFault(f'could not parse empty {what} file: "{shown(config["path"])}"')
    try:
        document = load(text)
    except (ValueError, RecursionError) as error:
        raise StepFault(f"could not parse {what} file: {error}") from None
    if not isinstance(document, dict):
        raise StepFault(f'"{config["path"]}" does not hold a map')
    return Result(output=outputs(config["outputs"], document))


def outputs(wanted: list[dict[str, str]], environment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in wanted:
        try:
            found[one["name"]] = evaluate(one["fromExpression"], environment)
        except ExpressionFault as fault:
            doing = "compiling" if isinstance(fault, UnreadableFault) else "evaluating"
            raise StepFault(
                f'failed to extract outputs: error {doing} expression "{one["fromExpression"]}": {fault}'
            ) from None
    return found
