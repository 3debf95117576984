"""The live view of a Rollout on a terminal: steps, weights, revisions, analyses with values, what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from argosy.apis.rollouts import Rollout
from argosy.machinery.text.plain_text import plain
from argosy.rollouts.arithmetic.limits import largest_weight
from argosy.rollouts.commands.info import Info, Node
from argosy.rollouts.commands.tree import ICONS, age, until
from argosy.rollouts.status.phase import step_text

COLOURS = {
    "Healthy": "green",
    "Successful": "green",
    "Running": "green",
    "Progressing": "cyan",
    "Paused": "yellow",
    "Inconclusive": "yellow",
    "Degraded": "red",
    "Failed": "red",
    "Error": "red",
    "ScaledDown": "dim",
}
SHOWN = 3
"""Measurements of a metric, oldest first."""


class PlainConsole(Console):
    """Writes its own control codes; those in the texts it shows are escaped."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))


def screen(rollout: Rollout, info: Info, now: datetime) -> RenderableType:
    parts: list[RenderableType] = [_head(info)]
    if steps := _steps(rollout):
        parts.append(steps)
    parts.append(_revisions(info, now))
    runs = [*info.runs, *(run for one in info.experiments for run in one.children if run.kind == "AnalysisRun")]
    if runs:
        parts.append(_analyses(runs))
    return Group(*parts)


def coloured(icon: str, status: str) -> Text:
    return Text(f"{icon} {status}", COLOURS.get(status, ""))


def _head(info: Info) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_row("Status", coloured(info.icon, info.status), Text(info.message, "dim"))
    if info.waiting:
        table.add_row("Waits for", Text(info.waiting, "bold yellow"), "")
    if info.actual_weight:
        weight = int(info.actual_weight)
        bar = ProgressBar(total=max(100, weight), completed=weight, width=30)
        table.add_row("Weight", bar, f"{info.actual_weight} of {info.set_weight} wanted")
    counts = "  ".join(f"{name.lower()} {count}" for name, count in info.counts.items())
    table.add_row("Replicas", counts, "")
    for image, tags in info.images:
        table.add_row("Image", image, Text(", ".join(tags), "cyan"))
    return Panel(table, title=f"{info.namespace}/{info.name}  {info.strategy}", title_align="left")


def _steps(rollout: Rollout) -> Panel | None:
    canary, current = rollout.spec.strategy.canary, rollout.status.current_step_index
    if canary is None or not canary.steps:
        return None
    line = Text()
    for index, step in enumerate(canary.steps):
        done = current is not None and index < current
        style = "green" if done else "bold reverse" if index == current else "dim"
        line.append(f" {'✔' if done else index + 1} {step_text(step)} ", style)
        line.append("  ")
    return Panel(line, title=f"Steps of {largest_weight(rollout)}", title_align="left")


def _revisions(info: Info, now: datetime) -> Panel:
    tree = Tree(Text("revisions", "bold"), hide_root=True)
    nodes = (*info.sets, *info.experiments, *info.runs)
    for revision in sorted({node.revision for node in nodes}, reverse=True):
        branch = tree.add(f"revision {revision}")
        for node in nodes:
            if node.revision == revision:
                _grow(branch, node, now)
    return Panel(tree, title="Revisions", title_align="left")


def _grow(branch: Tree, node: Node, now: datetime) -> None:
    notes = [*node.notes, *([f"goes in {until(node.deadline, now)}"] if node.deadline else [])]
    line = Text.assemble(f"{ICONS[node.kind]} {node.name}  ", coloured(node.icon, node.status), "  ")
    line.append(f"{age(node.created, now)}  {', '.join(notes)}", "dim")
    grown = branch.add(line)
    for child in node.children:
        _grow(grown, child, now)


def _analyses(runs: Iterable[Node]) -> Panel:
    table = Table(box=None, header_style="dim")
    for name in ("Analysis", "Metric", "Phase", "Values, the latest last", "Condition"):
        table.add_column(name, no_wrap=name == "Metric")
    for run in runs:
        conditions = {
            str(metric.get("name")): str(metric.get("successCondition") or metric.get("failureCondition") or "")
            for metric in (run.raw.get("spec") or {}).get("metrics") or ()
        }
        for result in (run.raw.get("status") or {}).get("metricResults") or ():
            values = [str(one.get("value") or one.get("message") or "") for one in result.get("measurements") or ()]
            phase, name = str(result.get("phase") or ""), str(result.get("name"))
            latest = "  ".join(values[-SHOWN:])[:60]
            table.add_row(run.name, name, coloured("", phase), latest, conditions.get(name, ""))
    return Panel(table, title="Analyses", title_align="left")
