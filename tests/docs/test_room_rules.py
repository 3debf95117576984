"""Decision 21 names every module of gitops that waits, and every module that writes without a resourceVersion."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "argosy"
DECISION = ROOT / "docs" / "decisions" / "0021-waiting-and-stale-writes.md"
WAITS = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
ROOMS = ("gitops", "promotion", "rollouts", "analysis", "certs", "sealing", "notify")


def named(heading: str) -> set[str]:
    """The modules in the first column of the table below a heading, without `.py`; a folder ends with a slash."""
    section = DECISION.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(folder).as_posix().removesuffix(".py"), ast.parse(path.read_text())


def is_named(module: str, names: set[str]) -> bool:
    return module in names or any(name.endswith("/") and module.startswith(name) for name in names)


def test_every_module_of_gitops_that_waits_is_named_with_its_reason_and_no_other() -> None:
    names = named("Waiting")
    waiting = {
        name for name, tree in modules(SOURCE / "gitops") if any(isinstance(node, WAITS) for node in ast.walk(tree))
    }
    assert {name for name in waiting if not is_named(name, names)} == set()
    unused = {name for name in names if not any(is_named(module, {name}) for module in waiting)}
    assert unused == set()


def test_every_write_of_a_room_without_a_resource_version_is_named_with_its_reason_and_no_other() -> None:
    found = {
        f"{room}/{name}"
        for room in ROOMS
        for name, tree in modules(SOURCE / room)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "exact" and ast.unparse(node.value) == "False"
    }
    assert found == named("Writes that allow changes since the read")
