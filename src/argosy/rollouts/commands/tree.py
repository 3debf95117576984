"""A Rollout or an Experiment as text: fields above, and the tree of its objects below. Section 13."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from argosy.apis.rollouts import Experiment, Rollout
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.duration import human
from argosy.machinery.objects import JsonObject
from argosy.rollouts.commands.info import Info, Node, Objects, info_of
from argosy.rollouts.experiments.rules import ends_at

ICONS = {"Rollout": "⟳", "ReplicaSet": "⧉", "Pod": "□", "Experiment": "Σ", "AnalysisRun": "α", "Job": "⊞"}
HEADER = ("NAME", "KIND", "STATUS", "AGE", "INFO")
Row = tuple[str, str, str, str, str]


def rollout_text(info: Info, now: datetime) -> str:
    facts = [("Name:", info.name), ("Namespace:", info.namespace), ("Status:", f"{info.icon} {info.status}")]
    if info.message:
        facts.append(("Message:", info.message))
    if info.waiting:
        facts.append(("Waits for:", info.waiting))
    facts.append(("Strategy:", info.strategy))
    if info.strategy == "Canary":
        weights = ("  SetWeight:", info.set_weight), ("  ActualWeight:", info.actual_weight)
        facts += [("  Step:", info.step), *weights]
    for index, (image, tags) in enumerate(info.images):
        text = f"{image} ({', '.join(tags)})" if tags else image
        facts.append(("" if index else "Images:", text))
    lines = [f"{name:<17}{value}" for name, value in facts]
    lines = [line.rstrip() for line in lines]
    lines += ["Replicas:", *(f"{f'  {name}:':<17}{count}" for name, count in info.counts.items())]
    return "\n".join([*lines, "", aligned([HEADER, *_rollout_rows(info, now)])]) + "\n"


def _rollout_rows(info: Info, now: datetime) -> list[Row]:
    head = (f"{ICONS['Rollout']} {info.name}", "Rollout", f"{info.icon} {info.status}", age(info.created, now), "")
    rows: list[Row] = [head]
    nodes = (*info.sets, *info.experiments, *info.runs)
    revisions = sorted({node.revision for node in nodes}, reverse=True)
    for revision in revisions:
        prefix, inner = branch("", is_last=revision == revisions[-1])
        rows.append((f"{prefix}# revision:{revision}", "", " ", "", ""))
        rows += rows_of([node for node in nodes if node.revision == revision], inner, now)
    return rows


def experiment_text(node: Node, namespace: str, message: str, now: datetime) -> str:
    facts = [("Name:", node.name), ("Namespace:", namespace), ("Status:", f"{node.icon} {node.status}")]
    if message:
        facts.append(("Message:", message))
    images: dict[str, set[str]] = {}
    for child in node.children:
        for image in child.images if child.replicas else ():
            images.setdefault(image, set()).update(child.tags)
    for index, image in enumerate(sorted(images)):
        facts.append(("" if index else "Images:", f"{image} ({', '.join(sorted(images[image]))})"))
    lines = [f"{name:<17}{value}" for name, value in facts]
    rows = [_row(node, "", now), *rows_of(node.children, "", now)]
    return "\n".join([*lines, "", aligned([HEADER, *rows])]) + "\n"


def rows_of(nodes: Sequence[Node], indent: str, now: datetime) -> list[Row]:
    rows: list[Row] = []
    for index, node in enumerate(nodes):
        prefix, inner = branch(indent, is_last=index == len(nodes) - 1)
        rows += [_row(node, prefix, now), *rows_of(node.children, inner, now)]
    return rows


def _row(node: Node, prefix: str, now: datetime) -> Row:
    notes = [*node.notes]
    if node.deadline:
        left = until(node.deadline, now)
        notes.append(f"delay:{left}")
    name = f"{prefix}{ICONS[node.kind]} {node.name}"
    return name, node.kind, f"{node.icon} {node.status}", age(node.created, now), ",".join(notes)


def branch(indent: str, *, is_last: bool) -> tuple[str, str]:
    return (indent + "└──", indent + "   ") if is_last else (indent + "├──", indent + "│  ")


def aligned(rows: Iterable[Sequence[str]]) -> str:
    """Columns separated by two blanks; none after the last non-empty one."""
    found = [list(row) for row in rows]
    widths = [max(len(row[index]) for row in found) for index in range(len(found[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in found]
    return "\n".join(line.rstrip() for line in lines)


def age(created: str, now: datetime) -> str:
    try:
        return human(now - timestamps.parse(created))
    except ValueError:
        return "<unknown>"


def until(deadline: str, now: datetime) -> str:
    try:
        left = timestamps.parse(deadline) - now
    except ValueError:
        return ""
    return "passed" if left < timedelta() else human(left)


def rollouts_table(
    objs: Sequence[JsonObject], now: datetime, *, namespaces: bool = False, timestamps: bool = False
) -> str:
    header = ["NAMESPACE", "NAME", "STRATEGY", "STATUS", "STEP", "SET-WEIGHT", "READY"]
    header += ["DESIRED", "UP-TO-DATE", "AVAILABLE"]
    rows = [_of_rollout(info_of(read(Rollout, obj), Objects())) for obj in objs]
    return _table([header, *rows], namespaces=namespaces, printed=now if timestamps else None)


def _of_rollout(info: Info) -> list[str]:
    counts = [str(info.counts[name]) for name in ("Desired", "Updated", "Available")]
    ready = f"{info.counts['Ready']}/{info.counts['Current']}"
    place = [info.step or "-", info.set_weight or "-"]
    return [info.namespace, info.name, info.strategy, info.status, *place, ready, *counts]


def experiments_table(
    objs: Sequence[JsonObject], now: datetime, *, namespaces: bool = False, timestamps: bool = False
) -> str:
    rows = [["NAMESPACE", "NAME", "STATUS", "DURATION", "REMAINING", "AGE"]]
    for obj in objs:
        metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
        end = ends_at(read(Experiment, obj))
        left = human(max(end - now, timedelta())) if end is not None else "-"
        times = [str(spec.get("duration") or "-"), left, age(str(metadata.get("creationTimestamp") or ""), now)]
        rows.append([metadata["namespace"], metadata["name"], str(status.get("phase") or ""), *times])
    return _table(rows, namespaces=namespaces, printed=now if timestamps else None)


def _table(rows: Sequence[Sequence[str]], *, namespaces: bool, printed: datetime | None) -> str:
    if len(rows) == 1:
        return "No resources found.\n"
    shown = [list(row if namespaces else row[1:]) for row in rows]
    if printed is not None:
        times = ["TIMESTAMP", *[f"{printed:%Y-%m-%dT%H:%M:%SZ}"] * (len(rows) - 1)]
        shown = [[time, *row] for time, row in zip(times, shown, strict=True)]
    return aligned(shown) + "\n"
