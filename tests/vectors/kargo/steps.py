"""Configurations of steps, the step loop, and what expressions of steps see."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argosy.apis.kargo.artifacts import FreightReference
from argosy.apis.kargo.steps import PromotionStep, Variable
from argosy.apis.schema import read
from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject, Key, resource_of
from argosy.promotion.promotions.evaluation import Context, EvaluationFault, Progress, configuration, should_skip
from argosy.promotion.promotions.execution import Execution, Visit, after, verdict
from argosy.promotion.promotions.functions import FreightView
from argosy.promotion.promotions.visiting import visit
from argosy.promotion.steps.catalogue import STEPS
from argosy.promotion.steps.kind import Kind, Result, Sort
from tests.vectors.argocd_health_builtin import load_object
from tests.vectors.outcome import Outcome, without

from .judging import judged

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Case = Mapping[str, Any]


def configs(data: Path) -> Iterator[Outcome]:
    for number, case in enumerate(json.loads((data / "kargo/step-configs.json").read_bytes())["cases"]):
        kind = STEPS.get(case["kind"])
        found = kind.faults(case["config"]) if kind else None
        passed = found is not None and (not found) == case["valid"]
        if passed and found and "at" in case:
            passed = {fault.at for fault in found} >= {place for place in case["at"] if place == "(root)"}
        detail = f"{case['kind']} {case['config']}: {found and list(map(str, found))}, valid: {case['valid']}"
        yield Outcome("kargo/step-configs", str(number), passed, detail)


def schemas(data: Path) -> Iterator[Outcome]:
    """Every published schema has its step, with the same properties and the same ones required."""
    for file in sorted((data / "kargo/step-schemas").glob("*-config.json")):
        name = file.name.removesuffix("-config.json")
        try:
            published = load_object(file)
        except ValueError as error:
            yield without("kargo/step-schemas", name, error)
            continue
        ours = STEPS[name].schema if name in STEPS else {}
        same = set(ours.get("properties") or ()) == set(published.get("properties") or ()) and set(
            ours.get("required") or ()
        ) == set(published.get("required") or ())
        yield Outcome("kargo/step-schemas", name, same, str(ours))


def engine(data: Path) -> Iterator[Outcome]:
    return judged(data, "step-engine", _engine)


def _engine(_: Case, case: Case) -> tuple[Any, Any]:
    kinds = {"scripted": Kind(name="scripted", sort=Sort.PURE, schema={}, run=lambda run: Result())}
    steps = [read(PromotionStep, _step(step)) for step in case["steps"]]
    runs: dict[str, int] = {}
    execution, found = Execution(steps=steps, kinds=kinds), []
    for number in range(case["maxInvocations"]):
        if number:
            execution = _aged(execution, case.get("startedAgo") or {})
        execution = _invoke(execution, case["script"], runs)
        found.append(_shown(execution))
        if found[-1]["phase"] != "Running":
            break
    expected = [{**one, "state": {k: v for k, v in one["state"].items() if v is not None}} for one in case["expected"]]
    return (found, runs), (expected, case["runs"])


def _step(step: Case) -> JsonObject:
    retry = {"timeout": step.get("timeout"), "errorThreshold": step.get("threshold")}
    shape = {"as": step["alias"], "uses": step.get("kind") or "scripted", "retry": retry}
    return {**shape, **{key: step[key] for key in ("if", "config", "continueOnError") if key in step}}


def _invoke(execution: Execution, script: Case, runs: dict[str, int]) -> Execution:
    execution = replace(execution, waiting=False)
    context = Context(project="demo", stage="test", promotion="p", view=FreightView(_Objects([]), "demo", (), ()))
    while not execution.done and not execution.waiting:
        alias = execution.steps[execution.current].as_

        def run(config: JsonObject, alias: str = alias) -> Result:
            given = script[alias][min(runs.get(alias, 0), len(script[alias]) - 1)]
            runs[alias] = runs.get(alias, 0) + 1
            if given.get("panic"):
                return Result(status="Errored", error="boom", panicked=True)
            keys = {key: given[key] for key in ("status", "error", "terminal", "output") if key in given}
            return Result(**keys)

        found = visit(execution, context, run)
        assert isinstance(found, Visit)
        execution = after(execution, found, NOW)
    return execution


def _aged(execution: Execution, ages: Case) -> Execution:
    metadata = [
        {**meta, "startedAt": timestamps.seconds(NOW - duration.parse(ages[meta["alias"]]))}
        if meta["alias"] in ages
        else meta
        for meta in execution.metadata
    ]
    return replace(execution, metadata=tuple(metadata))


def _shown(execution: Execution) -> JsonObject:
    told = verdict(execution) if execution.done else None
    return {
        "currentStep": min(execution.current, len(execution.steps) - 1),
        "message": told.message.partition("\n")[0] if told else "",
        "phase": told.phase if told else "Running",
        "state": {alias: output for alias, output in execution.state.items() if output is not None},
        "steps": [_shown_step(meta) for meta in execution.metadata],
    }


def _shown_step(meta: Case) -> JsonObject:
    shape = {"alias": meta["alias"], "status": meta["status"]}
    shape |= {"started": "startedAt" in meta, "finished": "finishedAt" in meta}
    message = {"message": meta["message"].partition("\n")[0]} if meta.get("message") else {}
    return {**shape, **message, **({"errorCount": meta["errorCount"]} if meta.get("errorCount") else {})}


class _Objects:
    """A snapshot of given objects."""

    memory = None
    refusal = None

    def __init__(self, objects: list[JsonObject]) -> None:
        self._objects = objects

    def get(self, kind: Any, key: Key) -> Any:
        found = self.object(resource_of(kind), key)
        return read(kind, found) if found else None

    def object(self, resource: Any, key: Key) -> JsonObject | None:
        for one in self._objects:
            metadata = one["metadata"]
            if (one["kind"], metadata.get("namespace"), metadata["name"]) == (resource.kind, key.namespace, key.name):
                return one
        return None

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was not expected")


def evaluation(data: Path) -> Iterator[Outcome]:
    return judged(data, "step-evaluation", _evaluation)


def _evaluation(document: Case, case: Case) -> tuple[Any, Any]:
    defaults = document["defaults"]
    names, origins = (case.get(key) or defaults[key] for key in ("freight", "requestedOrigins"))
    view = FreightView(
        _Objects(document["objects"]),
        document["project"],
        [read(FreightReference, one) for one in document["freightReferences"] if one["name"] in names],
        origins,
    )
    context = Context(
        project=document["project"],
        stage=document["stage"],
        promotion=document["promotion"],
        view=view,
        target=document["targetFreight"],
        actor=document["actor"],
        ui_url=document["uiBaseUrl"],
        variables=[read(Variable, one) for one in case.get("promotionVars") or ()],
    )
    progress = Progress(state=case.get("state") or {}, metadata=case.get("stepMetadata") or ())
    found: JsonObject = {}
    step = read(PromotionStep, case["step"])
    try:
        found["skip"] = should_skip(context, step, progress)
    except EvaluationFault as fault:
        found["ifError"] = str(fault).partition("\n")[0]
    try:
        found["config"] = configuration(context, step, progress)
    except EvaluationFault as fault:
        found["configError"] = str(fault).partition("\n")[0]
    return _without_words(found), _without_words(case["expected"])


def _without_words(found: Case) -> JsonObject:
    """Error texts are upstream's own; that there is one counts."""
    return {key: bool(value) if key.endswith("Error") else value for key, value in found.items()}
