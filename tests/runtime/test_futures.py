"""A future is resolved once: its waiter may have been cancelled, and then it is done already."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import argosy

SOURCE = Path(argosy.__file__).parent
RESOLVING = ("set_result", "set_exception")


def resolutions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for each place that may resolve a future which is done."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        inside = list(ast.walk(function))
        called = {id(node.func) for node in inside if isinstance(node, ast.Call)}
        asked = {ast.unparse(node.value) for node in inside if isinstance(node, ast.Attribute) and node.attr == "done"}
        made = {
            ast.unparse(target)
            for node in inside
            if isinstance(node, ast.Assign | ast.AnnAssign) and "create_future" in ast.unparse(node)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        }
        for node in inside:
            if not isinstance(node, ast.Attribute) or node.attr not in RESOLVING:
                continue
            name = ast.unparse(node.value)
            if id(node) not in called:
                yield node.lineno, f"{name}.{node.attr} is handed on: nobody asks whether it is done"
            elif name not in asked and name not in made:
                yield node.lineno, f"{name}.{node.attr}: ask {name}.done() first"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("def f(x):\n    x.set_result(1)", 1),
        ("def f(x):\n    if not x.done():\n        x.set_result(1)", 0),
        ("def f(loop, x):\n    loop.call_later(1, x.set_result, 1)", 1),
        ("async def f(loop):\n    x = loop.create_future()\n    x.set_result(1)", 0),
    ],
)
def test_the_check_finds_what_it_should(source: str, count: int) -> None:
    assert len(list(resolutions(ast.parse(source)))) == count


def test_nothing_resolves_a_future_that_may_be_done() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for path in sorted(SOURCE.rglob("*.py"))
        if "set_" in (code := path.read_text())
        for line, text in resolutions(ast.parse(code))
    ]
    assert found == []
