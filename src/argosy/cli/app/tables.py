"""Formats Applications in upstream's columns. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from argosy.cli.app.resource_states import state_table, states_of
from argosy.cli.app.surroundings import Surroundings
from argosy.cli.printing import table
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.plain_text import plain_line
from argosy.machinery.timestamps import parse
from argosy.runtime.clock import RealClock

LIST_HEADER = ("NAME", "CLUSTER", "NAMESPACE", "PROJECT", "STATUS", "HEALTH", "SYNCPOLICY", "CONDITIONS")
WIDE_HEADER = (*LIST_HEADER, "REPO", "PATH", "TARGET")
COMMIT = re.compile("[0-9a-f]{7,40}")
"""What Git may abbreviate."""
LABEL_WIDTH = 20


def qualified_name(app: JsonObject) -> str:
    metadata = app["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def sources_of(spec: JsonObject) -> list[JsonObject]:
    """The sources to show. Does not use the gitops room's function: that room takes a while to import."""
    if hydrator := spec.get("sourceHydrator"):
        dry, sync = hydrator.get("drySource") or {}, hydrator.get("syncSource") or {}
        place = {"path": sync.get("path"), "targetRevision": sync.get("targetBranch")}
        return [{"repoURL": sync.get("repoURL") or dry.get("repoURL"), **place}]
    return list(spec.get("sources") or ([spec["source"]] if spec.get("source") else []))


def application_list(apps: Iterable[JsonObject]) -> str:
    return table(WIDE_HEADER, [_list_row(app) for app in apps])


def _list_row(app: JsonObject) -> Sequence[str]:
    spec, status = app.get("spec") or {}, app.get("status") or {}
    destination = spec.get("destination") or {}
    source = (sources_of(spec) or [{}])[0]
    return (
        qualified_name(app),
        str(destination.get("server") or destination.get("name") or ""),
        str(destination.get("namespace") or ""),
        str(spec.get("project") or "default"),
        str((status.get("sync") or {}).get("status") or ""),
        str((status.get("health") or {}).get("status") or ""),
        sync_policy_word(spec),
        conditions_summary(status.get("conditions") or ()),
        str(source.get("repoURL") or ""),
        str(source.get("path") or ""),
        str(source.get("targetRevision") or ""),
    )


def sync_policy_word(spec: JsonObject) -> str:
    automated = is_automated(spec)
    if automated is None:
        return "Manual"
    return "Auto-Prune" if automated.get("prune") else "Auto"


def is_automated(spec: JsonObject) -> JsonObject | None:
    """The automated policy, if it is present and enabled."""
    automated = (spec.get("syncPolicy") or {}).get("automated")
    return automated if automated is not None and automated.get("enabled") is not False else None


def conditions_summary(conditions: Iterable[JsonObject]) -> str:
    counts = Counter(str(item.get("type")) for item in conditions)
    words = [f"{name}({count})" if count > 1 else name for name, count in sorted(counts.items())]
    return ",".join(words) or "<none>"


# -- one Application ---------------------------------------------------------------------------------------------------


def application(app: JsonObject, around: Surroundings | None = None, *, with_operation: bool = True) -> str:
    """Summary, conditions, the last operation, resources: as `app get`."""
    status = app.get("status") or {}
    text = summary(app, around)
    if conditions := status.get("conditions"):
        text += f"\n{table(('CONDITION', 'MESSAGE', 'LAST TRANSITION'), map(_condition_row, conditions))}\n"
    if with_operation and (state := status.get("operationState")):
        text += f"\n{operation(state)}"
    return text


def final_state(app: JsonObject, around: Surroundings | None, *, with_operation: bool) -> str:
    """What a command that waited prints before the resources: summary and the operation."""
    state = (app.get("status") or {}).get("operationState")
    return f"\n{summary(app, around)}\n{operation(state) if with_operation and state else ''}"


def resources(app: JsonObject) -> str:
    """One line per object, with the last operation's message."""
    return f"\n{state_table(states_of(app))}" if (app.get("status") or {}).get("resources") else ""


def _condition_row(item: JsonObject) -> tuple[str, str, str]:
    return str(item.get("type")), str(item.get("message")), date(str(item.get("lastTransitionTime") or ""))


def out_of_sync_note(app: JsonObject) -> str:
    """A one-line hint on standard error, because scripts read standard output; empty if nothing is out of sync."""
    different = sum(item.get("status") == "OutOfSync" for item in (app.get("status") or {}).get("resources") or ())
    if not different:
        return ""
    objects = "1 object is" if different == 1 else f"{different} objects are"
    return f"{objects} OutOfSync: 'argosy app diff {qualified_name(app)} -o wide' says why.\n"


def health_note(app: JsonObject) -> str:
    """A one-line reason on standard error; empty if health has none."""
    health = (app.get("status") or {}).get("health") or {}
    return f"{health.get('status')}: {plain_line(str(health['message']))}\n" if health.get("message") else ""


def summary(app: JsonObject, around: Surroundings | None = None) -> str:
    spec, status = app.get("spec") or {}, app.get("status") or {}
    destination = spec.get("destination") or {}
    lines = [
        ("Name:", qualified_name(app)),
        ("Project:", str(spec.get("project") or "default")),
        ("Server:", str(destination.get("server") or destination.get("name") or "")),
        ("Namespace:", str(destination.get("namespace") or "")),
    ]
    lines += [("URL:", around.url)] if around is not None and around.url else []
    text = labelled(lines)
    text += "Source:\n" if not spec.get("sources") else "Sources:\n"
    for source in sources_of(spec):
        text += labelled(source_lines(source))
    sync, health = status.get("sync") or {}, status.get("health") or {}
    around_lines = [] if around is None else [("SyncWindow:", around.window)]
    if around is not None and around.windows:
        around_lines.append(("Assigned Windows:", ",".join(around.windows)))
    policy = [("Sync Policy:", policy_text(spec)), ("Sync Status:", _sync_text(spec, sync))]
    text += labelled([*around_lines, *policy])
    return text + labelled([("Health Status:", str(health.get("status") or ""))])


def parameters(source: JsonObject) -> str:
    """A source's overrides: Helm's parameters, or Kustomize's images."""
    helm, kustomize = source.get("helm") or {}, source.get("kustomize") or {}
    rows = [(str(item.get("name")), str(item.get("value") or "")) for item in helm.get("parameters") or ()]
    rows += [("image", str(image)) for image in kustomize.get("images") or ()]
    return "\n\n" + table(("NAME", "VALUE"), rows) if rows else ""


def source_lines(source: JsonObject) -> list[tuple[str, str]]:
    lines = [("- Repo:", str(source.get("repoURL") or "")), ("  Target:", str(source.get("targetRevision") or ""))]
    for name, label in (("chart", "  Chart:"), ("path", "  Path:"), ("ref", "  Ref:")):
        if source.get(name):
            lines.append((label, str(source[name])))
    if files := (source.get("helm") or {}).get("valueFiles"):
        lines.append(("  Helm Values:", ",".join(map(str, files))))
    if prefix := (source.get("kustomize") or {}).get("namePrefix"):
        lines.append(("  Name Prefix:", str(prefix)))
    return lines


def policy_text(spec: JsonObject) -> str:
    automated = is_automated(spec)
    if automated is None:
        return "Manual"
    return "Automated" + (" (Prune)" if automated.get("prune") else "")


def _sync_text(spec: JsonObject, sync: JsonObject) -> str:
    """With the revision, unless the target names a commit itself."""
    status, revision = str(sync.get("status") or ""), str(sync.get("revision") or "")
    target = str((sources_of(spec) or [{}])[0].get("targetRevision") or "")
    words = {"Synced": f" to {target}", "OutOfSync": f" from {target}"}.get(status, "")
    is_commit = COMMIT.fullmatch(target) is not None
    return f"{status}{words}{f' ({revision[:7]})' if len(revision) > 7 and not is_commit else ''}"


def operation(state: JsonObject) -> str:
    result = state.get("syncResult")
    began, ended = str(state.get("startedAt") or ""), str(state.get("finishedAt") or "")
    lines = []
    if result is not None:
        several = result.get("revisions") if result.get("sources") else None
        revision = ", ".join(map(str, several)) if several else str(result.get("revision") or "")
        lines = [("Operation:", "Sync"), ("Sync Revision:", revision)]
    lines += [("Phase:", str(state.get("phase") or "")), ("Start:", date(began))]
    lines += [("Finished:", date(ended) or "<nil>"), ("Duration:", _duration(began, ended))]
    if state.get("message"):
        lines.append(("Message:", str(state["message"])))
    return labelled(lines)


def history(app: JsonObject) -> str:
    """Grouped by repository, like upstream."""
    groups: dict[str, list[Sequence[str]]] = {}
    for entry in (app.get("status") or {}).get("history") or ():
        sources = entry.get("sources") or [entry.get("source") or {}]
        revisions = entry.get("revisions") or [entry.get("revision") or ""]
        for source, revision in zip(sources, revisions, strict=False):
            target, deployed = str(source.get("targetRevision") or ""), date(str(entry.get("deployedAt") or ""))
            shown = f"{target} ({revision[:7]})" if len(revision) >= 7 else target
            groups.setdefault(str(source.get("repoURL") or ""), []).append((str(entry.get("id")), deployed, shown))
    header = ("ID".ljust(len("SOURCE")), "DATE", "REVISION")  # the first column is that of SOURCE, too
    return "\n".join(f"SOURCE  {url}\n" + table(header, rows) for url, rows in groups.items())


def labelled(lines: Iterable[tuple[str, str]]) -> str:
    """One line per value: a line break in a value must not forge another line."""
    return "".join(f"{label:<{LABEL_WIDTH}}{plain_line(value)}\n" for label, value in lines)


def date(text: str) -> str:
    """Go's format of a time in UTC."""
    return parse(text).strftime("%Y-%m-%d %H:%M:%S +0000 UTC") if text else ""


def _duration(began: str, ended: str) -> str:
    """As Go prints one: `1m5s`. Of an operation that runs: until now."""
    if not began:
        return "0s"
    until = parse(ended) if ended else RealClock().now()
    minutes, seconds = divmod(max(0, int((until - parse(began)).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{text}{seconds}s"
