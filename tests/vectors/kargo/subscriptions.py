"""The published schemas of subscriptions, property by property, against the rules of admission: what a schema gives as
default is written out, what it forbids is a fault of that field, what it allows is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from argosy.promotion.warehouses.subscriptions import KINDS, Fault, defaulted, faults
from tests.vectors.argocd_health_builtin import load_object
from tests.vectors.outcome import Outcome, not_run, without

FAMILY = "kargo/subscription-schemas"
PLAIN: Mapping[str, Mapping[str, Any]] = {
    "git": {"repoURL": "https://git.example.com/some/repository.git"},
    "image": {"repoURL": "registry.example.com/some/image", "constraint": "1.0.0"},
    "chart": {"repoURL": "https://charts.example.com", "name": "some"},
}
"""One of each kind with which nothing is wrong."""
OF_TYPE = {"string": "x", "boolean": True, "integer": 7, "array": ["x"]}


def run(data: Path) -> Iterator[Outcome]:
    for file in sorted((data / "kargo/subscription-schemas").glob("*.json")):
        kind = file.stem
        try:
            schema = load_object(file)
        except ValueError as error:
            yield without(FAMILY, kind, error)
            continue
        if kind not in KINDS:
            yield not_run(FAMILY, kind, f"no such kind of subscription is known: {', '.join(KINDS)}")
            continue
        for name in schema.get("required") or ():
            said = faulted(kind, {name: ""}, name)
            yield Outcome(FAMILY, f"{kind} requires {name}", bool(said), "nothing is said when it is missing")
        for name, rules in (schema.get("properties") or {}).items():
            wrong = "; ".join(differences(kind, name, rules))
            yield Outcome(FAMILY, f"{kind} {name}", not wrong, wrong)


def differences(kind: str, name: str, rules: Mapping[str, Any]) -> Iterator[str]:
    """`default` false is what a missing field means anyway."""
    if rules.get("default"):
        found = defaulted({kind: dict(PLAIN[kind])})[kind].get(name)
        if found != rules["default"]:
            yield f"the default is {found!r}, not {rules['default']!r}"
    for value in wrong_values(rules):
        if not faulted(kind, {name: value}, name):
            yield f"{str(value)[:40]!r} is taken"
    for value in right_values(rules):
        if said := faulted(kind, {name: value}, name):
            yield f"{value!r} is refused: {said}"


def wrong_values(rules: Mapping[str, Any]) -> Iterator[Any]:
    if rules["type"] in OF_TYPE:
        yield {"an": "object"}
    if "enum" in rules:
        yield "NoneOfThem"
    if "maximum" in rules:
        yield rules["maximum"] + 1
    if "minimum" in rules:
        yield rules["minimum"] - 2  # one less is nothing at all, which means the default
    if "maxLength" in rules:
        yield "b" * (rules["maxLength"] + 1)
    if "pattern" in rules:
        yield "not ? allowed : by \\ any of them"


def right_values(rules: Mapping[str, Any]) -> Iterator[Any]:
    yield from rules.get("enum") or ()
    yield from (rules[name] for name in ("minimum", "maximum") if name in rules)
    if "maxLength" in rules:
        yield "b" * rules["maxLength"]


def faulted(kind: str, given: Mapping[str, Any], name: str) -> list[Fault]:
    """What is said of the field."""
    found = faults(defaulted({kind: {**PLAIN[kind], **given}}))
    return [one for one in found if one.field == name]
