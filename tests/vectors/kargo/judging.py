"""How a file of cases is played: a judge computes what a case comes to, or raises where the case must fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.vectors.argocd_health_builtin import load
from tests.vectors.outcome import Outcome

Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, Any]]
"""(file, case) -> (what came out, what should)."""


def judged(
    data: Path, name: str, judge: Judge, *, refused: tuple[type[Exception], ...] = (ValueError,)
) -> Iterator[Outcome]:
    """A case with `error` passes when the judge raises one of `refused`; one with `upstreamBug` is not required."""
    document = load((data / "kargo" / f"{name}.yaml").read_bytes())
    for number, case in enumerate(document["cases"]):
        if "upstreamBug" in case:
            continue
        yield Outcome(f"kargo/{name}", str(number), *_verdict(document, case, judge, refused))


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
