"""How a file of cases is played: a judge computes the result of a case, or raises where the case must fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.vectors.argocd_health_builtin import load
from tests.vectors.outcome import Outcome, not_run
from tests.vectors.reading import each

Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, Any]]
"""(file, case) -> (what came out, what should)."""


def judged(
    data: Path, name: str, judge: Judge, *, refused: tuple[type[Exception], ...] = (ValueError,)
) -> Iterator[Outcome]:
    """A case with `error` passes when the judge raises one of `refused`; one with `upstreamBug` is not required."""
    document = load((data / "kargo" / f"{name}.yaml").read_bytes())
    family = f"kargo/{name}"
    numbered = list(enumerate(document["cases"]))

    def play(one: tuple[int, Any]) -> Iterator[Outcome]:
        number, case = one
        if not isinstance(case, dict):
            yield not_run(family, str(number), f"cannot be read: it is not a map but {type(case).__name__}")
        elif "upstreamBug" not in case:
            yield Outcome(family, str(number), *_verdict(document, case, judge, refused))

    return each(family, numbered, play, lambda one: one[0])


def _verdict(
    document: Mapping[str, Any], case: Mapping[str, Any], judge: Judge, refused: tuple[type[Exception], ...]
) -> tuple[bool, str]:
    try:
        found, expected = judge(document, case)
    except refused as error:
        return bool(case.get("error")), f"refused: {error}; expected {case.get('error') or case}"
    except Exception as error:
        return False, f"{error!r} for {case}"
    if case.get("error"):
        return False, f"should fail with {case['error']!r}, gave {found!r}"
    return found == expected, f"{found!r} != {expected!r}"
