"""Microseconds of conditions and templates: compiled once, looked up, evaluated. Best of five rounds.

Run: python -m bench.expr
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from argosy.expr.expression_templates import environment, evaluate_template
from argosy.expr.exprlang import compile_expression, floats, natures
from argosy.expr.exprlang.parser import parse

SERIES = floats([0.9 + index / 2000 for index in range(100)])
CONDITION = "len(result) > 0 && all(result, # > 0.5) && mean(result) >= 0.9"
SIMPLE = "result > 0.95 and result < 1.5"


def best(name: str, call: Callable[[], object], number: int) -> float:
    took = min(timeit.repeat(call, number=number, repeat=5)) / number * 1e6
    print(f"{name:<60} {took:9.2f} us")
    return took


def main() -> int:
    names = environment({"vars": {"tag": "1.2.3", "image": "reg.example.com/app"}, "ctx": {"stage": "test"}})
    simple = compile_expression(SIMPLE, {"result": natures.FLOAT})
    series = compile_expression(CONDITION, {"result": natures.FLOATS})
    best("parse a condition", lambda: parse(CONDITION), 500)
    best("look up a compiled condition", lambda: compile_expression(SIMPLE, {"result": natures.FLOAT}), 5000)
    plain = best("evaluate a comparison", lambda: simple.run({"result": 0.97}), 20000)
    best("evaluate over 100 values", lambda: series.run({"result": SERIES}), 500)
    template = "${{ vars.image }}:${{ vars.tag }}-${{ ctx.stage }}"
    whole = best("a template with three expressions", lambda: evaluate_template(template, names), 2000)
    return 0 if plain < 20 and whole < 200 else 1


if __name__ == "__main__":
    raise SystemExit(main())
