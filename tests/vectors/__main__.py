"""`python -m tests.vectors DATA`: replays every recorded vector against this tree, family by family.

A line for each family and for each failure; the last line is `N passed, N failed`. Exits 1 when anything failed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from .kargo import FAMILIES as KARGO
from .outcome import Outcome

FAMILIES = (
    ("kubernetes/exchanges", "exchanges"),
    ("kubernetes/roundtrip", "roundtrip"),
    ("kubernetes/discovery", "discovery"),
    ("argo-cd/health-builtin", "argocd_health_builtin"),
    ("argo-cd/diff", "argocd_diff"),
    ("kubernetes/client-requests.json", "client_requests"),
    ("kubernetes/exchanges/workload-timelines.json", "workloads"),
    ("kubernetes/behaviours.md", "behaviours"),
    ("argo-cd/health", "argocd_health"),
    ("argo-cd/actions", "argocd_actions"),
    ("kargo/expressions.yaml", "kargo_expressions"),
    ("sealed-secrets", "sealed_secrets"),
    ("rollouts/vectors/analysis-assess.json", "rollouts_analysis"),
    ("sealed-secrets/timelines", "sealed_secrets_timelines"),
    ("rollouts/vectors", "rollouts"),
    ("rollouts/vectors/rollout-reconcile.json", "rollouts_reconcile"),
    ("rollouts/vectors/experiment-reconcile.json", "experiments_reconcile"),
    ("rollouts/timelines", "rollouts_timelines"),
    *KARGO,
)
"""(folder below DATA, module here, and its function where that is not `run`), replayed where it is there."""


sys.path.insert(0, str(Path(__file__).parent.parent))  # for `kit`, what tests share


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(
            "usage: python -m tests.vectors DATA   (a directory that holds kubernetes/ and its like)", file=sys.stderr
        )
        return 2
    data = Path(arguments[0])
    outcomes: list[Outcome] = []
    for folder, module in FAMILIES:
        if (data / folder).exists():
            place, _, function = module.partition(":")
            found = list(getattr(importlib.import_module(f".{place}", __package__), function or "run")(data))
            report(folder, found)
            outcomes += found
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed or not outcomes else 0


def report(folder: str, outcomes: Sequence[Outcome]) -> None:
    failures = [outcome for outcome in outcomes if not outcome.passed]
    print(f"{folder}: {len(outcomes) - len(failures)} passed, {len(failures)} failed")
    for outcome in failures:
        print(f"  FAILED {outcome.family} {outcome.name}: {outcome.detail}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
