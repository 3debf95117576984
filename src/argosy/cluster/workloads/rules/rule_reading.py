"""Reads rules as users write them, in YAML or in a Pod's annotations; errors say what would be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import yaml

from argosy.cluster.workloads.inside.rules import InsideError, read_commands, read_files, read_manifests, read_pages
from argosy.cluster.workloads.rules.rules import (
    IMAGE_REASONS,
    RUN_REASONS,
    USUAL_LATENCY,
    Answers,
    Effect,
    Fail,
    Match,
    Rule,
    Treatment,
)
from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonObject, JsonValue

T = TypeVar("T")
ANNOTATION = "simulation.argosy.dev/"
LONGEST = 100 * 366 * 86400.0
"""Maximum seconds of a duration."""
HIGHEST = 1e12
"""The valid range of a metric."""


class RuleError(ValueError):
    """A rule cannot be read; the message names the field, its value and what would be right."""


def annotated(pod: JsonObject) -> Effect:
    """The rule in the Pod's annotations. Raises RuleError; the kubelet reports it, and uses the other rules."""
    annotations = pod["metadata"].get("annotations")
    if not annotations:
        return Effect()
    found = tuple(item for item in annotations.items() if item[0].startswith(ANNOTATION))
    return _from_annotations(found) if found else Effect()


@lru_cache(maxsize=1024)
def _from_annotations(found: tuple[tuple[str, str], ...]) -> Effect:
    values = {name.removeprefix(ANNOTATION): _load(text, f"annotation {name}") for name, text in found}
    return _effect(values, "annotations")


# -- reading -----------------------------------------------------------------------------------------------------------


def parse_rules(text: str, source: str = "rules") -> tuple[Rule, ...]:
    """YAML `rules: [{match: ..., effect: ...}]`. Raises RuleError naming field, value and what would be right."""
    document = _load(text, source)
    listed = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise RuleError(
            f"{source}: rules: {listed!r} is not a list; write `rules:` and a list of match and effect below it"
        )
    rules = []
    for index, item in enumerate(listed):
        where = f"{source}: rules[{index}]"
        table = _table(item, where, ("match", "effect", "answers"))
        rules.append(_rule(table, where))
    return tuple(rules)


def _rule(table: Mapping[str, Any], where: str) -> Rule:
    match = _match(table.get("match") or {}, f"{where}.match")
    effect = _effect(table.get("effect") or {}, f"{where}.effect")
    if table.get("answers") is None:
        if match.service is not None:
            raise RuleError(f"{where}.match.service: {match.service!r} needs `answers`: effects are of containers")
        return Rule(match, effect)
    if match.service is None or table.get("effect"):
        raise RuleError(f"{where}.answers: a rule with answers has match.service and no effect")
    return Rule(match, answers=_answers(table["answers"], f"{where}.answers"))


def _answers(value: JsonValue, where: str) -> Answers:
    table = _table(value, where, ("status", "latency", "errorShare", "rate"))
    rate = table.get("rate", 0.0)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= HIGHEST:
        raise RuleError(f"{where}.rate: {rate!r} is not a number of requests a second, up to {HIGHEST:g}")
    return Answers(
        status=_status(table, "status", where, 200),
        latency=_seconds(table, "latency", where) or 0.0,
        error_share=_share(table, "errorShare", where),
        rate=float(rate),
    )


def _treatment(value: JsonValue, where: str) -> Treatment:
    table = _table(value, where, ("errorShare", "errorCode", "latency"))
    latency = _seconds(table, "latency", where)
    return Treatment(
        error_share=_share(table, "errorShare", where),
        error_code=_status(table, "errorCode", where, 500),
        latency=USUAL_LATENCY if latency is None else latency,
    )


def _status(table: Mapping[str, Any], name: str, where: str, otherwise: int) -> int:
    status = table.get(name, otherwise)
    if type(status) is not int or not 100 <= status <= 599:
        raise RuleError(f"{where}.{name}: {status!r} is not an HTTP status from 100 to 599")
    return status


def _share(table: Mapping[str, Any], name: str, where: str) -> float:
    share = table.get(name, 0.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise RuleError(f"{where}.{name}: {share!r} is not a number from 0 to 1")
    return float(share)


class _Loader(yaml.SafeLoader):
    """Without aliases: a short text must not stand for a huge one (security rule 2)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed here")
        return super().compose_node(parent, index)


def _load(text: str, source: str) -> JsonValue:
    try:
        return yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", "") or str(error).partition("\n")[0] or type(error).__name__
        raise RuleError(f"{source}: not YAML: {problem}") from None


def _table(value: JsonValue, where: str, known: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RuleError(f"{where}: {value!r} is not a mapping; its fields are {', '.join(known)}")
    for name in value:
        if name not in known:
            raise RuleError(f"{where}: unknown field {name!r}; there are {', '.join(known)}")
    return value


def _match(value: JsonValue, where: str) -> Match:
    known = ("namespace", "owner", "labels", "image", "container", "service", "ordinal", "from", "until")
    table = _table(value, where, known)
    owner = _table(table.get("owner") or {}, f"{where}.owner", ("kind", "name"))
    labels = table.get("labels")
    if labels is not None and not isinstance(labels, dict):
        raise RuleError(
            f"{where}.labels: {labels!r} is not a selector; write matchLabels or matchExpressions, or name: value"
        )
    if labels is not None and not {"matchLabels", "matchExpressions"} & set(labels):
        labels = {"matchLabels": labels}
    return Match(
        namespace=_text(table, "namespace", where),
        owner_kind=_text(owner, "kind", f"{where}.owner"),
        owner_name=_text(owner, "name", f"{where}.owner"),
        selector=labels,
        image=_text(table, "image", where),
        container=_text(table, "container", where),
        service=_text(table, "service", where) if table.get("service") is not None else None,
        ordinal=_integer(table, "ordinal", where),
        start=_moment(table, "from", where),
        end=_moment(table, "until", where),
    )


_EFFECT_FIELDS = (
    "startDelay", "readyDelay", "stopDelay", "jitter", "runFor", "exitCode", "fail", "neverReady", "logs", "metrics",
    "commands", "files", "http", "traffic", "apply",
)  # fmt: skip


def _effect(value: JsonValue, where: str) -> Effect:
    table = _table(value, where, _EFFECT_FIELDS)
    never = table.get("neverReady")
    if never is not None and not isinstance(never, bool):
        raise RuleError(f"{where}.neverReady: {never!r} is not a boolean; write true or false")
    return Effect(
        start_delay=_seconds(table, "startDelay", where),
        ready_delay=_seconds(table, "readyDelay", where),
        stop_delay=_seconds(table, "stopDelay", where),
        jitter=_seconds(table, "jitter", where),
        run_for=_seconds(table, "runFor", where),
        exit_code=_integer(table, "exitCode", where, 255),
        fail=_fail(table["fail"], f"{where}.fail") if table.get("fail") is not None else None,
        never_ready=never,
        logs=_logs(table["logs"], f"{where}.logs") if table.get("logs") is not None else None,
        metrics=_metrics(table["metrics"], f"{where}.metrics") if table.get("metrics") is not None else None,
        commands=_inside(read_commands, table, "commands", where),
        files=_inside(read_files, table, "files", where),
        http=_inside(read_pages, table, "http", where),
        traffic=_treatment(table["traffic"], f"{where}.traffic") if table.get("traffic") is not None else None,
        apply=_inside(read_manifests, table, "apply", where),
    )


def _inside(read: Callable[[JsonValue], T], table: Mapping[str, Any], name: str, where: str) -> T | None:
    try:
        return read(table[name]) if table.get(name) is not None else None
    except InsideError as error:
        raise RuleError(f"{where}.{name}{error}") from None


def _fail(value: JsonValue, where: str) -> Fail:
    table = _table(value, where, ("reason", "after", "times", "probability"))
    reason, known = table.get("reason"), (*IMAGE_REASONS, *RUN_REASONS)
    if reason not in known:
        raise RuleError(f"{where}.reason: {reason!r} is not a way to fail; there are {', '.join(known)}")
    chance = table.get("probability", 1.0)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise RuleError(f"{where}.probability: {chance!r} is not a number from 0 to 1")
    return Fail(
        reason=reason,
        after=_seconds(table, "after", where) or 0.0,
        times=_integer(table, "times", where),
        probability=chance,
    )


def _logs(value: JsonValue, where: str) -> tuple[tuple[float, str], ...]:
    if not isinstance(value, list):
        raise RuleError(f"{where}: {value!r} is not a list; write lines, or at and line for a later one")
    lines = []
    for index, item in enumerate(value):
        if isinstance(item, str):
            lines.append((0.0, item))
            continue
        table = _table(item, f"{where}[{index}]", ("at", "line"))
        lines.append((_seconds(table, "at", f"{where}[{index}]") or 0.0, str(table.get("line", ""))))
    return tuple(sorted(lines, key=lambda line: line[0]))


def _metrics(value: JsonValue, where: str) -> dict[str, float]:
    if not isinstance(value, dict):
        raise RuleError(f"{where}: {value!r} is not a mapping; write name: number")
    for name, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= HIGHEST:
            raise RuleError(f"{where}.{name}: {number!r} is not a number up to {HIGHEST:g}")
    return {str(name): float(number) for name, number in value.items()}


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name, "*")
    if not isinstance(value, str):
        raise RuleError(f"{where}.{name}: {value!r} is not a text; write a name or a pattern such as web-*")
    return value


def _integer(table: Mapping[str, Any], name: str, where: str, highest: int = 2**31 - 1) -> int | None:
    value = table.get(name)
    if value is not None and (type(value) is not int or not 0 <= value <= highest):
        raise RuleError(f"{where}.{name}: {value!r} is not a whole number from 0 to {highest}")
    return value


def _seconds(table: Mapping[str, Any], name: str, where: str) -> float | None:
    value = table.get(name)
    if value is None:
        return None
    try:
        found = duration.parse(value).total_seconds() if isinstance(value, str) else float(value)
    except (ValueError, TypeError, OverflowError):
        found = -1.0
    if isinstance(value, bool) or not 0 <= found <= LONGEST:
        raise RuleError(f"{where}.{name}: {value!r} is not a duration; write seconds, or text such as 1m30s")
    return found


def _moment(table: Mapping[str, Any], name: str, where: str) -> datetime | None:
    value = table.get(name)
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    try:
        return timestamps.parse(str(value))
    except ValueError:
        raise RuleError(
            f"{where}.{name}: {value!r} is not a time; write RFC 3339 such as 2030-01-01T00:00:00Z"
        ) from None
