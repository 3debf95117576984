"""Health checks by name, for `/livez` and `/readyz`. A check answers at once; it never waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Check = Callable[[], str | None]
"""None means healthy. Otherwise the error, fit for everyone to read."""


@dataclass(frozen=True, slots=True)
class Report:
    problems: Mapping[str, str]
    """By check; empty when all are healthy."""
    passed: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    def text(self) -> str:
        """As Kubernetes prints `?verbose`: one line per check."""
        lines = [f"[+]{name} ok" for name in self.passed]
        lines += [f"[-]{name} failed: {problem}" for name, problem in self.problems.items()]
        return "\n".join([*lines, "healthz check passed" if self.ok else "healthz check failed"]) + "\n"


class HealthChecks:
    """`live`: restart the process if this fails. `ready`: send it no work while this fails; live checks count, too."""

    def __init__(self) -> None:
        self._live: dict[str, Check] = {}
        self._ready: dict[str, Check] = {}

    def add_live(self, name: str, check: Check) -> None:
        self._live[name] = check

    def add_ready(self, name: str, check: Check) -> None:
        self._ready[name] = check

    def live(self) -> Report:
        return _run(self._live)

    def ready(self) -> Report:
        return _run({**self._live, **self._ready})


def _run(checks: Mapping[str, Check]) -> Report:
    problems: dict[str, str] = {}
    passed: list[str] = []
    for name, check in checks.items():
        try:
            problem = check()
        except Exception as error:
            problem = f"the check itself failed: {type(error).__name__}"
        if problem is None:
            passed.append(name)
        else:
            problems[name] = problem
    return Report(problems, tuple(passed))
