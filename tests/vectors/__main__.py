"""`python -m tests.vectors DATA`: replays every recorded vector against this tree, family by family.

DATA may hold any of the families. A line for each family, for each failure, and for what cannot be replayed; the last
line is `N passed, N failed`. Exits 1 when anything failed, or nothing passed.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .kargo import FAMILIES as KARGO
from .outcome import Outcome, not_run

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
    ("rendering", "rendering"),
    ("cert-manager", "certmanager"),
    ("argo-cd/api/rest", "argocd_api:rest"),
    ("argo-cd/api/grpc-web", "argocd_api:grpc_web"),
    ("argo-cd/api/cli", "argocd_api:cli"),
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
            found = replayed(folder, module, data)
            report(folder, found)
            outcomes += found
    for folder in unknown(data):
        print(f"{folder}: nothing here replays it")
    counted = Counter("not run" if outcome.not_run else outcome.passed for outcome in outcomes)
    if counted["not run"]:
        print(f"{counted['not run']} could not be run")
    print(f"{counted[True]} passed, {counted[False]} failed")
    return 1 if counted[False] or not counted[True] else 0


def replayed(folder: str, module: str, data: Path) -> list[Outcome]:
    """What came of a family, as far as it went: one that breaks keeps no other from its turn."""
    place, _, function = module.partition(":")
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(getattr(importlib.import_module(f".{place}", __package__), function or "run")(data))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:300]
        why = f"cannot be run: {type(error).__name__} {said} ({Path(where.filename).name}:{where.lineno})"
        outcomes.append(not_run(folder, "", why))
    return outcomes


def unknown(data: Path) -> list[str]:
    """The folders and files with vectors, two levels deep, that no family is replayed from."""
    known = [folder for folder, _ in FAMILIES]
    found = (path.relative_to(data).as_posix() for path in sorted(data.glob("*/*")) if path.suffix != ".md")
    return [
        name
        for name in found
        if not any(f"{name}/".startswith(f"{one}/") or f"{one}/".startswith(f"{name}/") for one in known)
    ]


def report(folder: str, outcomes: Sequence[Outcome]) -> None:
    left = [outcome for outcome in outcomes if outcome.not_run]
    failures = [outcome for outcome in outcomes if not outcome.passed and not outcome.not_run]
    said = f", {len(left)} not run" if left else ""
    print(f"{folder}: {len(outcomes) - len(failures) - len(left)} passed, {len(failures)} failed{said}")
    for outcome in failures:
        print(f"  FAILED {outcome.family} {outcome.name}: {outcome.detail}")
    for outcome in left:
        print(f"  NOT RUN {outcome.family} {outcome.name}: {outcome.detail}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
