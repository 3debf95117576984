"""The list of behaviours: each identifier that the list names has a check here, run against a cluster of its own.

`world.py` is what checks are written with; a module for each chapter of the list holds the checks.
"""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from tests.vectors.outcome import Outcome, not_run

from . import (
    admission,
    apply,
    auth,
    custom,
    deletion,
    lists,
    protocol,
    updates,
    workloads,
)
from .kubectl import served_kubectl
from .table import CHECKS, CLIENT_CHECKS
from .world import run_in_world

MODULES = (protocol, lists, updates, apply, deletion, custom, auth, admission, workloads)
"""Each registers its checks when it is imported."""
CHAPTERS = tuple(Path(module.__file__ or "").name for module in MODULES)
LINE = re.compile(r"- \*\*([A-Z]\d+)\*\* (.+)")


def run(data: Path) -> Iterator[Outcome]:
    """`data` is the directory that holds `kubernetes/behaviours.md`."""
    for identifier, text in behaviours(data).items():
        if identifier not in CHECKS and identifier not in CLIENT_CHECKS:
            yield not_run("behaviours", f"{identifier} {text}", "nothing here checks it")
            continue
        problem = problem_with(identifier)
        yield Outcome("behaviours", f"{identifier} {text}", passed=not problem, detail=problem)


def behaviours(data: Path) -> dict[str, str]:
    """Identifier: what is said, in the order of the list."""
    lines = (data / "kubernetes" / "behaviours.md").read_text().splitlines()
    return {match[1]: match[2] for line in lines if (match := LINE.fullmatch(line))}


def problem_with(identifier: str) -> str:
    """Why the behaviour is not true; empty when it is."""
    try:
        prove(identifier)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)
        where = next((frame for frame in place if Path(frame.filename).name in CHAPTERS), place[-1])
        return f"{Path(where.filename).name}:{where.lineno} {where.line} {type(error).__name__} {error}".strip()
    return ""


def prove(identifier: str) -> None:
    """Raises AssertionError where the behaviour is not true, or has no check."""
    if client_check := CLIENT_CHECKS.get(identifier):

        async def main() -> None:
            async with served_kubectl() as kubectl:
                await client_check(kubectl)

        asyncio.run(main())
        return
    check = CHECKS.get(identifier)
    assert check is not None, "nothing checks this behaviour"
    run_in_world(check)
