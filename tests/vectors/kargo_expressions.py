"""Kargo's value templates: what each gives in one environment, typed; an error must be one, of whatever text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from argosy.expr.expression_templates import environment, evaluate_template
from argosy.expr.exprlang import ExprError

from .outcome import Outcome

FAMILY = "kargo/expressions"


def run(data: Path) -> Iterator[Outcome]:
    recorded = yaml.safe_load((data / "kargo/expressions.yaml").read_text())
    names = environment(recorded["env"])
    for case in recorded["cases"]:
        detail = _compared(case, names)
        yield Outcome(FAMILY, case["template"], passed=detail == "", detail=detail)


def _compared(case: dict[str, Any], names: Any) -> str:
    try:
        found = evaluate_template(case["template"], names)
    except ExprError as error:
        return "" if "error" in case and error.text == case["error"] else f"error {error.text}, not {case}"
    if "error" in case:
        return f"{found!r}, but {case['error']!r} is right"
    if case.get("notJSON"):
        return "" if isinstance(found, float) and not math.isfinite(found) else f"{found!r} can be encoded"
    wanted = case["result"]
    same = found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
    return "" if same else f"{found!r} is not {wanted!r}"
